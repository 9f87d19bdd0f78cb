"""The JSON Schema of ``deckhand.toml``, for editors: its keys, what may stand in each, and what each says.

It is the tables' own; relations between keys, and what only a parser can tell, are for ``deckhand config check``.
"""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from bot.config.file import ConfigFile, tables
from bot.config.telling.described import described
from bot.config.telling.written import as_written, plain

DIALECT = "http://json-schema.org/draft-07/schema#"
"""What the editors that read TOML know."""


class _AsWritten(GenerateJsonSchema):
    """With defaults as a file would have them."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> dict[str, Any]:
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        return {**inner, "default": plain(default)} if as_written(default) else inner


def schema() -> dict[str, Any]:
    """The whole of it, as ``json`` writes it."""
    made = ConfigFile.model_json_schema(schema_generator=_AsWritten, ref_template="#/definitions/{model}")
    definitions = made.pop("$defs")
    for place, table in tables():
        properties, about = definitions[table.__name__]["properties"], described(table)
        for key, said in properties.items():
            said.pop("title", None)
            said["description"] = about[table.fields_by_key()[key]]
        definitions[table.__name__]["title"] = f"[{place}]"
    return {"$schema": DIALECT, **made, "title": "deckhand.toml", "definitions": definitions}
