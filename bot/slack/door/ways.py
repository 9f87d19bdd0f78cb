"""The ways that work goes which people ask for: each with threads of its own, and a share for each person and host.

What decides (votes, rejections, withdrawals, Stop, taking up) waits for nothing else, neither for an engine nor for
an answer that Slack takes its time with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.errors import BusyError, RefusedError
from bot.ports import NO_METRICS, Metrics
from bot.services.lanes import Lane, Share


class Way(StrEnum):
    DECIDE = "decide"  # the database, and Slack for who may
    READ = "read"  # the same, and more of it: lists, the audit
    LOOK = "look"  # an engine, for somebody to see
    PLAN = "plan"  # an engine, for a plan
    ANSWER = "answer"  # Slack, for what one person is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Which way work goes, and whose share it takes beside its person's."""

    way: Way = Way.READ
    host: str = ""
    fleet: bool = False
    """Whether it asks many hosts."""
    same: str = ""
    """What says the same of the same person, and waits or runs, is the same work."""


READ, DECIDE = Turn(), Turn(way=Way.DECIDE)

PERSON, HOST, PAIR, FLEET = "person", "host", "person on host", "fleet"

LOOKS_A_PERSON, LOOKS_A_HOST = 20, 60
"""That wait."""
PLANS_A_PERSON, PLANS_A_HOST = 20, 40

_SHARES = {
    Way.DECIDE: (32, {PERSON: Share(at_once=4, waiting=100)}),
    Way.READ: (8, {PERSON: Share(at_once=2, waiting=60)}),
    Way.LOOK: (16, {
        PERSON: Share(at_once=3, waiting=LOOKS_A_PERSON), HOST: Share(at_once=3, waiting=LOOKS_A_HOST),
        FLEET: Share(at_once=1, waiting=3),
    }),
    Way.PLAN: (16, {
        PERSON: Share(at_once=3, waiting=PLANS_A_PERSON), HOST: Share(at_once=3, waiting=PLANS_A_HOST),
        PAIR: Share(at_once=1, waiting=PLANS_A_PERSON), FLEET: Share(at_once=1, waiting=3),
    }),
    Way.ANSWER: (8, {PERSON: Share(at_once=2, waiting=20)}),
}  # fmt: skip
_NAMES = {
    Way.DECIDE: "decisions", Way.READ: "requests", Way.LOOK: "looks", Way.PLAN: "requests for cleanups",
}  # fmt: skip


def lanes(metrics: Metrics = NO_METRICS) -> dict[Way, Lane]:
    return {way: Lane(way, threads, shares, metrics) for way, (threads, shares) in _SHARES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """All of them, of one process."""

    lanes: dict[Way, Lane] = field(default_factory=lanes)

    def submit(self, work: Callable[[], object], person: str, turn: Turn) -> None:
        """Have work of a person done in its turn; never waits. RefusedError when too much waits, EndingError."""
        pair = f"{person} {turn.host}" if turn.host else ""
        keys = {PERSON: person, HOST: turn.host, PAIR: pair, FLEET: person if turn.fleet else ""}
        try:
            self.lanes[turn.way].submit(work, keys, same=turn.same and f"{person} {turn.same}")
        except BusyError as busy:
            raise RefusedError(_words(turn, busy)) from None

    def close(self, seconds: float) -> None:
        """Take nothing new, drop what would only look, and wait for what decides, and for what is said of it."""
        for way, lane in self.lanes.items():
            if way is not Way.ANSWER:
                lane.close(drop=way is not Way.DECIDE)
        self.lanes[Way.DECIDE].join(seconds)
        self.lanes[Way.ANSWER].close(drop=False)
        self.lanes[Way.ANSWER].join(seconds)


def _words(turn: Turn, busy: BusyError) -> str:
    """What somebody reads whose share, or whose host's, is used up."""
    whose = {HOST: f" for {turn.host}", PAIR: f" of yours for {turn.host}"}.get(busy.kind, " of yours")
    what = f"{busy.waiting} {_NAMES.get(turn.way, 'answers')}{whose}"
    return f"{what} wait already, so this one was not taken. Try again in a moment."
