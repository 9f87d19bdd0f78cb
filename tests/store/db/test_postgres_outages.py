"""What PostgreSQL alone can do to a store: stop, cut a connection, be read-only, call a race lost."""

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import text
from sqlmodel import Session

from bot.core.errors import StoreUnavailableError
from bot.core.life.states import PlanState
from bot.ports import Change
from bot.store.db.database import current_revision
from bot.store.db.sessions import TRIES
from bot.store.opening import Store, migrate, open_store
from tests.store.samples import LEASE, SECRET, approval, approved, at_once, changes, propose, the
from tests.support.machines.postgres import PrivatePostgres

pytestmark = pytest.mark.postgres


def test_a_stopped_postgresql_is_unavailable_nothing_changes_and_it_goes_on_later(
    postgres: PrivatePostgres, postgres_template: str
) -> None:
    postgres.create_database("stopped", postgres_template)
    url = postgres.url("stopped", SECRET)
    store = open_store(url)
    before = approved(store)
    postgres.stop()
    try:
        looks: list[Callable[[], object]] = [
            partial(store.plans.get, "p1"),
            store.chain.verify,
            partial(migrate, url),
        ]
        for attempt in changes(store) + looks:
            with pytest.raises(StoreUnavailableError, match="cannot be reached") as said:
                attempt()
            assert SECRET not in f"{said.value!r} {said.value} {said.value.__cause__}"
    finally:
        postgres.start()
    assert the(store) == before
    assert store.runs.claim("p1", "replica-1", LEASE) is not None
    store.close()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_the_usual_names_of_postgresql_are_taken(
    postgres: PrivatePostgres, postgres_template: str, scheme: str
) -> None:
    url = postgres.url(postgres_template)
    assert current_revision(url.replace("postgresql+psycopg", scheme)) == current_revision(url) is not None


def test_a_read_only_postgresql_is_unavailable(postgres: PrivatePostgres, postgres_template: str) -> None:
    postgres.create_database("read_only", postgres_template)
    store = open_store(postgres.url("read_only") + "&options=-cdefault_transaction_read_only%3Don")
    with pytest.raises(StoreUnavailableError, match="is read-only"):
        propose(store)
    store.close()


@pytest.fixture
def on_postgres(postgres: PrivatePostgres, postgres_template: str) -> Iterator[Store]:
    name = f"only_{uuid.uuid4().hex}"
    postgres.create_database(name, postgres_template)
    store = open_store(postgres.url(name))
    yield store
    store.close()


def test_a_connection_cut_in_the_middle_changes_nothing_and_is_not_tried_again(on_postgres: Store) -> None:
    before = propose(on_postgres)
    decisions: list[PlanState] = []

    def decide(state: PlanState, moment: datetime) -> Change:
        decisions.append(state)
        on_postgres.sessions.reading(
            lambda session: session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            ).all()
        )
        return approval()(state, moment)

    with pytest.raises(StoreUnavailableError):
        on_postgres.plans.change("p1", decide)
    assert decisions == [before]
    assert the(on_postgres) == before


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_lost_race_is_tried_again_a_few_times(on_postgres: Store, state: str) -> None:
    tries: list[int] = []
    lose = text(f"DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '{state}'; END $$")

    def race(session: Session, losses: int) -> str:
        tries.append(losses)
        if len(tries) <= losses:
            session.execute(lose)
        return "won"

    assert on_postgres.sessions.writing(lambda session: race(session, 2)) == "won"
    assert len(tries) == 3
    with pytest.raises(StoreUnavailableError):
        on_postgres.sessions.writing(lambda session: race(session, 99))
    assert len(tries) == 3 + TRIES


def test_events_of_two_plans_deadlock_nobody(on_postgres: Store) -> None:
    for number in range(16):
        propose(on_postgres, f"p{number}", f"host-{number}")
    results = at_once([partial(on_postgres.plans.change, f"p{number}", approval()) for number in range(16)])
    assert all(isinstance(result, PlanState) for result in results)
    assert on_postgres.chain.verify().broken is None
