"""Whoever can write to the database, and not drop its triggers, makes no run and no restoring go on otherwise."""

from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text
from sqlmodel import Session

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.audit.format import AuditKeys, Entry, facts_text, message
from bot.core.audit.written import PLAN
from bot.core.errors import PlanDiffersError, RefusedError
from bot.core.life.states import Outcome, PlanState, Status
from bot.ports import Change
from bot.store.events import chain
from bot.store.opening import Store, open_store
from bot.store.plan import making
from tests.store.cleaned import cleaned
from tests.store.plan.changing import (
    IN_PLACE,
    LONG_AGO,
    MEDDLING,
    VOTE,
    Sql,
    another_image,
    closed_loudly,
    snapshot,
)
from tests.store.samples import (
    ANNA,
    BEN,
    CHANNEL,
    LEASE,
    approval,
    event,
    plan,
    propose,
    running,
    tags,
    the,
)

KEYS = AuditKeys("k" * 40)

# --- runs ---------------------------------------------------------------------------------------

IN_A_RUN = {
    **MEDDLING,
    "attempts": "UPDATE plan SET attempt = 0",
    "who approved": "UPDATE vote SET person_id = 'U0EVE'",
    "an outcome": "UPDATE plan_item SET outcome = 'planned' WHERE position = 0",
    "names taken off": """UPDATE plan_item SET untagging = '["postgres:14"]' WHERE position = 1""",
}


@pytest.mark.parametrize("statement", IN_A_RUN.values(), ids=IN_A_RUN)
def test_a_run_whose_rows_were_changed_is_closed_when_it_is_taken_up(
    statement: str, store: Store, attack: Sql
) -> None:
    _begun(store)
    attack(LONG_AGO)
    attack(statement)
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    closed_loudly(store, Status.FAILED)
    end = store.audit.events("p1")[-1].event
    assert end.tag == Tag.CLEANUP_FINISHED
    assert (end.facts["outcome"], end.facts["requester"]) == ("failed", {"id": ANNA.id, "name": "Anna"})
    assert end.facts["outcomes"] == {
        "planned": 0, "removing": 0, "removed": 1, "gone": 0, "kept": 0, "failed": 2,
    }  # fmt: skip
    assert end.facts["approvers"] == [{"id": BEN.id, "name": "Ben"}]
    items = end.facts["items"]
    assert isinstance(items, list)
    assert [isinstance(each, dict) and each["name"] for each in items] == ["app:1", "app:2", "app:3"]


def test_a_run_sees_at_each_look_whether_its_rows_were_changed(store: Store, attack: Sql) -> None:
    _begun(store)
    found = store.runs.held_against_audit("p1")
    assert found is not None
    assert found.doubt == ""
    attack("UPDATE plan_item SET outcome = 'planned' WHERE position = 0")
    found = store.runs.held_against_audit("p1")
    assert found is not None
    assert found.doubt == "its row says that app:1 is planned, and the audit does not"


def test_somebodys_stop_cannot_be_taken_away(store: Store, attack: Sql) -> None:
    _begun(store)
    asked = event(Tag.CLEANUP_STOP_ASKED)
    store.plans.change("p1", lambda _state, _now: Change(status=Status.RUNNING, events=(asked,), stop=BEN))
    attack(LONG_AGO)
    attack("UPDATE plan SET stop_at = NULL")
    assert store.runs.claim("p1", "replica-2", LEASE) is None
    closed_loudly(store, Status.FAILED)


def test_what_nobody_changed_is_taken_up_again(store: Store, attack: Sql) -> None:
    _begun(store)
    attack(LONG_AGO)
    assert store.runs.claim("p1", "replica-2", LEASE) is not None


def _begun(store: Store) -> None:
    """A run that removed its first object and was at its second."""
    run = running(store)
    store.runs.start_items(run, [0])
    store.runs.end_items(run, [replace(the(store).items[0], outcome=Outcome.REMOVED, bytes=7)])
    store.runs.start_items(run, [1])


# --- what comes after ---------------------------------------------------------------------------


def test_no_other_images_are_restored_than_were_removed(store: Store, attack: Sql) -> None:
    cleaned(store, "p1")
    attack(IN_PLACE, to=snapshot(store, another_image))
    attack(
        "UPDATE plan_item SET object_id = :id, name = 'postgres:14' WHERE position = 0",
        id="sha256:" + "f" * 64,
    )
    with pytest.raises(RefusedError, match="its list is not the one that was proposed"):
        store.restores.ask("p1", BEN, lambda _state, _now: event(Tag.RESTORE_ASKED))
    assert the(store).restoring is None


def test_nothing_is_restored_for_somebody_who_did_not_ask(store: Store, attack: Sql) -> None:
    cleaned(store, "p1")
    store.restores.ask("p1", BEN, lambda _state, _now: event(Tag.RESTORE_ASKED, actor=BEN.id))
    attack("UPDATE restore SET person_id = 'U0EVE'")
    assert store.restores.claim("p1", "replica-1", LEASE) is None
    assert store.restores.claimable() == ()
    assert tags(store)[-1] == str(Tag.PLAN_DIFFERS)


# --- with a key ---------------------------------------------------------------------------------


def test_events_that_somebody_without_the_key_wrote_count_for_nothing(url: str, store: Store) -> None:
    """They are well-formed, and carry the seal of the key; the database's triggers let them in."""
    with closing(open_store(url, audit_keys=KEYS)) as keyed:
        keyed.chain.begin_sealing()
        propose(keyed)
        _forge(url, keyed, event(Tag.PLAN_APPROVED, actor=BEN.id))
        db = create_engine(url)
        with db.begin() as connection:
            connection.execute(text(VOTE), {"yes": True})
            connection.execute(text("UPDATE plan SET status = 'approved', version = 2"))
        db.dispose()
        assert keyed.runs.claim("p1", "replica-1", LEASE) is None
        assert the(keyed).status is Status.CANCELLED


def _forge(url: str, store: Store, forged: Event) -> None:
    last = store.audit.head()
    entry = Entry(
        seq=last.seq + 1, at="2026-01-01T00:00:00.000000Z", tag=str(forged.tag), plan=forged.plan, host=forged.host,
        actor=forged.actor, facts=facts_text({"approvers": [forged.actor]}), previous=last.hash, hash="",
        once="forged", seal=KEYS.seal,
    )  # fmt: skip
    hasher = AuditKeys().hasher("sha256")
    assert hasher is not None
    row = entry._replace(hash=hasher(message(last.hash, entry)))._asdict()
    row["key"] = row.pop("once")
    names = ", ".join(row)
    db = create_engine(url)
    with db.begin() as connection:
        values = ", ".join(f":{name}" for name in row)
        connection.execute(text(f"INSERT INTO event ({names}) VALUES ({values})"), row)  # noqa: S608 - ours
        connection.execute(
            text("UPDATE chain_head SET seq = :seq, hash = :hash"), {"seq": entry.seq, "hash": row["hash"]}
        )
    db.dispose()


# --- beside the release before ------------------------------------------------------------------


def test_a_proposal_of_the_release_before_is_held_against_what_it_lists(store: Store, attack: Sql) -> None:
    """It carries no digest; what it lists is what may be approved, and the approval binds it."""
    state = _by_the_release_before(store)
    assert state.doubt == ""
    attack(
        "UPDATE plan_item SET object_id = :id, name = 'postgres:14' WHERE position = 0",
        id="sha256:" + "f" * 64,
    )
    attack(IN_PLACE, to=snapshot(store, another_image))
    with pytest.raises(PlanDiffersError, match="its list is not the one that was proposed"):
        store.plans.change("p1", approval())
    closed_loudly(store)


def test_a_plan_of_the_release_before_may_be_approved_and_run(store: Store) -> None:
    _by_the_release_before(store)
    store.plans.change("p1", approval())
    assert store.runs.claim("p1", "replica-1", LEASE) is not None


def _by_the_release_before(store: Store) -> PlanState:
    """A proposal as it was written before there were digests."""

    made = plan()

    def work(session: Session) -> None:
        making._insert(session, made, 1, CHANNEL, PLAN.text(made))
        chain.append(session, {"p1/version 1/0": facts.proposed(made, {})})

    store.sessions.writing(work)
    return the(store)
