"""Home: what one person may see and do, gathered from the database alone; no engine is asked for it.

A Home has no channel, so a right that a policy gives to whoever asks in a channel does not count there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.core.docker.usage import LastLook
from bot.core.errors import NewerReleaseError, PlanDiffersError, RefusedError
from bot.core.life.states import ENDED, PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right, is_channel, may_be_own
from bot.core.rules.telling import Wish, Wished
from bot.core.watch.outlook import Outlook
from bot.ports import Audit, Cleanup, Clock, Ledger, OpenPlan, People, Plans, Timers, Trouble
from bot.services.rules.rights import Rights
from bot.services.watch.histories import Histories
from bot.services.watch.schedules import UNREACHABLE

T = TypeVar("T")
May = Callable[[Host, Right], bool]

WAITING_SHOWN, YOURS_SHOWN, HOSTS_SHOWN = 6, 5, 12
"""Of a page: with all other parts they stay below the 100 blocks of a Home."""
STUCK_SHOWN = 5
ENDED_SHOWN = 3
RECENT_SHOWN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Which page of each long list a person is at, from 0."""

    waiting: int = 0
    yours: int = 0
    hosts: int = 0

    def turned(self, name: str, page: int) -> "Pages":
        """The same with another page of one list; as they are for a name that is none."""
        if name not in {"waiting", "yours", "hosts"}:
            return self
        return replace(self, **{name: page})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[T]):
    """One page of a list."""

    shown: tuple[T, ...] = ()
    page: int = 0
    pages: int = 1
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """A plan with what this person may do about it; the host is as it is registered now, if it still is."""

    state: PlanState
    host: Host | None = None
    may_approve: bool = False
    may_stop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostLine:
    """A host as it is known without asking it."""

    host: Host
    look: LastLook | None = None
    """None: never looked at."""
    cleanup: Cleanup | None = None
    """The one that began last."""
    needs_attention: bool = False
    unreachable: Trouble | None = None
    """Set when a schedule could not reach it, and nobody has looked at it since."""
    lasts: str = ""
    """How long its disk lasts, in a few words; empty where nothing is foretold."""

    @property
    def has_problem(self) -> bool:
        return self.needs_attention or self.unreachable is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFigures:
    """All hosts that a person may look at, as they were seen the last time; sizes in bytes."""

    hosts: int = 0
    looked_at: int = 0
    held: int = 0
    free: int = 0
    disks: int = 0
    """How many hosts ``free`` is of."""
    problems: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What a person's Home says, each part as far as this person may see it."""

    drawn_at: datetime
    """For display only: a Home that differs in nothing else is the same."""
    stuck: Part[PlanLine] = Part()
    """Cleanups that need attention where the person may give it."""
    waiting: Part[PlanLine] = Part()
    """Plans that wait for this person's decision."""
    yours: Part[PlanLine] = Part()
    """Plans that the person asked for and that have not ended."""
    ended: tuple[PlanState, ...] = ()
    """The last of those that have."""
    hosts: Part[HostLine] = Part()
    fleet: FleetFigures = FleetFigures()
    recent: tuple[Cleanup, ...] = ()
    may_audit: bool = False
    wished: Wished = Wished(person="")  # noqa: RUF009 - frozen, like all values here
    """How the person wants to be told of plans."""
    elsewhere: bool = False
    """Whether a policy shows something more to whoever asks in a channel that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherHome:
    """Reads a person's Home; rights are those of this moment."""

    hosts: Callable[[], Hosts]
    rights: Rights
    plans: Plans
    timers: Timers
    ledger: Ledger
    audit: Audit
    histories: Histories
    people: People
    clock: Clock

    def __call__(self, person: Person, pages: Pages) -> Home:
        """StoreUnavailableError when the database cannot be read."""
        person = self.rights.identified(person)
        hosts, may, plans = self.hosts(), self._rights_of(person), self.plans.going_on()
        known = self._known_to(person, hosts, may)
        stuck = part(_stuck(plans, hosts, may), 0, STUCK_SHOWN, self._line(hosts, may))
        waiting = _waiting(plans, hosts, may, person)
        at_the_top = {line.state.plan.id for line in stuck.shown}
        yours = [
            plan for plan in plans
            if plan.requester_id == person.id and plan.id not in at_the_top and known(plan.host)
        ]  # fmt: skip
        lines = self._host_lines([host for host in hosts.all() if may(host, Right.LOOK)], plans)
        shown = part(lines, pages.hosts, HOSTS_SHOWN, lambda line: line)
        audited = [host.name for host in hosts.all() if may(host, Right.AUDIT)]
        return Home(
            drawn_at=self.clock.now(),
            stuck=stuck,
            waiting=part(waiting, pages.waiting, WAITING_SHOWN, self._line(hosts, may)),
            yours=part(yours, pages.yours, YOURS_SHOWN, self._line(hosts, may)),
            ended=tuple(state for state in self._ended(person) if known(state.plan.host)),
            hosts=self._with_cleanups(shown),
            fleet=_figures(lines),
            recent=self.audit.cleanups(hosts=audited, limit=RECENT_SHOWN) if audited else (),
            may_audit=bool(audited),
            wished=self._wished(person),
            elsewhere=self._elsewhere(person, hosts, may, plans),
        )

    def _wished(self, person: Person) -> Wished:
        """What they chose; of who never did, with the time zone that Slack tells."""
        wished = self.people.wish(person.id)
        return wished if wished.zone else replace(wished, zone=self.rights.known(person).zone)

    def choose(self, person: Person, wish: Wish) -> None:
        """Keep how somebody wants to be told, for every replica; the digest comes by their own clock.

        RefusedError for whom no policy could give a right: there is nothing to tell them.
        """
        refused = self.rights.barred(person)
        if refused:
            raise RefusedError(refused)
        person = self.rights.identified(person)
        zone = self.rights.known(person).zone
        self.people.choose(Wished(person=person.id, wish=wish, zone=zone))

    def _rights_of(self, person: Person) -> May:
        """Ask each policy once for each right, however many hosts have it."""
        known: dict[tuple[str, Right], bool] = {}

        def may(host: Host, right: Right) -> bool:
            key = (host.policy.name, right)
            if key not in known:
                known[key] = self.rights.has(host, right, person)
            return known[key]

        return may

    def _line(self, hosts: Hosts, may: May) -> Callable[[OpenPlan], PlanLine | None]:
        def line(plan: OpenPlan) -> PlanLine | None:
            state, host = self._plan(plan.id), hosts.by_name.get(plan.host)
            if state is None or state.status in ENDED:
                return None  # it ended between the two readings
            allowed = {right: host is not None and may(host, right) for right in (Right.APPROVE, Right.STOP)}
            return PlanLine(
                state=state, host=host, may_approve=allowed[Right.APPROVE], may_stop=allowed[Right.STOP]
            )

        return line

    def _known_to(self, person: Person, hosts: Hosts, may: May) -> Callable[[str], bool]:
        """Whether the person may still know of a host, here or in a channel; one that is gone has no rules any more."""

        def known(name: str) -> bool:
            host = hosts.by_name.get(name)
            return host is None or any(
                may(host, right) or self._by_channel(host, right, person) for right in Right
            )

        return known

    def _by_channel(self, host: Host, right: Right, person: Person) -> bool:
        """Whether a channel would give the person the right."""
        channels = filter(is_channel, host.policy.entries(right))
        return any(self.rights.has(host, right, person, channel) for channel in channels)

    def _elsewhere(self, person: Person, hosts: Hosts, may: May, plans: Iterable[OpenPlan]) -> bool:
        """Whether a channel would show this person a host, or let them decide about a plan, that a Home does not."""

        def by_channel(host: Host | None, right: Right) -> bool:
            return host is not None and not may(host, right) and self._by_channel(host, right, person)

        return any(by_channel(host, Right.LOOK) for host in hosts.all()) or any(
            by_channel(hosts.by_name.get(plan.host), Right.APPROVE)
            for plan in plans
            if plan.status is Status.PROPOSED
        )

    def _plan(self, plan_id: str) -> PlanState | None:
        try:
            return self.plans.get(plan_id)
        except (NewerReleaseError, PlanDiffersError):
            return None  # a process of that release shows it, or its message says that its rows make no plan

    def _ended(self, person: Person) -> tuple[PlanState, ...]:
        found = (self._plan(plan_id) for plan_id in self.plans.ended(person.id, ENDED_SHOWN))
        return tuple(state for state in found if state is not None)

    def _host_lines(self, hosts: Sequence[Host], plans: Iterable[OpenPlan]) -> list[HostLine]:
        """Problems first, then what fills first, then the fullest; what was never looked at is last."""
        names = [host.name for host in hosts]
        looks, troubles = self.ledger.last_looks(names), self.timers.troubles(names)
        stuck = {plan.host for plan in plans if plan.needs_attention}
        outlook = self.histories.outlook(names)
        lines = [
            HostLine(
                host=host,
                look=looks.get(host.name),
                needs_attention=host.name in stuck,
                unreachable=_unreachable(host.name, troubles, looks),
                lasts=outlook.words(host.name),
            )
            for host in hosts
        ]
        return sorted(lines, key=lambda line: _rank(line, outlook))

    def _with_cleanups(self, shown: Part[HostLine]) -> Part[HostLine]:
        latest = self.audit.latest_cleanups([line.host.name for line in shown.shown])
        return replace(
            shown, shown=tuple(replace(line, cleanup=latest.get(line.host.name)) for line in shown.shown)
        )


S = TypeVar("S")


def part(everything: Sequence[S], page: int, size: int, make: Callable[[S], T | None]) -> Part[T]:
    """A page of a list; one beyond its end is the last one."""
    pages = max(1, -(-len(everything) // size))
    page = max(0, min(page, pages - 1))
    made = map(make, everything[page * size : (page + 1) * size])
    shown = tuple(one for one in made if one is not None)
    return Part(shown=shown, page=page, pages=pages, total=len(everything))


def _stuck(plans: Iterable[OpenPlan], hosts: Hosts, may: May) -> list[OpenPlan]:
    def can_act(plan: OpenPlan) -> bool:
        host = hosts.by_name.get(plan.host)
        return host is not None and (may(host, Right.APPROVE) or may(host, Right.STOP))

    return [plan for plan in plans if plan.needs_attention and can_act(plan)]


def _waiting(plans: Iterable[OpenPlan], hosts: Hosts, may: May, person: Person) -> list[OpenPlan]:
    def can_decide(plan: OpenPlan) -> bool:
        host = hosts.by_name.get(plan.host)
        if host is None or person.id in plan.approver_ids or not may(host, Right.APPROVE):
            return False
        return may_be_own(host.policy, plan.requester_id, person.id)

    return [plan for plan in plans if plan.status is Status.PROPOSED and can_decide(plan)]


def _unreachable(host: str, troubles: Mapping[str, Trouble], looks: Mapping[str, LastLook]) -> Trouble | None:
    trouble, look = troubles.get(host), looks.get(host)
    if trouble is None or trouble.what != UNREACHABLE or (look is not None and look.at >= trouble.at):
        return None
    return trouble


def _rank(line: HostLine, outlook: Outlook) -> tuple[bool, timedelta, bool, bool, float, str]:
    disk = line.look.disk if line.look else None
    full = disk.used_share if disk else 0
    left = outlook.left(line.host.name)
    return (not line.has_problem, left, line.look is None, disk is None, -full, line.host.name)


def _figures(lines: Sequence[HostLine]) -> FleetFigures:
    looks = [line.look for line in lines if line.look]
    disks = [look.disk for look in looks if look.disk]
    return FleetFigures(
        hosts=len(lines),
        looked_at=len(looks),
        held=sum(look.usage.size for look in looks),
        free=sum(disk.free for disk in disks),
        disks=len(disks),
        problems=sum(line.has_problem for line in lines),
    )
