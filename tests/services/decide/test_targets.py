"""Plans to a target, on a real engine: what is approved is what is removed, and it is no more than the disk needs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.docker.inventory import Kind
from bot.core.docker.usage import DiskSpace, DiskUsage, Survey
from bot.core.errors import NothingToRemoveError, UsageError
from bot.core.life.states import PlanState, Status
from bot.core.plan.arguments import parse_arguments
from bot.core.plan.plan import Plan
from bot.core.plan.target.target import Target
from bot.core.rules.policy import Policy
from bot.core.rules.schedules import Schedule
from bot.core.rules.windows import Windows, parse_window
from bot.services.decide.propose import Propose
from tests.services.bench import ANNA, HOST, OPEN_TO_ALL, Bench, Lead, WatchedEngine, hosts_at, imported
from tests.services.decide.test_restorable import ONLY_RESTORABLE, images, pushed, registry
from tests.services.held import look
from tests.support.machines.registry import PrivateRegistry

__all__ = ["registry"]
DISK = DiskSpace(size=1_000_000_000, free=500_000_000)


def closed_now() -> Windows:
    """A window that is not open now, nor in the next hours."""
    begin = datetime.now(UTC) + timedelta(hours=6)
    return Windows(windows=(parse_window(f"{begin:%H}:00-{begin:%H}:30"),))


class OnItsDisk(WatchedEngine):
    """The real engine, behind which lies a disk that nobody else writes to."""

    disk_behind: DiskSpace | None = DISK

    def survey(self, early: Callable[[DiskUsage], None] | None = None) -> Survey:
        return replace(super().survey(early), disk=self.disk_behind)


def proposing(bench: Bench, disk: DiskSpace | None = DISK) -> Propose:
    engine = OnItsDisk(bench.clients, lambda _call, _ids: None)
    engine.disk_behind = disk
    return replace(bench.propose(), planning=bench.planning(Lead(engine)))


def proposed(bench: Bench, words: str) -> Plan:
    return proposing(bench)(HOST, parse_arguments(words.split()), ANNA, "C0DISK").plan


def written(bench: Bench, name: str, size: int, *options: str) -> str:
    """A stopped container that wrote so many bytes."""
    dd = ("/bin/busybox", "dd", "if=/dev/zero", "of=/file", f"bs={size}", "count=1")
    return bench.engine.stopped("base:latest", "--name", name, *options, command=dd)


def test_exactly_what_the_target_needs_is_planned_approved_and_removed(bench: Bench) -> None:
    bench.engine.base()
    first, second, third = (
        written(bench, name, size) for name, size in (("one", 30_000), ("two", 20_000), ("three", 10_000))
    )
    plan = proposed(bench, "everything free=500.045MB")
    assert [each.id for each in plan.draft.items] == [first, second]
    assert plan.draft.frees.low == 50_000
    assert plan.draft.arguments == "free=500.045MB"
    assert any("without the last one 15kB would be lacking" in note for note in plan.draft.notes)
    assert bench.state(plan).plan == plan
    bench.approve(plan)
    before = look(bench.engine)
    state = bench.run(plan)
    assert (state.status, state.reclaimed) == (Status.DONE, 50_000)
    assert before.gone(look(bench.engine)) == {(Kind.CONTAINER, first), (Kind.CONTAINER, second)}
    again = proposed(bench, "everything free=500.01MB")
    assert [each.id for each in again.draft.items] == [third]


def test_rules_that_tighten_meanwhile_keep_what_they_protect_and_no_other_goes_instead(bench: Bench) -> None:
    bench.engine.base()
    first = written(bench, "one", 9_000, "--label", "keep=")
    second = written(bench, "two", 9_000)
    plan = proposed(bench, "everything free=500.009MB")
    assert [each.id for each in plan.draft.items] == [first]
    bench.approve(plan)
    bench.protected = ("keep",)
    state = bench.run(plan)
    assert state.reclaimed == 0
    assert {first, second} <= look(bench.engine).ids[Kind.CONTAINER]


def test_a_target_that_is_met_already_makes_no_plan_and_says_so(bench: Bench) -> None:
    bench.engine.base()
    with pytest.raises(NothingToRemoveError) as refused:
        proposed(bench, "everything below=60%")
    said = "The disk is less than 60% full already: 500MB free of 1GB (50% full)."
    assert str(refused.value) == f"prod-3: nothing has to go. {said}"


def test_where_nobody_sees_the_disk_the_answer_says_what_to_do_and_no_plan_is_made(bench: Bench) -> None:
    bench.engine.base()
    with pytest.raises(UsageError, match="Reach it by ssh with SFTP"):
        proposing(bench, None)(HOST, parse_arguments(["below=10%"]), ANNA, "C0DISK")
    assert bench.store.messages.unshown() == ()


def test_a_target_is_cut_from_what_can_be_brought_back_where_a_policy_asks_for_that(
    bench: Bench, registry: PrivateRegistry
) -> None:
    """What is first in line and cannot be brought back is no reason to take nothing."""
    imported(bench.engine, "built-here:1")
    good = pushed(bench, f"{registry.address}/one:1")
    bench.policy = ONLY_RESTORABLE
    assert images(proposed(bench, "everything free=500.0001MB")) == {good}


# --- a host that watches itself -------------------------------------------------------------------

ITSELF = replace(OPEN_TO_ALL, name="itself", auto_approve_to={"everything": Target(free=600_000_000)})
NOW = Windows(windows=(parse_window("00:00-24:00"),))


def scheduled(bench: Bench, words: str) -> PlanState:
    schedule = Schedule(
        name="watch",
        hosts=(HOST,),
        arguments=parse_arguments(words.split()),
        cron="* * * * *",
        channel="C0DISK",
    )
    host = hosts_at(bench.engine, bench.policy).find(HOST)
    return proposing(bench).by_schedule(schedule, host)


def test_a_policy_approves_a_plan_up_to_its_target_and_the_audit_has_it_as_the_approver(bench: Bench) -> None:
    bench.engine.base()
    first, second = written(bench, "one", 30_000), written(bench, "two", 20_000)
    bench.policy = replace(ITSELF, auto_windows=NOW)
    state = scheduled(bench, "everything free=500.03MB")
    assert (state.status, [each.id for each in state.approvers]) == (Status.APPROVED, ["policy:itself"])
    assert [each.item.id for each in state.items] == [first]
    assert bench.run(state.plan).status is Status.DONE
    assert second in look(bench.engine).ids[Kind.CONTAINER]
    assert bench.tags(state.plan)[:3] == [
        "slack:plan:proposed",
        "slack:plan:approved",
        "deckhand:cleanup:started",
    ]
    assert bench.store.chain.verify().broken is None


@pytest.mark.parametrize(
    ("words", "policy"),
    [
        ("everything free=700MB", ITSELF),
        ("everything", ITSELF),
        ("everything free=500.01MB", replace(ITSELF, max_bytes=10, quorum_above=2)),
        ("everything free=500.01MB", replace(ITSELF, auto_windows=closed_now())),
        ("system free=500.01MB", ITSELF),
    ],
)
def test_what_goes_further_waits_for_people(bench: Bench, words: str, policy: Policy) -> None:
    bench.engine.base()
    written(bench, "one", 30_000)
    bench.policy = policy
    assert scheduled(bench, words).status is Status.PROPOSED


def test_a_policy_that_gives_less_by_the_time_of_the_start_cancels_what_it_approved(bench: Bench) -> None:
    bench.engine.base()
    kept = written(bench, "one", 30_000)
    bench.policy = ITSELF
    state = scheduled(bench, "everything free=500.03MB")
    assert state.status is Status.APPROVED
    bench.policy = replace(ITSELF, auto_approve_to={"everything": Target(free=1)})
    assert bench.run(state.plan).status is Status.CANCELLED
    assert kept in look(bench.engine).ids[Kind.CONTAINER]
