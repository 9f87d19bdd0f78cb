"""Leases: nothing is begun near their end, and a run that says nothing for too long is given up."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.errors import LeaseLostError, StoreUnavailableError
from bot.ports import Run
from bot.services.leases import HEARTBEAT, LEASE, MARGIN, Leases
from bot.store.opening import Store
from tests.store.samples import approved


@dataclass(slots=True)
class Ticks:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Slow:
    """A store whose renewals take time, or cannot be done."""

    ticks: Ticks
    takes: float = 0.0
    away: bool = False
    renewed: list[Run] = field(default_factory=list)

    def claimable(self) -> tuple[str, ...]:
        return ("p1",)

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run:  # noqa: ARG002 - the port's own
        self.ticks.now += self.takes
        return Run(plan_id=plan_id, host="prod-3", owner=owner, attempt=1)

    def renew(self, claim: Run, lease: timedelta) -> None:  # noqa: ARG002 - the port's own
        self.ticks.now += self.takes
        if self.away:
            raise StoreUnavailableError("away")
        self.renewed.append(claim)

    def release(self, claim: Run) -> None:
        """Nothing."""


def leases(slow: Slow, seconds: float = 60) -> Leases[Run]:
    return Leases(
        claims=slow, owner="me", ticks=slow.ticks, lease=timedelta(seconds=seconds),
        silence=timedelta(minutes=20),
    )  # fmt: skip


def claimed(slow: Slow, held: Leases[Run]) -> Run:
    run = held.claim("p1")
    assert run is not None
    return run


def test_within_the_lease_an_effect_may_begin() -> None:
    slow = Slow(Ticks())
    held = leases(slow)
    run = claimed(slow, held)
    slow.ticks.now += 44
    held.before_effect(run)
    assert slow.renewed == []


def test_near_the_end_of_the_lease_it_is_renewed_before_anything_begins() -> None:
    slow = Slow(Ticks())
    held = leases(slow)
    run = claimed(slow, held)
    slow.ticks.now += 46
    held.before_effect(run)
    assert slow.renewed == [run]


@pytest.mark.parametrize(("takes", "away"), [(0.0, True), (46.0, False)])
def test_when_it_cannot_be_renewed_in_time_the_process_stands_down(takes: float, *, away: bool) -> None:
    slow = Slow(Ticks())
    held = leases(slow)
    run = claimed(slow, held)
    slow.ticks.now += 46
    slow.takes, slow.away = takes, away
    with pytest.raises(LeaseLostError, match="could not be renewed in time"):
        held.before_effect(run)


def test_the_lease_counts_from_before_the_statement_that_wrote_it() -> None:
    slow = Slow(Ticks(), takes=50)
    held = leases(slow)
    run = claimed(slow, held)
    slow.takes = 0
    held.before_effect(run)
    assert slow.renewed == [run]


def test_a_process_that_was_stopped_and_goes_on_begins_nothing(store: Store) -> None:
    ticks = Ticks()
    approved(store)
    held = Leases(claims=store.runs, owner="stopped", ticks=ticks, lease=timedelta(seconds=-1))
    run = held.claim("p1")
    assert run is not None
    assert store.runs.claim("p1", "another", LEASE) is not None
    ticks.now += 3600
    with pytest.raises(LeaseLostError):
        held.before_effect(run)


def test_a_run_that_begins_nothing_for_too_long_is_given_up() -> None:
    slow = Slow(Ticks())
    held = leases(slow)
    run = claimed(slow, held)
    for _ in range(2):
        slow.ticks.now += 20 * 60 - 1
        assert held.renew() == ()
        held.before_effect(run)
    slow.ticks.now += 20 * 60 + 1
    assert held.renew() == ("p1",)
    before = len(slow.renewed)
    assert held.renew() == ()
    assert len(slow.renewed) == before, "nobody renews it any more"
    with pytest.raises(LeaseLostError, match="not this process's"):
        held.before_effect(run)


def test_an_older_run_of_the_same_plan_does_not_act_under_the_lease_of_the_newer() -> None:
    slow = Slow(Ticks())
    held = leases(slow)
    older = claimed(slow, held)
    held._held["p1"].claim = Run(plan_id="p1", host="prod-3", owner="me", attempt=2)
    with pytest.raises(LeaseLostError):
        held.before_effect(older)
    held.drop(older)
    assert "p1" in held._held


def test_several_heartbeats_fit_before_the_margin() -> None:
    assert HEARTBEAT * 3 < LEASE - LEASE / MARGIN
