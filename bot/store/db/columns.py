"""Column types that hold the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from bot.core.audit.events import time_text
from bot.core.json import storable

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


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
