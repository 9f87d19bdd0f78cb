"""How a fleet's approved plans begin: in waves, and not beyond trouble until a person says go on. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.life.fleets import FleetState, Standing
from bot.core.life.states import Outcome, Status
from bot.core.plan.waves import Waves

_NOT_DONE = {
    Status.FAILED: "failed",
    Status.STOPPED: "was stopped",
    Status.CANCELLED: "did not begin",
    Status.REJECTED: "was rejected",
    Status.EXPIRED: "expired",
    Status.SUPERSEDED: "was replaced",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginWave:
    number: int
    """From 1."""
    plans: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    why: str
    plans: tuple[str, ...]
    """Of the hosts in trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Every host's plan has ended."""


Step = BeginWave | Hold | End


def trouble(waves: Waves, one: Standing) -> str:
    """What went wrong on a host whose wave has begun, in words; empty when nothing did, or not yet."""
    if one.wave == 0:
        return ""
    if one.attention:
        return "needs attention"
    if one.status in _NOT_DONE:
        why = f": {one.reason}" if one.reason else ""
        return f"{_NOT_DONE[one.status]}{why}"
    failed, kept = one.counts.get(Outcome.FAILED, 0), one.counts.get(Outcome.KEPT, 0)
    if failed:
        return f"{failed:,} of {one.objects:,} objects failed"
    if waves.too_many_kept(kept, one.objects):
        return f"{kept:,} of {one.objects:,} objects were kept, more than {waves.kept_share}"
    return ""


def troubled(state: FleetState) -> tuple[Standing, ...]:
    """The hosts in trouble that nobody has said go on about."""
    waves = state.fleet.waves
    return tuple(one for one in state.standings if one.plan not in state.excused and trouble(waves, one))


def next_step(state: FleetState) -> Step | None:
    """What is to be done now; None: nothing but wait.

    A wave begins when each host of those before it has ended, waits for its window, or stands still in trouble that
    does not hold the rest. It takes approved plans whose window is open, in the fleet's order: a host that waits for
    its approvals or its window keeps nobody else waiting.
    """
    if state.ended or state.doubt:
        return None
    if all(one.ended for one in state.standings):
        return End()
    if state.held:
        return None
    waves, found = state.fleet.waves, troubled(state)
    if len(found) >= waves.stop_on and any(_is_to_come(one) for one in state.standings):
        return Hold(why=hold_words(waves, found), plans=tuple(one.plan for one in found))
    return None if any(_goes_on(one) for one in state.standings) else _next_wave(state)


def _next_wave(state: FleetState) -> BeginWave | None:
    ready = [one for one in state.standings if one.status is Status.APPROVED and one.ready and one.wave == 0]
    size = state.fleet.waves.size(state.begun, len(state.standings))
    return BeginWave(number=state.begun + 1, plans=tuple(one.plan for one in ready[:size])) if ready else None


def hold_words(waves: Waves, found: Sequence[Standing]) -> str:
    """``web-1: 2 of 10 objects failed; web-2: needs attention``."""
    return "; ".join(f"{one.host}: {trouble(waves, one)}" for one in found)


def _is_to_come(one: Standing) -> bool:
    """Whether a host has not begun, and may yet."""
    return one.status in {Status.PROPOSED, Status.APPROVED}


def _goes_on(one: Standing) -> bool:
    """Whether the next wave waits for a host."""
    if one.wave == 0 or one.attention:
        return False
    return one.status is Status.RUNNING or (one.status is Status.APPROVED and one.ready)
