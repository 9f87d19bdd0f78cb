"""Clocks that disagree: how far one is from the database's, by which every stored moment is compared."""

from datetime import datetime, timedelta

from bot.core.units import duration_words

APART = timedelta(seconds=30)
"""What clocks may differ by before people are told."""


def ahead(shown: datetime, began: datetime, ended: datetime) -> timedelta:
    """How far a clock that showed ``shown`` between two moments of another is ahead of that one, at least.

    Negative: behind. Zero where it may be right.
    """
    return shown - ended if shown > ended else min(shown - began, timedelta())


def disagreement(whose: str, by: timedelta) -> str | None:
    """The sentence about a clock that is this far ahead of the database's; None when that is near enough."""
    if abs(by) <= APART:
        return None
    words = f"{duration_words(abs(by))} {'ahead of' if by > timedelta() else 'behind'}"
    return (
        f"The clock of {whose} is {words} the database's. Plans expire by the database's; let NTP set both."
    )
