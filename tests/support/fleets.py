"""Fleet plans for tests without Slack: proposed on engines that answer, and decided by people of no group."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from bot.core.life.fleets import FleetState
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person
from bot.core.plan.waves import Waves
from bot.core.rules.hosts import Hosts
from bot.core.rules.rules import Rules
from bot.engines.registry import DockerEngines
from bot.services.decide.propose import Propose
from bot.services.fleets.deciding import DecideFleet
from bot.services.fleets.propose import ProposeFleet
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.store.opening import Store
from bot.trial.sample import Builder, Step, Universe
from tests.support.people import NoGroups
from tests.support.workers import UtcClock

ANNA, BEN, CLEO = (
    Person(id="U0ANNA", name="Anna"), Person(id="U0BEN", name="Ben"), Person(id="U0CLEO", name="Cleo"),
)  # fmt: skip


def two_unused(name: str) -> Universe:
    """Two images of 700MB and 300MB, and one in use."""
    made = Universe(name=name)
    build = Builder(made)
    for image, size in (("old:1", 700), ("older:1", 300), ("web:1", 500)):
        steps = (Step(command=f"COPY {image} /", size=size * 10**6),)
        build.image(image, steps=steps, age=timedelta(days=60))
    build.container("web-1", "web:1", created=timedelta(days=9))
    return made


@dataclass(frozen=True, kw_only=True)
class Fleetly:
    """What asks for fleet plans and decides about them."""

    store: Store
    hosts: Callable[[], Hosts]
    waves: Waves = Waves()  # noqa: RUF009 - frozen

    def propose(self, selection: str, arguments: Arguments, requester: Person = ANNA) -> FleetState:
        ids = count(1)
        rights = Rights(directory=NoGroups())
        with closing(DockerEngines(self.hosts().by_name)) as engines, ThreadPoolExecutor(8) as pool:
            planning = Planning(
                engines=engines, ledger=self.store.ledger, rules=lambda: Rules(hosts=self.hosts())
            )
            propose = Propose(
                hosts=self.hosts, rights=rights, planning=planning, plans=self.store.plans,
                trail=self.store.trail, clock=UtcClock(), new_id=lambda: f"plan{next(ids)}",
                changed=lambda: None,
            )  # fmt: skip
            asking = ProposeFleet(
                propose=propose, fleets=self.store.fleets, pool=pool, clock=UtcClock(),
                waves=lambda: self.waves,
            )  # fmt: skip
            return asking(selection, arguments, requester, "C0", "request-1")

    @property
    def decide(self) -> DecideFleet:
        return DecideFleet(
            fleets=self.store.fleets, hosts=self.hosts, rights=Rights(directory=NoGroups()),
            trail=self.store.trail, changed=lambda: None,
        )  # fmt: skip

    def now(self, fleet_id: str) -> FleetState:
        state = self.store.fleets.get(fleet_id)
        assert state is not None
        return state


def by_host(state: FleetState) -> Mapping[str, str]:
    """Where each host's plan stands."""
    return {one.host: str(one.status) for one in state.standings}
