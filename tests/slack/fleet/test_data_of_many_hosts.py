"""Data on many hosts: no approval takes a volume that a form has not listed, host by host."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.core.errors import RefusedError
from bot.core.life.states import Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.services.fleets.deciding import DecideFleet
from bot.services.rules.rights import Rights
from bot.slack.action_ids import FLEET_APPROVE, FLEET_APPROVE_PLAN
from bot.slack.fleet.forms import listed_in
from bot.trial.sample import Builder
from tests.services.bench import OPEN_TO_ALL
from tests.slack.fleet.site import Site
from tests.slack.fleet.test_a_fleet_plan import OPEN, ask, ended
from tests.slack.place import BOB, PATIENCE
from tests.support.people import NoGroups


def with_volumes(site: Site, *hosts: str) -> dict[str, str]:
    """An old volume without a name on each of these; their ids."""
    made = {}
    for host in hosts:
        universe = site.engines[host].universe
        with universe.lock:
            made[host] = Builder(universe).volume(size=10**9, age=timedelta(days=90)).name
    return made


def registered(site: Site) -> Hosts:
    """The hosts of that name, each open to all."""
    return Hosts({
        name: Host(name=name, address=SocketAddress(url=engine.url), policy=OPEN_TO_ALL)
        for name, engine in site.engines.items()
    })  # fmt: skip


def test_an_approval_that_has_not_listed_the_data_does_not_count_where_data_would_go(
    begin: Callable[..., Site],
) -> None:
    site = begin(OPEN)
    volumes = with_volumes(site, "web-1", "web-2")
    ask(site, "web-1,web-2,web-3 volumes")
    message = site.message("Approve?")
    assert "Data that is gone for good" in message.text
    assert site.workspace.click(BOB, message.ts, FLEET_APPROVE).ok
    form = site.workspace.wait_for(lambda: site.workspace.view(BOB), PATIENCE)
    assert form is not None
    assert form["callback_id"] == FLEET_APPROVE_PLAN
    assert all(volume[:12] in str(form) for volume in volumes.values()), "each is listed"
    assert listed_in(form) == {one.plan for one in site.fleet().standings}
    assert {one.status for one in site.fleet().standings} == {Status.PROPOSED}
    decide = DecideFleet(
        fleets=site.place.store.fleets, hosts=lambda: registered(site), rights=Rights(directory=NoGroups()),
        trail=site.place.store.trail, changed=lambda: None,
    )  # fmt: skip
    with pytest.raises(RefusedError, match="data that would be gone for good"):
        decide.approve(site.fleet_id(), Person(id=BOB), "C0OPS")
    assert {one.status for one in site.fleet().standings} == {Status.PROPOSED}
    assert site.workspace.submit_view(BOB, {}).ok
    ended(site)
    assert {one.status for one in site.fleet().standings} == {Status.DONE}
