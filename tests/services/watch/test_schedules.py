"""Schedules of several replicas on one database: each moment once, whoever is there, and never after the end."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.core.audit.events import Tag, time_text
from bot.core.docker.usage import DiskSpace
from bot.core.errors import ChatError
from bot.core.plan.arguments import Arguments, parse_arguments
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.policy import Policy
from bot.core.rules.rules import Rules
from bot.core.rules.schedules import Schedule, parse_when
from bot.engines.registry import DockerEngines
from bot.services.decide.propose import Propose
from bot.services.look.planning import Planning
from bot.services.rules.rights import Rights
from bot.services.watch.schedules import Schedules
from bot.store.opening import Store
from bot.trial.sample import SampleEngine
from tests.services.bench import UtcClock
from tests.store.samples import at_once
from tests.support.people import NoGroups
from tests.support.waiting import wait_until

HOSTS = ("a", "b", "c")
pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@dataclass
class Channel:
    """A chat that keeps what it is told, or refuses all of it."""

    silent: bool = False
    told: list[str] = field(default_factory=list)

    def tell(self, channel: str, sentence: str) -> None:
        if self.silent:
            raise ChatError("Slack could not be reached.")
        self.told.append(f"{channel}: {sentence}")


@dataclass
class Replica:
    """One process's schedules."""

    store: Store
    engines: DockerEngines
    hosts: Hosts
    schedule: Schedule
    chat: Channel = field(default_factory=Channel)
    ending: bool = False
    disk: DiskSpace | None = None
    asked: list[str] = field(default_factory=list)
    """Hosts whose disk was looked at."""
    numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """The process is started anew."""
        propose = Propose(
            hosts=lambda: self.hosts,
            rights=Rights(directory=NoGroups()),
            planning=Planning(engines=self.engines, ledger=self.store.ledger, rules=self.rules),
            plans=self.store.plans,
            trail=self.store.trail,
            clock=UtcClock(),
            new_id=lambda: f"{id(self)}-{next(self.numbers)}",
            changed=lambda: None,
        )
        self.schedules = Schedules(
            rules=self.rules,
            propose=propose,
            plans=self.store.plans,
            timers=self.store.timers,
            batches=self.store.batches,
            trail=self.store.trail,
            chat=self.chat,
            clock=UtcClock(),
            fullness=self.fullness,
            stopping=lambda: self.ending,
        )

    def fullness(self, host: str) -> DiskSpace | None:
        self.asked.append(host)
        return self.disk

    def rules(self) -> Rules:
        return Rules(hosts=self.hosts, schedules=(self.schedule,))

    def round(self) -> None:
        """Look which are due, and wait for what comes of it."""
        self.schedules()
        assert self.schedules.lane.join(20)

    def plans(self) -> int:
        return sum(len(self.store.plans.open_of("schedule:nightly", host)) for host in HOSTS)

    def tagged(self, tag: Tag) -> int:
        return len([link for link in self.store.audit.events("") if link.event.tag is tag])


@pytest.fixture
def replicas(open_another: Callable[[], Store]) -> Iterator[tuple[Replica, Replica]]:
    with (
        TemporaryDirectory(prefix="dh-") as folder,
        SampleEngine(socket_path=Path(folder) / "engine.sock") as engine,
    ):
        policy = Policy(name="p")
        hosts = {
            name: Host(name=name, address=SocketAddress(url=engine.url), policy=policy) for name in HOSTS
        }
        schedule = Schedule(
            name="nightly", hosts=HOSTS, arguments=Arguments(profile="everything"), cron="0 3 1 1 *",
            channel="C0OPS",
        )  # fmt: skip
        with closing(DockerEngines(hosts)) as engines:
            one, two = (
                Replica(store=open_another(), engines=engines, hosts=Hosts(hosts), schedule=schedule)
                for _ in range(2)
            )
            one.round()
            two.round()
            yield one, two


@pytest.fixture
def make_due(sql: Callable[[str], None]) -> Callable[[], None]:
    def make() -> None:
        moment = time_text(datetime.now(UTC) - timedelta(minutes=1))
        sql(f"UPDATE schedule SET next_at = '{moment}'")  # noqa: S608 - a time of the test's own

    return make


def test_of_two_replicas_at_once_one_plans_each_host_once(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, two = replicas
    for rounds in (1, 2, 3):
        make_due()
        assert at_once([one.round, two.round, one.round, two.round]) == [None] * 4
        assert one.plans() == len(HOSTS), "newer ones replaced the older"
        assert one.tagged(Tag.SCHEDULE_FIRED) == rounds
    assert one.store.chain.verify().broken is None


def test_what_is_not_due_does_nothing(replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    one.round()
    assert (one.plans(), one.tagged(Tag.SCHEDULE_FIRED)) == (0, 0)


def test_a_process_that_is_ending_takes_up_nothing(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, two = replicas
    make_due()
    one.ending = True
    one.round()
    assert (one.plans(), one.tagged(Tag.SCHEDULE_FIRED)) == (0, 0)
    two.round()
    assert two.plans() == len(HOSTS)


def test_another_cron_begins_the_schedule_anew_and_who_has_the_old_one_fires_no_more(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    old, new = replicas
    (before,) = old.store.timers.standing()
    new.schedule = replace(new.schedule, cron="0 4 1 1 *")
    new.again()
    new.round()
    (after,) = new.store.timers.standing()
    assert after.next_at - before.next_at == timedelta(hours=1)
    make_due()
    old.round()
    assert old.plans() == 0
    new.round()
    assert new.plans() == len(HOSTS)


def test_a_schedule_waits_for_no_host_and_for_no_other_schedule(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    other = replace(one.schedule, name="other", hosts=("a",))
    with (
        TemporaryDirectory(prefix="dh-") as folder,
        SampleEngine(socket_path=Path(folder) / "engine.sock") as silent,
    ):
        at = SocketAddress(url=silent.url)
        hosts = {
            f"silent-{n}": Host(name=f"silent-{n}", address=at, policy=Policy(name="p")) for n in range(12)
        }
        one.hosts = Hosts({**hosts, **one.hosts.by_name})
        one.engines.adopt(one.hosts.by_name)
        held = replace(one.schedule, hosts=tuple(hosts))
        rounds = replace(one.schedules, rules=lambda: Rules(hosts=one.hosts, schedules=(held, other)))
        rounds()
        make_due()
        with silent.universe.lock:
            rounds()  # it comes back
            wait_until(lambda: len(one.store.plans.open_of("schedule:other", "a")) == 1)
            assert not any(one.store.plans.open_of("schedule:nightly", host) for host in hosts)
            make_due()
            rounds()  # what is still at it is not begun once more
        assert one.schedules.lane.join(60)
        assert [len(one.store.plans.open_of("schedule:nightly", host)) for host in hosts] == [1] * len(hosts)


def test_one_host_that_is_not_registered_any_more_does_not_hold_up_the_others(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    one.hosts = Hosts({name: host for name, host in one.hosts.by_name.items() if name != "b"})
    make_due()
    one.round()
    assert one.plans() == len(HOSTS) - 1


def test_a_channel_that_cannot_be_told_holds_up_nothing(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    one.chat.silent = True
    limited = Policy(name="p", max_objects=0)
    one.hosts = Hosts({name: replace(host, policy=limited) for name, host in one.hosts.by_name.items()})
    make_due()
    one.round()
    assert one.tagged(Tag.SCHEDULE_REFUSED) == len(HOSTS)
    assert one.chat.told == []


# --- only where the disk is full enough -----------------------------------------------------------

FULL, EMPTY = (DiskSpace(size=100, free=free) for free in (20, 40))


def waiting(replica: Replica, when: str = "above 75%") -> None:
    replica.schedule = replace(replica.schedule, when=parse_when(when))


def test_a_schedule_that_waits_for_a_full_disk_plans_where_it_is_full(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    waiting(one)
    one.disk = FULL
    make_due()
    one.round()
    assert (one.plans(), sorted(one.asked)) == (len(HOSTS), list(HOSTS))


def test_where_the_disk_is_not_full_enough_it_makes_no_plan_and_the_audit_says_so_until_that_changes(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    waiting(one)
    for disk, plans, skipped in ((EMPTY, 0, 1), (EMPTY, 0, 1), (FULL, 1, 1)):
        one.disk = disk
        make_due()
        one.round()
        assert (one.plans(), one.tagged(Tag.SCHEDULE_SKIPPED)) == (plans * len(HOSTS), skipped * len(HOSTS))
    reasons = {
        link.event.facts.get("reason")
        for link in one.store.audit.events("")
        if link.event.tag is Tag.SCHEDULE_SKIPPED
    }
    assert reasons == {"its disk has 40B free of 100B (60% full), and it waits for above 75%"}
    assert one.chat.told == []


def test_while_its_plan_waits_for_people_a_schedule_that_looks_often_makes_no_other(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    waiting(one)
    one.disk = FULL
    plans = []
    for _ in range(2):
        make_due()
        one.round()
        plans.append({plan for host in HOSTS for plan in one.store.plans.open_of("schedule:nightly", host)})
    assert plans[0] == plans[1]
    assert len(plans[0]) == len(HOSTS)


def test_where_a_full_disk_has_nothing_that_may_go_the_audit_says_so_once(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    one.schedule = replace(one.schedule, arguments=parse_arguments(["everything", "until=9000d"]))
    waiting(one)
    one.disk = FULL
    for _ in range(3):
        make_due()
        one.round()
    assert (one.plans(), one.tagged(Tag.SCHEDULE_NOTHING)) == (0, len(HOSTS))


def test_a_disk_that_nobody_can_see_is_never_full_enough_and_that_is_said_once(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    waiting(one, "under 20GB")
    for _ in range(2):
        make_due()
        one.round()
    assert (one.plans(), len(one.chat.told)) == (0, len(HOSTS))
    unseen = "how full its disk is cannot be seen, and it waits for under 20GB."
    assert all(unseen in said for said in one.chat.told)


def test_a_target_on_a_disk_that_nobody_can_see_is_said_once_too(
    replicas: tuple[Replica, Replica], make_due: Callable[[], None]
) -> None:
    one, _ = replicas
    one.schedule = replace(one.schedule, arguments=parse_arguments(["everything", "below=70%"]))
    for _ in range(2):
        make_due()
        one.round()
    assert (one.plans(), len(one.chat.told)) == (0, len(HOSTS))
    assert all("Reach it by ssh with SFTP" in said for said in one.chat.told)
