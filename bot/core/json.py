"""What JSON can hold, as far as Deckhand uses it: no fractions, and no text that a database cannot hold."""

import re
from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Text that both databases can hold: NUL becomes ␀, half a surrogate pair becomes �."""
    text = text.replace("\0", "␀")
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def storable_json(value: object) -> Json:
    """A JSON value with every string made storable; TypeError for what the audit's canonical form refuses."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return storable(str(value))
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(each) for each in value]
    raise TypeError(f"facts hold texts, whole numbers, lists and mappings, not {type(value).__name__}")
