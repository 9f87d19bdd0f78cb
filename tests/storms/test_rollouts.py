"""Replicas that die in the middle of a wave: nothing is lost, nothing runs twice, no host begins before its wave."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import DeckhandError
from bot.core.life.fleets import FleetState
from bot.core.life.states import CLEANUP_OUTCOMES
from bot.core.plan.arguments import Arguments
from bot.core.plan.waves import Share, Waves
from bot.store.opening import Store
from tests.storms.storm import Storm, check_log, working
from tests.storms.test_kills import left_on, on_both
from tests.support.fleets import BEN, Fleetly, by_host
from tests.support.workers import Work, Workers, hosts_at, serve_engines

PATIENCE = 300.0
"""Seconds."""
WAVES = Waves(first=1, then=Share(2))


def someone_says_go_on(fleetly: Fleetly, storm: Storm, fleet_id: str, over: threading.Event) -> None:
    """What a person does about a rollout that is held: cleanups that died too often stand still, and hold it."""
    while not over.wait(0.2):
        with suppress(DeckhandError):
            storm._let_go_on()
        with suppress(DeckhandError):
            if fleetly.now(fleet_id).held:
                fleetly.decide.go_on(fleet_id, BEN)


def until_it_ended(fleetly: Fleetly, fleet_id: str) -> None:
    """A busy machine may take its time; it is asked seldom, since asking takes some too."""
    until = time.monotonic() + PATIENCE
    while not (state := fleetly.now(fleet_id)).ended:
        assert time.monotonic() < until, (state.held, by_host(state))
        time.sleep(0.2)


def waves_of(store: Store, state: FleetState) -> Sequence[Sequence[str]]:
    """The hosts of each wave, in their order, as the audit has them."""
    found = []
    for link in store.audit.events(state.fleet.id):
        if link.event.tag == Tag.FLEET_WAVE:
            plans = link.event.facts["plans"]
            assert isinstance(plans, list)
            found.append([str(one["plan"]) for one in plans if isinstance(one, dict)])
    return found


def seqs(store: Store, plan: str, tag: Tag) -> list[int]:
    return [link.seq for link in store.audit.events(plan) if link.event.tag == tag]


@on_both
def test_replicas_killed_in_the_middle_of_a_wave_lose_nothing_and_begin_no_host_early(
    store: Store, url: str, sockets: Path
) -> None:
    names = [f"host-{number}" for number in range(5)]
    process, urls = serve_engines(sockets, names, containers=8, images=0, pause=0.05)
    fleetly = Fleetly(store=store, hosts=lambda: hosts_at(urls), waves=WAVES)
    state = fleetly.propose("all", Arguments(profile="everything"))
    fleet_id = state.fleet.id
    fleetly.decide.approve(fleet_id, BEN)
    storm = Storm(store=store, urls=urls, plans=[one.plan for one in state.fleet.members])
    over = threading.Event()
    person = threading.Thread(target=someone_says_go_on, args=(fleetly, storm, fleet_id, over))
    replicas = 1 if url.startswith("sqlite") else 3
    with working(Workers(Work(database=url, urls=urls, lease=1.2), replicas)) as workers:
        person.start()
        try:
            storm.rage(workers, 4, (0.2, 0.5), seed=11)
            until_it_ended(fleetly, fleet_id)
        finally:
            over.set()
            person.join()
    outcomes = storm.check(left_on(urls))
    assert outcomes["removed"] + outcomes["gone"] == sum(one.objects for one in state.fleet.members)
    for name in names:
        check_log(sockets / f"{name}.log")
    waves = waves_of(store, state)
    assert [len(wave) for wave in waves] == [1, 2, 2]
    assert sorted(plan for wave in waves for plan in wave) == sorted(storm.plans), "each host once"
    for before, after in pairwise(waves):
        ended = max(seqs(store, plan, Tag.CLEANUP_FINISHED)[0] for plan in before)
        assert ended < min(seqs(store, plan, Tag.CLEANUP_STARTED)[0] for plan in after)
    ends = [link.event for link in store.audit.events(fleet_id) if link.event.tag == Tag.FLEET_ENDED]
    assert len(ends) == 1
    assert {one.status for one in fleetly.now(fleet_id).standings} <= CLEANUP_OUTCOMES
    assert store.chain.verify().broken is None
    assert store.chain.compare().differences == ()
    process.kill()
    process.join()


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_replicas_share_the_hosts_of_a_wave(store: Store, url: str, sockets: Path) -> None:
    names = [f"host-{number}" for number in range(4)]
    process, urls = serve_engines(sockets, names, containers=6, images=0, pause=0.1)
    fleetly = Fleetly(store=store, hosts=lambda: hosts_at(urls), waves=Waves(first=4))
    state = fleetly.propose("all", Arguments(profile="everything"))
    fleetly.decide.approve(state.fleet.id, BEN)
    with working(Workers(Work(database=url, urls=urls), 3)):
        until_it_ended(fleetly, state.fleet.id)
    assert fleetly.now(state.fleet.id).begun == 1
    with store.sessions._db.connect() as connection:
        owners = connection.exec_driver_sql("SELECT DISTINCT owner FROM plan").scalars().all()
    assert owners
    process.kill()
    process.join()
