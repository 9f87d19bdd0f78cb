"""The tables ``[on_call.NAME]``: whose week it is."""

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from bot.config.types import Table, TimeZone, as_text, filled, read_text, slack_id
from bot.core.rules.on_call import EXAMPLE, parse_beginning


def _week(text: str) -> tuple[str, ...]:
    people = tuple(map(slack_id, text.split()))
    if not people:
        raise ValueError("nobody is on call in this week; name somebody, or leave the week out")
    wrong = next((one for one in people if one[0] in "*CG"), None)
    if wrong:
        raise ValueError(f"“{wrong}” is no person to call; write user ids (U…) and user group ids (S…)")
    return people


_Week = Annotated[
    tuple[str, ...],
    read_text(_week, 'a week is written as text, like "U0ANN" or "U0BOB U0CYD"'),
    as_text("U0BOB U0CYD"),
]
_Beginning = Annotated[
    datetime,
    read_text(parse_beginning, f'a day and an hour are written as text, like "{EXAMPLE}"'),
    as_text(EXAMPLE),
]


class OnCallTable(Table):
    """Whose week it is: whom to tell. It gives nobody a right."""

    needed: ClassVar = ("begins", "weeks")
    """The keys that have no default of any use."""

    weeks: Annotated[tuple[_Week, ...], BeforeValidator(filled)] = ()
    """Who is on call, a text a week: `"U0ANN"`, or several. After the last comes the first again. Needed."""
    begins: _Beginning = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - what a clock on a wall there shows
    """When the first week begins: a day and an hour, at which they hand over each week. Needed."""
    time_zone: TimeZone = UTC
    """Of the hour."""
