"""On call: whose week it is, by the clock on the wall of one time zone. It says whom to tell, and gives no right."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

WEEK = timedelta(weeks=1)
EXAMPLE = "2026-11-02 09:00"
_BEGINNING = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """Weeks that come round again and again, each with its people; they hand over where the first one began."""

    name: str
    weeks: tuple[tuple[str, ...], ...]
    """Ids of users (U…, T…/U…) and user groups (S…), a week each."""
    begins: datetime
    """When the first week begins, as a clock there shows it; without a time zone."""
    zone: tzinfo = UTC

    def at(self, moment: datetime) -> tuple[str, ...]:
        """Who is on call then; nobody before the first week.

        A week ends when the clock has come to its hour: where that hour is left out, by when it would have been over;
        where it comes twice, at its first.
        """
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        number = (
            wall - self.begins
        ) // WEEK + 1  # the clock may have been put back since: the next one begins first
        while self._beginning(number) > moment:
            number -= 1
            if number < 0:
                return ()
        return self.weeks[number % len(self.weeks)]

    def until(self, moment: datetime) -> datetime:
        """When the week of that moment hands over, in UTC; for display only."""
        wall = moment.astimezone(self.zone).replace(tzinfo=None)
        number = max(0, (wall - self.begins) // WEEK - 1)
        while self._beginning(number) <= moment:
            number += 1
        return self._beginning(number)

    def _beginning(self, number: int) -> datetime:
        return (self.begins + number * WEEK).replace(tzinfo=self.zone).astimezone(UTC)


def parse_beginning(text: str) -> datetime:
    """Read ``2026-11-02 09:00``; ValueError says what is wrong."""
    if not _BEGINNING.fullmatch(text):
        raise ValueError(f"“{text}” is no day and hour; write when the first week begins like {EXAMPLE}")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is in no calendar; write a day and an hour like {EXAMPLE}") from None
