"""A plan that somebody changed in the database after its approval removes nothing on a real engine."""

import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from tests.services.bench import Bench, imported

on_both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)
Attack = Callable[[str, str], None]


@pytest.fixture
def attack(url: str) -> Iterator[Attack]:
    """Puts another image into all rows of a plan, as somebody who may write and not drop the triggers."""
    db = create_engine(url)

    def change(old: str, new: str) -> None:
        with db.begin() as connection:
            snapshot = connection.execute(text("SELECT snapshot FROM plan")).scalar_one()
            value = json.loads(snapshot.replace(old, new))
            for item in value["draft"]["items"]:
                item |= {"name": "postgres:14", "references": ["postgres:14"]}
            connection.execute(text("UPDATE plan SET snapshot = :to"), {"to": json.dumps(value)})
            connection.execute(
                text("UPDATE plan_item SET object_id = :id, name = 'postgres:14'"), {"id": new}
            )

    yield change
    db.dispose()


def images(bench: Bench) -> tuple[str, str]:
    """A dangling image, which a plan may take, and a tagged one, which nobody has seen in it."""
    tagged = imported(bench.engine, "postgres:14")
    old = imported(bench.engine, "app:1")
    bench.engine.docker("tag", tagged, "app:1")  # takes its only name
    bench.engine.docker("rmi", "app:1")
    return old, tagged


@on_both
def test_an_image_that_nobody_saw_is_not_removed(bench: Bench, attack: Attack) -> None:
    old, tagged = images(bench)
    plan = bench.approved("dangling")
    assert [item.id for item in plan.draft.items] == [old]
    attack(old, tagged)
    calls: list[str] = []
    bench.execute(engines=bench.watched(lambda call, _: calls.append(call)))(plan.id)
    assert calls == []
    state = bench.state(plan)
    assert state.status is Status.CANCELLED
    assert "Somebody changed this plan in Deckhand's database" in state.reason
    assert bench.tags(plan)[-2:] == [Tag.PLAN_DIFFERS, Tag.PLAN_CANCELLED]
    assert bench.store.chain.verify().broken is None


@on_both
def test_nor_is_it_when_the_rows_are_changed_in_the_middle_of_a_run(bench: Bench, attack: Attack) -> None:
    old, tagged = images(bench)
    plan = bench.approved("dangling")
    run = bench.claimed(plan)
    attack(old, tagged)
    bench.store.runs.release(run)
    calls: list[str] = []
    bench.execute(engines=bench.watched(lambda call, _: calls.append(call)))(plan.id)
    assert calls == []
    assert bench.state(plan).status is Status.FAILED
