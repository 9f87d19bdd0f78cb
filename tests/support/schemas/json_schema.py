"""JSON Schema, as far as our schemas use it; what they use beyond that fails loudly."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

JSON = Mapping[str, Any]
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip
SILENT = {
    "$id", "$schema", "$defs", "definitions", "title", "description", "default", "examples", "propertyNames", "format",
}  # fmt: skip
VENDORS = "x-"
"""How keywords begin that say nothing of values."""


OF = {
    "object": {"required", "properties", "patternProperties", "additionalProperties", "minProperties"},
    "array": {"items"},
    "string": {"pattern", "minLength"},
    "number": {"minimum", "maximum", "exclusiveMinimum"},
}
"""Keywords that say nothing of values of other types."""


def problems(value: Any, schema: JSON, root: JSON | None = None, at: str = "") -> Iterator[str]:
    """What in a value is not as its schema says, each with its place."""
    root = schema if root is None else root
    for keyword, wanted in schema.items():
        kinds = [kind for kind, keywords in OF.items() if keyword in keywords]
        silent = keyword in SILENT or keyword.startswith(VENDORS)
        if not silent and all(_is(value, kind) for kind in kinds):
            yield from getattr(_Keywords, keyword.removeprefix("$"))(value, wanted, schema, root, at)


def _is(value: Any, kind: str) -> bool:
    found = TYPES[kind]
    return isinstance(value, found) and (kind == "boolean" or not isinstance(value, bool) or kind == "null")


class _Keywords:
    @staticmethod
    def ref(value: Any, wanted: str, _schema: JSON, root: JSON, at: str) -> Iterator[str]:
        target: Any = root
        for part in wanted.removeprefix("#/").split("/"):
            target = target[part]
        yield from problems(value, target, root, at)

    @staticmethod
    def type(value: Any, wanted: str | list[str], _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        kinds = [wanted] if isinstance(wanted, str) else wanted
        if not any(_is(value, kind) for kind in kinds):
            yield f"{at}: {value!r} is no {' or '.join(kinds)}"

    @staticmethod
    def enum(value: Any, wanted: list[Any], _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        if value not in wanted:
            yield f"{at}: {value!r} is none of {wanted}"

    @staticmethod
    def const(value: Any, wanted: Any, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        if value != wanted:
            yield f"{at}: {value!r} is not {wanted!r}"

    @staticmethod
    def pattern(value: Any, wanted: str, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        if not re.search(wanted, value):
            yield f"{at}: {value!r} does not match {wanted}"

    @staticmethod
    def minimum(value: Any, wanted: float, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        if value < wanted:
            yield f"{at}: {value} is below {wanted}"

    @staticmethod
    def exclusiveMinimum(value: Any, wanted: float, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        if value <= wanted:
            yield f"{at}: {value} is not above {wanted}"

    @staticmethod
    def maximum(value: Any, wanted: float, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        if value > wanted:
            yield f"{at}: {value} is above {wanted}"

    @staticmethod
    def minLength(value: Any, wanted: int, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        if len(value) < wanted:
            yield f"{at}: {value!r} is too short"

    @staticmethod
    def minProperties(value: Any, wanted: int, _schema: JSON, _root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        if len(value) < wanted:
            yield f"{at}: has too few keys"

    @staticmethod
    def anyOf(value: Any, wanted: list[JSON], _schema: JSON, root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        tried = [list(problems(value, each, root, at)) for each in wanted]
        if all(tried):
            yield min(tried, key=len)[0]

    @staticmethod
    def oneOf(value: Any, wanted: list[JSON], _schema: JSON, root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        fitting = [each for each in wanted if not list(problems(value, each, root, at))]
        if len(fitting) != 1:
            yield f"{at}: {value!r} is {len(fitting)} of {len(wanted)} things, and should be one"

    @staticmethod
    def required(value: Any, wanted: list[str], _schema: JSON, _root: JSON, at: str) -> Iterator[str]:
        yield from (f"{at}: {key} is missing" for key in wanted if key not in value)

    @staticmethod
    def properties(value: Any, wanted: JSON, _schema: JSON, root: JSON, at: str) -> Iterator[str]:
        for key, each in wanted.items():
            if key in value:
                yield from problems(value[key], each, root, f"{at}.{key}")

    @staticmethod
    def patternProperties(value: Any, wanted: JSON, _schema: JSON, root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        for pattern, each in wanted.items():
            for key in value:
                if re.search(pattern, key):
                    yield from problems(value[key], each, root, f"{at}.{key}")

    @staticmethod
    def additionalProperties(value: Any, wanted: Any, schema: JSON, root: JSON, at: str) -> Iterator[str]:  # noqa: N802 - the keyword
        for key in value.keys() - schema.get("properties", {}).keys():
            if wanted is False:
                yield f"{at}: there is no such key as {key}"
            elif wanted is not True:
                yield from problems(value[key], wanted, root, f"{at}.{key}")

    @staticmethod
    def items(value: Any, wanted: JSON, _schema: JSON, root: JSON, at: str) -> Iterator[str]:
        for number, each in enumerate(value):
            yield from problems(each, wanted, root, f"{at}[{number}]")
