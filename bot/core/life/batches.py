"""Batches: one message for the many plans of a schedule, with a line for each."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.life.states import MessageRef, PlanState, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Where the message of one moment of a schedule stands, and how far behind its plans it is."""

    id: str
    schedule: str
    """The schedule's name."""
    place: MessageRef
    seen: int
    """Grows with every change of a line: what is shown at this number is as new as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A plan in a batch, in the few words that its place in it is chosen by. For display only."""

    plan_id: str
    host: str
    status: Status
    version: int
    predicted: int
    """Bytes."""
    held: bool
    """Whether the line is all there is of it: nobody has opened it yet."""
    posted: bool
    """Whether it has a message of its own."""
    permalink: str
    """Where a browser finds that; empty when Slack did not say."""
    attention: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line that is shown, and its plan as it stands."""

    line: Line
    state: PlanState


_ORDER = (Status.PROPOSED, Status.APPROVED, Status.RUNNING)


def in_order(lines: Iterable[Line], most: int) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines by host, and those for which there is no room: what needs nobody any more goes first."""
    everything = tuple(sorted(lines, key=lambda line: (line.host, line.plan_id)))
    if len(everything) <= most:
        return everything, ()
    ranked = sorted(everything, key=_needs)
    shown = set(ranked[:most])
    return tuple(line for line in everything if line in shown), tuple(ranked[most:])


def _needs(line: Line) -> tuple[int, int]:
    rank = _ORDER.index(line.status) + 1 if line.status in _ORDER else len(_ORDER) + 1
    return (0 if line.attention else rank), -line.predicted
