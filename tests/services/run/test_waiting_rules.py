"""A waiting plan that the rules now forbid says so when they change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.core.plan.plan import Plan
from bot.core.plan.protection import Protection
from bot.core.rules.policy import Volumes
from bot.services.run.waiting_rules import ALLOWED_AGAIN, WaitingRules
from tests.services.bench import Bench, imported


class In:
    """A clock that is ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def watching(bench: Bench, ahead: timedelta = timedelta()) -> WaitingRules:
    return WaitingRules(
        clock=In(ahead),
        planning=bench.planning(),
        engines=bench.engines,
        plans=bench.store.plans,
        changed=lambda: bench.changes.append(None),
    )


def test_an_approval_that_holds_no_longer_ends_its_plan_though_nothing_asks_for_its_start(
    bench: Bench,
) -> None:
    plan = two_containers(bench, approved=True)
    watching(bench, bench.policy.start_within - timedelta(minutes=1))()
    assert bench.state(plan).status is Status.APPROVED
    watching(bench, bench.policy.start_within + timedelta(minutes=1))()
    state = bench.state(plan)
    assert state.status is Status.CANCELLED
    assert "its approval held for" in state.reason
    assert bench.tags(plan)[-1] == Tag.PLAN_CANCELLED
    assert bench.store.chain.verify().broken is None


def two_containers(bench: Bench, *, approved: bool = False) -> Plan:
    base = imported(bench.engine)
    for name in ("one", "two"):
        bench.engine.created(base, "--name", name, "--label", f"name={name}")
    return (bench.approved if approved else bench.proposed)("everything", Kind.CONTAINER)


def test_a_plan_of_which_a_part_has_to_stay_says_so_once_and_goes_on(bench: Bench) -> None:
    plan = two_containers(bench)
    watch = watching(bench)
    watch()
    assert bench.state(plan).reason == ""
    bench.policy = replace(bench.policy, protection=Protection(labels=("name=two",)))
    watch()
    version = bench.state(plan).version
    watching(bench)()  # another replica, and this one again
    watch()
    state = bench.state(plan)
    assert (state.status, state.version) == (Status.PROPOSED, version)
    assert state.reason == (
        "The rules changed since this plan was made: 1 of its 2 objects will stay "
        "(two: protected by the label name=two)."
    )
    told = bench.store.audit.events(plan.id)[-1].event
    assert told.tag == Tag.PLAN_RULES_CHANGED
    assert isinstance(told.facts["kept"], list)
    assert [each["name"] for each in told.facts["kept"] if isinstance(each, dict)] == ["two"]

    bench.policy = replace(bench.policy, protection=Protection())
    watch()
    assert bench.state(plan).reason in {ALLOWED_AGAIN, ""}
    bench.approve(plan)
    assert bench.state(plan).reason == ""


def test_a_plan_of_which_all_has_to_stay_ends_with_the_reason(bench: Bench) -> None:
    plan = two_containers(bench, approved=True)
    watch = watching(bench)
    bench.policy = replace(bench.policy, protection=Protection(names=("*",)))
    watch()
    state = bench.state(plan)
    assert state.status is Status.CANCELLED
    assert "nothing of it may go (one: protected by the name pattern *" in state.reason
    assert bench.changes


def test_a_plan_that_its_policy_forbids_by_now_ends_with_the_reason(bench: Bench) -> None:
    bench.engine.docker("volume", "create", "--label", "com.docker.volume.anonymous=", "aa")
    plan = bench.proposed("volumes")
    watch = watching(bench)
    watch()
    bench.policy = replace(bench.policy, volumes=Volumes.NEVER)
    watch()
    state = bench.state(plan)
    assert state.status is Status.CANCELLED
    assert state.reason == "prod-3: policy “open” lets no cleanup take volumes here. Nothing was removed."
