"""A forged checkpoint lets go of events: a plan whose own were taken away, or put in again, is never run."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from bot.core.audit.events import Tag
from bot.core.audit.format import AuditKeys
from bot.core.life.states import Status
from bot.ports import Change
from bot.store.opening import Store, open_store
from tests.store.plan.changing import Sql
from tests.store.samples import BEN, LEASE, approval, approved, event, propose, running

KEYS = AuditKeys("k" * 40)
FORGED = (
    "INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key, seal) VALUES "
    "(:seq, '2026-01-01T00:00:00.000000Z', :tag, '', '', '', :facts, '', 'x', 'forged', :seal)"
)
JUNK = (
    "INSERT INTO event (seq, at, tag, plan, host, actor, facts, previous, hash, key, seal) VALUES "
    "(:seq, '2026-01-01T00:00:00.000000Z', 'slack:look:refused', '', '', '', '{}', :previous, :hash, :key, :seal)"
)


@pytest.fixture(params=["without a key", "with a key"])
def sealed(request: pytest.FixtureRequest, url: str) -> Iterator[Store]:
    keys = KEYS if request.param == "with a key" else AuditKeys()
    with closing(open_store(url, audit_keys=keys)) as store:
        store.chain.begin_sealing()
        yield store


@pytest.fixture
def attack_sealed(url: str, sealed: Store) -> Iterator[Sql]:
    assert sealed.chain.verify().broken is None
    db = create_engine(url)

    def run(statement: str, **values: object) -> None:
        with db.begin() as connection:
            connection.execute(text(statement), values)

    yield run
    db.dispose()


def _cancelled(store: Store) -> None:
    """Approved, and stopped by a person before it began."""
    approved(store)
    stopped = event(Tag.PLAN_CANCELLED, actor=BEN.id)
    store.plans.change(
        "p1", lambda _state, _now: Change(status=Status.CANCELLED, events=(stopped,), reason="no")
    )


def _take_away(store: Store, attack: Sql, *, refilled: bool) -> None:
    last = store.audit.events("p1")[-1]
    seal = last.seal
    attack(
        FORGED, seq=10**9, tag=str(Tag.AUDIT_ARCHIVED), seal=seal,
        facts=f'{{"first":{last.seq},"last":{last.seq}}}',
    )  # fmt: skip
    attack("DELETE FROM event WHERE seq = :seq", seq=last.seq)
    if refilled:
        attack(JUNK, seq=last.seq, previous=last.previous, hash=last.hash, key=last.once, seal=seal)


@pytest.mark.parametrize("refilled", [False, True])
def test_what_was_stopped_does_not_run_because_nothing_says_so_any_more(
    sealed: Store, attack_sealed: Sql, *, refilled: bool
) -> None:
    _cancelled(sealed)
    _take_away(sealed, attack_sealed, refilled=refilled)
    attack_sealed("UPDATE plan SET status = 'approved', reason = ''")
    assert sealed.runs.claim("p1", "replica-1", LEASE) is None
    assert sealed.runs.claimable() == ()


@pytest.mark.parametrize("refilled", [False, True])
def test_a_withdrawn_approval_does_not_come_back(
    sealed: Store, attack_sealed: Sql, *, refilled: bool
) -> None:
    propose(sealed)
    withdrawn = event(Tag.PLAN_WITHDRAWN, actor=BEN.id)
    sealed.plans.change(
        "p1", lambda _state, _now: Change(status=Status.PROPOSED, events=(withdrawn,), withdrawn=BEN.id)
    )
    _take_away(sealed, attack_sealed, refilled=refilled)
    with pytest.raises(Exception, match="Somebody changed this plan"):
        sealed.plans.change("p1", approval())


def test_a_whole_chain_with_other_peoples_events_in_between_is_one(sealed: Store) -> None:
    propose(sealed)
    for other in range(3):
        propose(sealed, f"other-{other}", f"host-{other}")
    sealed.plans.change("p1", approval())
    sealed.trail.record(event(Tag.LOOK_REFUSED, ""))
    assert sealed.runs.claim("p1", "replica-1", LEASE) is not None


def test_a_restoring_that_has_ended_is_not_begun_again(sealed: Store, attack_sealed: Sql) -> None:
    asked, ended = event(Tag.RESTORE_ASKED, actor=BEN.id), event(Tag.RESTORE_ENDED)
    run = running(sealed)
    sealed.runs.finish(run, Status.DONE, event(Tag.CLEANUP_FINISHED))
    sealed.restores.ask("p1", BEN, lambda _state, _now: asked)
    restore = sealed.restores.claim("p1", "replica-1", LEASE)
    assert restore is not None
    sealed.restores.end(restore, ended)
    _take_away(sealed, attack_sealed, refilled=False)
    attack_sealed("UPDATE restore SET status = 'waiting'")
    assert sealed.restores.claim("p1", "replica-1", LEASE) is None
    assert sealed.restores.claimable() == ()
