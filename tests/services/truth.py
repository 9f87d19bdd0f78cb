"""One plan against the engine's own truth: what it predicts, what the engine reports, what leaves the disk."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, PlanState
from bot.core.plan.plan import Frees
from tests.services.bench import Bench
from tests.services.held import look


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All figures of one cleanup, in bytes."""

    state: PlanState
    measured: int
    """What left the folders of layers, build cache and containers, and of volumes."""

    @property
    def frees(self) -> Frees:
        return self.state.plan.draft.frees

    @property
    def planned(self) -> int:
        """What the items of the plan add up to."""
        return sum(item.bytes for item in self.state.plan.draft.items)

    def names(self, kind: Kind) -> set[str]:
        return {each.item.name for each in self.state.items if each.item.kind is kind}

    def count(self, kind: Kind) -> int:
        return sum(each.item.kind is kind for each in self.state.items)


def cleaned(bench: Bench, profile: str = "everything", *only: Kind) -> Told:
    """Plan, approve and run; every planned item went."""
    before = look(bench.engine)
    state = bench.run(bench.approved(profile, *only))
    after = look(bench.engine)
    assert {each.outcome for each in state.items} == {Outcome.REMOVED}, _ends(state)
    assert before.gone(after) == {(each.item.kind, each.item.id) for each in state.items}
    return Told(state=state, measured=before.on_disk - after.on_disk)


def check_exact(told: Told, expected: int | None = None) -> None:
    """Predicted, reported item by item, and measured are the same figure."""
    frees = told.frees
    assert (frees.exact, frees.why) == (True, "exact: counted layer by layer, shared layers once")
    assert frees.low == frees.high == told.planned == told.state.reclaimed == told.measured, _ends(told.state)
    assert [each.bytes for each in told.state.items] == [each.bytes for each in told.state.plan.draft.items]
    assert told.measured > 0
    if expected is not None:
        assert told.measured == expected


def _ends(state: PlanState) -> Iterable[str]:
    return [f"{i.item.kind} {i.item.name}: {i.item.bytes} planned, {i.outcome} {i.bytes} {i.reason}"
            for i in state.items]  # fmt: skip
