"""Replicas that tell people of plans, with a chat that keeps what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.core.audit import facts
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Host, Hosts, SocketAddress
from bot.core.rules.on_call import OnCall
from bot.core.rules.people import Known
from bot.core.rules.policy import Policy, Tell
from bot.core.rules.rules import Rules
from bot.core.rules.telling import Notice
from bot.services.rules.rights import Rights
from bot.services.watch.digests import Digests
from bot.services.watch.telling import Once, Telling
from bot.services.watch.whom import Whom
from bot.store.opening import Store
from tests.slack.states import proposed
from tests.support.people import member

PLAN = "k7m2p9wxyz"
HALF, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
"""Half of the time of that plan."""
HEAD, OPS = "U0HEAD", "S0OPS"
GROUPS: Mapping[str, frozenset[str]] = {
    OPS: frozenset({"U0BOB", "U0EVE"}),
    "S0DUTY": frozenset({"U0EVE", "U0NOBODY"}),
}


@dataclass
class Chat:
    """A chat that keeps what it is told, or raises."""

    error: Exception | None = None
    told: list[str] = field(default_factory=list)

    def _tell(self, *words: str) -> None:
        if self.error:
            raise self.error
        self.told.append(" ".join(words))

    def call_person(self, _state: PlanState, notice: Notice, person: str, by: str = "") -> None:
        self._tell(notice, person, *([f"for {by}"] if by else []))

    def call_in_thread(self, _state: PlanState, notice: Notice, mentioned: Sequence[str]) -> None:
        self._tell(notice, "thread", *mentioned)

    def call_channel(self, _state: PlanState, notice: Notice, channel: str) -> None:
        self._tell(notice, channel)

    def send_digest(self, person: str, states: Sequence[PlanState]) -> None:
        self._tell("digest", person, str(len(states)))


class People:
    """Members, and the groups that they are in."""

    @staticmethod
    def members(group_id: str) -> frozenset[str]:
        return GROUPS[group_id]

    @staticmethod
    def person(user_id: str) -> Known:
        return member(user_id)


@dataclass
class Clock:
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.moment


def policy(tell: Tell | None = Tell.NEVER, **keys: object) -> Policy:
    approve = ("U0BOB", "U0CYD", "U0ANN")  # ann asks for the plan
    return Policy(name="p", **{"approve": approve, "tell": tell, **keys})  # type: ignore[arg-type] # keys of a policy


@dataclass
class Replica:
    store: Store
    clock: Clock
    policy: Policy
    chat: Chat = field(default_factory=Chat)
    after: float = 0.5
    name: str = "one"
    on_call: Mapping[str, OnCall] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.whom = Whom(
            rules=self.rules,
            rights=Rights(directory=People()),
            people=self.store.people,
            everywhere=Tell.NEVER,
        )
        once = Once(notices=self.store.notices, clock=self.clock, owner=self.name)
        self.tell = Telling(
            plans=self.store.plans, audit=self.store.audit, ledger=self.store.ledger, batches=self.store.batches,
            fleets=self.store.fleets,
            whom=self.whom, once=once, chat=self.chat, remind_after=self.after,
        )  # fmt: skip
        self.digests = Digests(plans=self.store.plans, whom=self.whom, once=once, chat=self.chat)

    def rules(self) -> Rules:
        host = Host(name="prod-3", address=SocketAddress(url="unix:///x"), policy=self.policy)
        return Rules(hosts=Hosts(MappingProxyType({"prod-3": host})), on_call=self.on_call)

    def later(self, *moments: timedelta) -> list[str]:
        """What it tells by and by, after these times."""
        for moment in moments:
            self.clock.moment += moment
            self.tell()
        return self.chat.told


def with_a_plan(store: Store) -> Store:
    plan = proposed().plan
    store.plans.create(plan, 2, MessageRef(channel="C0OPS"), facts.proposed(plan, {}))
    store.messages.shown(PLAN, 1, MessageRef(channel="C0OPS", ts="1.2"))
    return store


class DiesError(BaseException):
    """What ends a process in the middle."""
