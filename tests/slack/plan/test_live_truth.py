"""A plan that waits tells what another cleanup took of it, and the last look knows of that cleanup's end."""

from collections.abc import Callable

from bot.slack.action_ids import APPROVE
from tests.slack.place import ANN, BOB, CYD, OPEN_TO_ALL, Place, buttons, eventually, shown

Start = Callable[[str], Place]


def test_a_waiting_plan_is_told_and_repriced_when_another_cleanup_took_its_objects(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    waits = place.propose(ANN)
    place.workspace.command(CYD, "/docker-prune", "prod-3 everything not=older")
    other = place.message("cyd asked")
    other_id = buttons(other)[APPROVE]
    place.approve(BOB, other)
    told = f"Since it was proposed 1 went with plan `{other_id}`: about 300MB in 1 object is left."
    place.workspace.wait_for(lambda: told in shown(place.workspace.message(waits.ts)), 30)
    now = place.workspace.message(waits.ts)
    assert "Approve? about 300MB on prod-3" in shown(now)
    assert "old:1" not in shown(now).replace("older:1", "")
    assert "*Cannot be undone*: 1 image that no registry has." in shown(now)
    place.approve(BOB, now)
    place.workspace.wait_for(lambda: "freed on prod-3" in shown(place.workspace.message(waits.ts)), 30)
    done = place.workspace.message(waits.ts)
    assert "1 of 2 removed, 1 gone before" in shown(done)
    assert "*Went before*: 1" in shown(done)
    assert f"it went with plan {other_id}" in shown(done)
    assert "not confirmed" not in shown(done)
    assert place.store.chain.verify().broken is None


def test_the_last_look_knows_the_end_of_a_cleanup(start: Start) -> None:
    place = start(OPEN_TO_ALL)
    plan = place.propose(ANN)
    assert place.store.ledger.last_looks(["prod-3"]).get("prod-3") is None
    place.approve(BOB, plan)
    place.message("Cleanup done")
    state = place.plan(buttons(plan)[APPROVE])
    look = eventually(lambda: place.store.ledger.last_looks(["prod-3"]).get("prod-3"))
    assert look is not None
    assert look.usage == state.usage_after
