"""One engine under two names is never cleaned by two runs at a time; clones that share its id are."""

from dataclasses import replace

import pytest

from bot.core.audit.events import Tag
from bot.core.docker.inventory import EngineInfo
from bot.store.opening import Store
from tests.store.samples import ANNA, CHANNEL, ENGINE, LEASE, approval, event, plan, the

CLONES = (ENGINE, replace(ENGINE, name="clone"), replace(ENGINE, data_root="/srv/docker"))


def approved_on(store: Store, plan_id: str, host: str, engine: EngineInfo) -> None:
    proposed = event(Tag.PLAN_PROPOSED, plan_id, host, ANNA.id)
    store.plans.create(plan(plan_id, host, engine=engine), 1, CHANNEL, proposed)
    store.plans.change(plan_id, approval())


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_the_second_name_of_an_engine_waits_for_the_first(store: Store) -> None:
    approved_on(store, "p1", "prod", ENGINE)
    approved_on(store, "p2", "production", ENGINE)
    assert store.runs.claimable() == ("p1",)
    assert store.runs.claim("p1", "replica-1", LEASE)
    assert store.runs.claimable() == ()
    assert store.runs.claim("p2", "replica-2", LEASE) is None
    assert the(store, "p2").waits_for == "p1"


def test_the_database_itself_refuses_two_runs_on_one_engine(store: Store, sql: object) -> None:
    approved_on(store, "p1", "prod", ENGINE)
    assert store.runs.claim("p1", "replica-1", LEASE)
    approved_on(store, "p2", "production", ENGINE)
    assert callable(sql)
    with pytest.raises(Exception, match=r"UNIQUE|plan_one_running_per_engine"):
        sql("UPDATE plan SET status = 'running' WHERE id = 'p2'")


def test_clones_that_share_an_id_are_cleaned_side_by_side(store: Store) -> None:
    for number, engine in enumerate(CLONES):
        approved_on(store, f"p{number}", f"host-{number}", engine)
    for number in range(len(CLONES)):
        assert store.runs.claim(f"p{number}", "replica-1", LEASE)
