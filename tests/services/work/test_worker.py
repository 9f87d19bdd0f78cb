"""The worker: what comes round, what a change wakes, and what is taken up, each under a lease."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.core.errors import DeckhandError
from bot.ports import Claim
from bot.services.leases import Leases
from bot.services.work.worker import Signals, Worker
from tests.support.waiting import wait_until

FAR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Claim):
    what = "job"


@dataclass(slots=True)
class Jobs:
    """Claims of which each may be had once more when it was let go."""

    open: list[str]
    renewed: list[str] = field(default_factory=list)

    def claimable(self) -> tuple[str, ...]:
        return tuple(self.open)

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Job | None:  # noqa: ARG002 - the port's own
        if plan_id not in self.open:
            return None
        self.open.remove(plan_id)
        return Job(plan_id=plan_id, host="h", owner=owner, attempt=1)

    def renew(self, claim: Job, lease: timedelta) -> None:  # noqa: ARG002 - the port's own
        self.renewed.append(claim.plan_id)

    def release(self, claim: Job) -> None:
        self.open.append(claim.plan_id)


def counted(times: list[None]) -> Callable[[], None]:
    return lambda: times.append(None)


def test_a_change_wakes_what_it_concerns_and_nothing_else() -> None:
    signals = Signals()
    worker = Worker(signals)
    woken, timed = list[None](), list[None]()
    worker.whenever("woken", counted(woken), FAR)
    worker.every(FAR, "timed", counted(timed))
    worker.start()
    wait_until(lambda: len(woken) == len(timed) == 1)
    signals.changed()
    wait_until(lambda: len(woken) == 2)
    worker.stop()
    assert len(timed) == 1


@pytest.mark.parametrize("error", [DeckhandError("the database is away"), ZeroDivisionError()])
def test_a_failure_ends_no_loop(error: Exception) -> None:
    signals, tries = Signals(), list[None]()
    worker = Worker(signals)

    def fail() -> None:
        tries.append(None)
        raise error

    worker.every(0.001, "fails", fail)
    worker.start()
    wait_until(lambda: len(tries) > 2)
    assert worker.ended() == ""
    worker.stop()


def test_each_claim_is_worked_on_in_a_thread_of_its_own_and_its_lease_is_renewed() -> None:
    signals, jobs, go_on = Signals(), Jobs(["a", "b"]), threading.Event()
    leases = Leases(claims=jobs, owner="me", ticks=lambda: 0.0)
    together = threading.Barrier(2)
    ended: list[str] = []

    def work(plan_id: str) -> None:
        claim = leases.claim(plan_id)
        assert claim is not None
        together.wait(10)
        go_on.wait(10)
        leases.drop(claim)
        ended.append(plan_id)

    worker = Worker(signals, poll=0.01, heartbeat=timedelta(seconds=0.01))
    worker.take_up("job", leases, work)
    worker.start()
    wait_until(lambda: {"a", "b"} <= set(jobs.renewed))
    go_on.set()
    worker.stop()
    assert sorted(ended) == ["a", "b"]


def test_what_hangs_for_too_long_is_given_up_and_may_be_taken_up_again() -> None:
    signals, jobs, hangs = Signals(), Jobs(["a"]), threading.Event()
    now, tries = [0.0], list[None]()
    leases = Leases(claims=jobs, owner="me", ticks=lambda: now[0])

    def work(plan_id: str) -> None:
        leases.claim(plan_id)
        tries.append(None)
        if len(tries) == 1:
            hangs.wait(10)

    worker = Worker(signals, poll=0.01, heartbeat=timedelta(seconds=0.01))
    worker.take_up("job", leases, work, patience=0)
    worker.start()
    wait_until(lambda: len(tries) == 1)
    now[0] += leases.silence.total_seconds() + 1
    jobs.open.append("a")  # as the database has it once the lease has run out
    wait_until(lambda: len(tries) == 2)
    worker.stop()
    hangs.set()


def test_what_is_to_be_done_at_last_is_done_when_all_else_has_ended() -> None:
    signals, told = Signals(), list[str]()
    leases = Leases(claims=Jobs(["a"]), owner="me", ticks=lambda: 0.0)
    begun = threading.Event()

    def work(plan_id: str) -> None:
        leases.claim(plan_id)
        begun.set()
        signals.pause(FAR)
        told.append("ended")

    worker = Worker(signals)
    worker.take_up("job", leases, work)
    worker.whenever("messages", lambda: told.append("shown"), FAR, at_last=True)
    worker.start()
    assert begun.wait(10)
    worker.stop()
    assert told[-1] == "shown"
    assert "ended" in told[:-1]
