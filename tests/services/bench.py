"""The use cases, wired as the app wires them: to a real engine and a real database."""

import tarfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from itertools import count

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.life.states import ItemState, Outcome, PlanState
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person, Plan
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import NOTHING_MORE, Protection
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.rules.rules import Rules
from bot.engines.clients import Clients
from bot.engines.docker.engine import DockerEngine
from bot.engines.held import HeldDockerEngine
from bot.engines.registry import DockerEngines
from bot.ports import Engines, Run
from bot.services.decide.decide import Decide
from bot.services.decide.propose import Propose
from bot.services.leases import Leases
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.run.execute import Execute
from bot.services.run.standing_rules import OfRun
from bot.services.run.starting import Starting
from bot.services.run.stop import Stop
from bot.store.opening import Store
from tests.support.lying.holding import holding, unproven
from tests.support.machines.engine import PrivateEngine
from tests.support.people import NoGroups

HOST = "prod-3"
ANNA, BEN = Person(id="U0ANNA", name="Anna"), Person(id="U0BEN", name="Ben")
OPEN_TO_ALL = Policy(name="open", look=("*",), request=("*",), approve=("*",), stop=("*",))
LEASE = timedelta(seconds=60)

Calling = Callable[[str, Sequence[str]], None]


class UtcClock:
    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)


def hosts_at(engine: PrivateEngine, policy: Policy = OPEN_TO_ALL) -> Hosts:
    return Hosts({HOST: Host(name=HOST, address=SocketAddress(url=engine.url), policy=policy)})


class WatchedEngine(HeldDockerEngine):
    """The real engine, with a function that is called before each call that removes something."""

    def __init__(self, clients: Clients, calling: Calling) -> None:
        super().__init__(HOST, unproven(lambda: clients.client(HOST)))
        self._calling = calling

    def remove_container(self, container_id: str) -> None:
        self._calling("remove_container", [container_id])
        super().remove_container(container_id)

    def untag(self, reference: str) -> None:
        self._calling("untag", [reference])
        super().untag(reference)

    def tag(self, image_id: str, reference: str) -> None:
        self._calling("tag", [image_id, reference])
        super().tag(image_id, reference)

    def remove_image(self, image_id: str) -> tuple[str, ...]:
        self._calling("remove_image", [image_id])
        return super().remove_image(image_id)

    def remove_network(self, network_id: str) -> None:
        self._calling("remove_network", [network_id])
        super().remove_network(network_id)

    def remove_volume(self, name: str) -> None:
        self._calling("remove_volume", [name])
        super().remove_volume(name)

    def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
        self._calling("prune_cache", record_ids)
        return super().prune_cache(record_ids)


@dataclass(frozen=True, slots=True)
class Lead:
    """Every host's name leads to this one engine."""

    engine: HeldDockerEngine

    def connect(self, host: str) -> DockerEngine:  # noqa: ARG002 - the port's own
        return self.engine

    def hold(self, host: str, engine: EngineInfo) -> AbstractContextManager[HeldDockerEngine]:
        return holding(host, self.engine, engine)


@dataclass(slots=True, kw_only=True)
class Bench:
    """One host with a private engine, one database, two people."""

    engine: PrivateEngine
    store: Store
    engines: DockerEngines
    clients: Clients
    """For engines of the tests' own making; closed with the rest."""
    policy: Policy = OPEN_TO_ALL
    protected: tuple[str, ...] = ()
    """Labels."""
    dangling_min_age: timedelta = timedelta()
    everywhere: Protection = NOTHING_MORE
    profiles: Mapping[str, Profile] = field(default_factory=lambda: BUILT_IN)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    changes: list[None] = field(default_factory=list)
    """One entry per call of ``changed``."""

    def propose(self) -> Propose:
        return self._propose(hosts_at(self.engine, self.policy), self.engines)

    @contextmanager
    def elsewhere(self, hosts: Hosts) -> Iterator[Propose]:
        """Propose for hosts of the test's own."""
        with closing(DockerEngines(hosts.by_name)) as engines:
            yield self._propose(hosts, engines)

    def rules(self, hosts: Hosts | None = None) -> Rules:
        """As they are now."""
        mine = Protection(labels=self.protected, dangling_min_age=self.dangling_min_age)
        everywhere = mine.and_also(self.everywhere)
        given = (hosts or hosts_at(self.engine, self.policy)).by_name
        protected = {name: replace(host, everywhere=everywhere) for name, host in given.items()}
        return Rules(hosts=Hosts(protected), profiles=self.profiles)

    def planning(self, engines: Engines | None = None, hosts: Hosts | None = None) -> Planning:
        """By the rules of each moment."""
        return Planning(
            engines=engines or self.engines, ledger=self.store.ledger, rules=lambda: self.rules(hosts)
        )

    def _propose(self, hosts: Hosts, engines: Engines) -> Propose:
        planning = self.planning(engines, hosts)
        return Propose(
            hosts=lambda: hosts,
            rights=Rights(directory=NoGroups()),
            planning=planning,
            plans=self.store.plans,
            trail=self.store.trail,
            clock=UtcClock(),
            new_id=lambda: f"p{next(self.numbers)}",
            changed=lambda: self.changes.append(None),
        )

    def proposed(self, profile: str = "everything", *only: Kind) -> Plan:
        arguments = Arguments(profile=profile, only=frozenset(only) or None)
        self.engine.until_builds_let_go()
        return self.propose()(HOST, arguments, ANNA, "C0DISK").plan

    def approved(self, profile: str = "everything", *only: Kind) -> Plan:
        """A plan that Anna asked for (of these kinds only, when given) and Ben approved."""
        plan = self.proposed(profile, *only)
        self.approve(plan)
        return plan

    def approve(self, plan: Plan) -> None:
        self.approve_on(hosts_at(self.engine, self.policy), plan, BEN)

    def approve_on(self, hosts: Hosts, plan: Plan, person: Person) -> None:
        decide = Decide(
            hosts=lambda: hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )
        decide(plan.id, person, approve=True)

    def starting(self) -> Starting:
        """What asks the policy in force before a run."""
        return Starting(
            hosts=lambda: hosts_at(self.engine, self.policy),
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            clock=UtcClock(),
            changed=lambda: self.changes.append(None),
        )

    def stop(self, policy: Policy = OPEN_TO_ALL) -> Stop:
        hosts = hosts_at(self.engine, policy)
        return Stop(
            hosts=lambda: hosts,
            rights=Rights(directory=NoGroups()),
            plans=self.store.plans,
            trail=self.store.trail,
            changed=lambda: None,
        )

    def held(self) -> HeldDockerEngine:
        """The engine, to change something on it beside a run."""
        return WatchedEngine(self.clients, lambda _call, _ids: None)

    def watched(self, calling: Calling) -> Lead:
        return Lead(WatchedEngine(self.clients, calling))

    def execute(
        self,
        *,
        engines: Engines | None = None,
        store: Store | None = None,
        owner: str = "replica-1",
        stopping: Callable[[], bool] = lambda: False,
        lease: timedelta = LEASE,
    ) -> Execute:
        store = store or self.store
        return Execute(
            plans=store.plans,
            runs=store.runs,
            audit=store.audit,
            engines=engines or self.engines,
            leases=Leases(claims=store.runs, owner=owner, ticks=time.monotonic, lease=lease),
            patience=timedelta(),
            changed=lambda: None,
            stopping=stopping,
            starting=self.starting(),
            pause=lambda _seconds: None,
            rules=partial(OfRun, self.planning()),
        )

    def run(self, plan: Plan) -> PlanState:
        """Run an approved plan to its end."""
        self.execute()(plan.id)
        return self.state(plan)

    def state(self, plan: Plan) -> PlanState:
        state = self.store.plans.get(plan.id)
        assert state is not None
        return state

    def claimed(self, plan: Plan, owner: str = "replica-1") -> Run:
        run = self.store.runs.claim(plan.id, owner, LEASE)
        assert run is not None
        return run

    def tags(self, plan: Plan) -> list[str]:
        return [str(link.event.tag) for link in self.store.audit.events(plan.id)]


def imported(engine: PrivateEngine, tag: str = "base:latest") -> str:
    """The id of an image of one small file: quicker made than built, and nothing in it can run."""
    tar = BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        entry = tarfile.TarInfo("file")
        entry.size = 1_000
        archive.addfile(entry, BytesIO(tag[:1].encode() * entry.size))
    return engine.docker("import", "-", tag, stdin=tar.getvalue().decode("ascii"))


def item(state: PlanState, object_id: str) -> ItemState:
    """The item of an object, by its id."""
    found = [each for each in state.items if each.item.id == object_id]
    assert len(found) == 1, f"{object_id} is {len(found)} items of {[i.item.name for i in state.items]}"
    return found[0]


def outcomes(state: PlanState, *kinds: Kind) -> dict[str, Outcome]:
    """How each item ended, by name; of these kinds only, when given."""
    return {each.item.name: each.outcome for each in state.items if not kinds or each.item.kind in kinds}
