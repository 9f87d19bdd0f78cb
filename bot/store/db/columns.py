"""Column types that hold the same on SQLite and PostgreSQL, and text that both can store."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from bot.core.audit.events import time_text
from bot.core.json import Json

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
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


class SafeText(TypeDecorator[str]):
    """Text that is made storable on its way in, in values and in comparisons alike."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - theirs
        return None if value is None else storable(value)


class Moment(TypeDecorator[datetime]):
    """A moment as text that sorts, in UTC with microseconds; the same on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - theirs
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - theirs
        return None if value is None else read_moment(value)


def read_moment(text: str) -> datetime:
    """The moment that ``time_text`` wrote; ValueError for any other form."""
    return datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
