"""Changes to the rows of plans, by somebody who can write to the database and not drop its triggers."""

import json
from collections.abc import Callable

from sqlalchemy import text

from bot.core.audit.events import Tag
from bot.core.life.states import Status
from bot.store.opening import Store
from tests.store.samples import tags, the

Sql = Callable[..., None]
LONG_AGO = "UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'"


def snapshot(store: Store, change: Callable[[dict[str, object]], None], plan_id: str = "p1") -> str:
    """The plan's snapshot, with one thing changed in it."""
    with store.sessions._db.connect() as connection:
        found = connection.execute(
            text("SELECT snapshot FROM plan WHERE id = :id"), {"id": plan_id}
        ).scalar_one()
    value = json.loads(found)
    change(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def another_image(value: dict[str, object]) -> None:
    draft = value["draft"]
    assert isinstance(draft, dict)
    draft["items"][0] |= {"id": "sha256:" + "f" * 64, "name": "postgres:14", "references": ["postgres:14"]}


def later_look(value: dict[str, object]) -> None:
    draft = value["draft"]
    assert isinstance(draft, dict)
    draft["taken_at"] = "2099-01-01T00:00:00Z"


def somebody_elses(value: dict[str, object]) -> None:
    value["requester"] = {"id": "U0EVE", "name": "Eve"}


def never_ending(value: dict[str, object]) -> None:
    value["expires_at"] = "2099-01-01T00:00:00Z"


def on_another_host(value: dict[str, object]) -> None:
    value["host"] = "prod-9"


def closed_loudly(store: Store, status: Status = Status.CANCELLED) -> None:
    state = the(store)
    assert state.status is status
    assert "Somebody changed this plan in Deckhand's database" in state.reason
    assert str(Tag.PLAN_DIFFERS) in tags(store)
    assert store.chain.verify().broken is None
    assert store.runs.claimable() == ()


SNAPSHOTS = [another_image, later_look, somebody_elses, never_ending, on_another_host]
IN_PLACE = "UPDATE plan SET snapshot = :to"
MEDDLING = {
    "an object's id": "UPDATE plan_item SET object_id = 'sha256:ffff' WHERE position = 0",
    "an object's name": "UPDATE plan_item SET name = 'postgres' WHERE position = 0",
    "an object less": "DELETE FROM plan_item WHERE position = 2",
    "the host": "UPDATE plan SET host = 'prod-9'",
    "the engine": "UPDATE plan SET engine_id = 'ANOTHER'",
    "who asked": "UPDATE plan SET requester_id = 'U0EVE'",
}


VOTE = (
    "INSERT INTO vote (plan_id, person_id, person_name, approve, reason, at, version) "
    "VALUES ('p1', 'U0BEN', 'Ben', :yes, '', '2026-01-01T00:00:00.000000Z', 2)"
)
