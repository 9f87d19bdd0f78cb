"""A fleet plan: many hosts' plans that are decided on together. Each is a plan of its own, named here by its digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.docker.inventory import Kind
from bot.core.life.restoring import lost_for_good
from bot.core.life.states import ENDED, MessageRef, Outcome, Status
from bot.core.plan.plan import Draft, Frees, Person
from bot.core.plan.waves import Waves

MOST_HOSTS = 35
"""Of one fleet plan: each is a line of one message, and all lines must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One host's plan. ``digest`` binds its list; the figures are those of the list, for people to read."""

    host: str
    plan: str
    digest: str = ""
    """Empty until the plan is stored."""
    objects: int
    frees: Frees
    lost: Mapping[Kind, int] = field(default_factory=dict)
    """How many objects of each kind nothing brings back."""
    volume_bytes: int = 0
    """Of the data that goes for good."""

    @property
    def volumes(self) -> int:
        return self.lost.get(Kind.VOLUME, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A host that was meant and has no plan, and why, in a sentence."""

    host: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """What was asked for at once; it never changes. Its digest binds the digests of its plans."""

    id: str
    selection: str
    """The hosts as somebody wrote them."""
    request: str
    """The profile and what narrows it."""
    requester: Person
    created_at: datetime
    members: tuple[Member, ...]
    """In the order of the configuration, which is the order of the waves."""
    left_out: tuple[LeftOut, ...] = ()
    waves: Waves = Waves()  # noqa: RUF009 - frozen, like all values here

    def member(self, plan_id: str) -> Member | None:
        return next((one for one in self.members if one.plan == plan_id), None)


def member_of(host: str, plan_id: str, draft: Draft) -> Member:
    """What a fleet says of a host's plan."""
    data = sum(item.bytes for item in draft.items if item.kind is Kind.VOLUME)
    return Member(
        host=host, plan=plan_id, objects=len(draft.items), frees=draft.frees,
        lost=lost_for_good(draft.items), volume_bytes=data,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one host's plan stands in its rollout."""

    host: str
    plan: str
    status: Status
    wave: int = 0
    """The wave that it began with; 0: it waits."""
    ready: bool = True
    """Of an approved plan: whether the window of its policy is open."""
    starts_at: datetime | None = None
    attention: str = ""
    """Why a running cleanup stands still."""
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    """Objects by what became of them."""
    reclaimed: int = 0
    approvers: tuple[str, ...] = ()
    expires_at: datetime | None = None
    reason: str = ""
    quorum: int = 1
    """Approvals needed, as the policy said when it was proposed; for display only."""

    @property
    def objects(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def done(self) -> int:
        """Objects that are accounted for."""
        return self.objects - self.counts.get(Outcome.PLANNED, 0) - self.counts.get(Outcome.REMOVING, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """A fleet and where its hosts stand; ``version`` grows with each change of the fleet itself."""

    fleet: Fleet
    version: int
    plans_version: int = 0
    """Grows with each change of one of its plans."""
    standings: tuple[Standing, ...]
    """In the order of the members."""
    held: str = ""
    """Why no further host begins until a person says so; empty while the rollout goes on."""
    excused: frozenset[str] = frozenset()
    """Plans whose trouble somebody has seen and said go on."""
    ended: bool = False
    message: MessageRef | None = None
    doubt: str = ""
    """What its row says otherwise than its proposal in the audit; nothing is done with a fleet that has one."""

    def with_status(self, *statuses: Status) -> tuple[Standing, ...]:
        return tuple(one for one in self.standings if one.status in statuses)

    @property
    def counted(self) -> tuple[Member, ...]:
        """The members that have begun, or may yet: what was left out, or rejected, is not planned any more.

        All of them where none has begun or may.
        """
        out = {one.plan for one in self.standings if one.ended and one.wave == 0}
        return tuple(one for one in self.fleet.members if one.plan not in out) or self.fleet.members

    @property
    def begun(self) -> int:
        """How many waves have begun."""
        return max((one.wave for one in self.standings), default=0)
