"""What another cleanup took of a plan is told with that cleanup's plan: while it waits, and when its turn has come."""

from collections.abc import Callable

import pytest

from bot.core.life.states import Outcome, Status
from tests.services.bench import Bench, imported, outcomes

pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def test_what_a_cleanup_took_of_plans_that_wait_is_told_with_it_and_their_messages_are_brought_up_to_date(
    bench: Bench,
) -> None:
    base = imported(bench.engine)
    for name in ("one", "two"):
        bench.engine.created(base, "--name", name)
    waits, first = bench.proposed(), bench.approved()
    before = bench.state(waits)
    for plan in (waits, first):
        state = bench.state(plan)
        assert state.message is not None
        bench.store.messages.shown(plan.id, state.version, state.message)
    assert before.went_with == {}
    bench.run(first)
    after = bench.state(waits)
    assert after.status is Status.PROPOSED
    assert dict(after.went_with) == {one.position: first.id for one in after.items}
    assert waits.id in bench.store.messages.unshown()
    bench.approve(waits)
    ended = bench.run(waits)
    assert set(outcomes(ended).values()) == {Outcome.GONE}
    assert {one.reason for one in ended.items} == {f"it went with plan {first.id}"}
    assert bench.store.chain.verify().broken is None


def test_what_somebody_else_removed_is_no_cleanups_and_said_to_be_gone_unconfirmed(bench: Bench) -> None:
    base = imported(bench.engine)
    bench.engine.created(base, "--name", "one")
    bench.engine.created(base, "--name", "two")
    waits, first = bench.approved(), bench.proposed()
    bench.engine.docker("rm", "one")
    ended = bench.run(waits)
    one = next(each for each in ended.items if each.item.name == "one")
    assert (one.outcome, one.reason) == (
        Outcome.GONE, "no longer there when we looked: gone, not confirmed by us"
    )  # fmt: skip
    told = bench.state(first).went_with
    assert "one" not in {bench.state(first).items[position].item.name for position in told}


def test_an_object_is_not_hidden_from_who_approves_by_a_row_that_says_another_cleanup_took_it(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    base = imported(bench.engine)
    for name in ("one", "two"):
        bench.engine.created(base, "--name", name)
    waits, other = bench.proposed(), bench.approved()
    dead = bench.claimed(other, "dead")
    bench.store.runs.start_items(dead, [0])
    sql("UPDATE plan_item SET outcome = 'removed' WHERE outcome = 'removing'")
    assert bench.state(waits).went_with == {}
