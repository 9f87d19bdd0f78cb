"""What the audit says of a plan: where it stands by its events alone, which its rows only repeat.

Rows can be changed by whoever writes to the database, and events cannot: nothing is run whose rows say otherwise.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.audit.written import FACT, plan_digest
from bot.core.json import Json
from bot.core.life.states import Outcome, PlanState, Status, may_become

FLEET_OF = "fleet"
"""Under which the events of a fleet's plan name the fleet."""
CHANNEL_FACT = "channel"
"""Under which a proposal carries where it was asked for."""
_LATER = timedelta(minutes=1)
"""A decision is written before its event, in the same transaction: never later than it, but for a clock's step."""
_STATUS: Mapping[str, Status] = MappingProxyType({
    Tag.PLAN_APPROVED: Status.APPROVED,
    Tag.PLAN_REJECTED: Status.REJECTED,
    Tag.PLAN_EXPIRED: Status.EXPIRED,
    Tag.PLAN_CANCELLED: Status.CANCELLED,
    Tag.PLAN_SUPERSEDED: Status.SUPERSEDED,
    Tag.CLEANUP_STARTED: Status.RUNNING,
})  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Told:
    """A plan by its events, read one after the other, oldest first."""

    status: Status | None = None
    """None while it was never proposed."""
    digests: set[str] = field(default_factory=set)
    """Of the lists that it was proposed, voted on, approved and started with: one, unless somebody meddled."""
    voters: list[str] = field(default_factory=list)
    """Whose approvals stand, in their order."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why, by who voted; of the last vote of each."""
    approvers: list[str] = field(default_factory=list)
    """With whose approvals it was approved."""
    approved_at: datetime | None = None
    channel: str | None = None
    """Where its message stands; None when no event says so."""
    fleet: str = ""
    wave: int = 0
    """Of its fleet's rollout, once that has begun."""
    attempt: int = 0
    stop_asked: bool = False
    parked: bool = False
    """Whether its run waits until a person says how it goes on."""
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """Of the objects that were begun, by kind and id."""
    ended: dict[tuple[str, str], dict[str, Json]] = field(default_factory=dict)
    """What was said at the end of each object that has one."""

    def read(self, link: ChainedEvent) -> None:
        """Take one more event in; one that cannot follow on those before it changes nothing."""
        event = link.event
        if event.tag == Tag.PLAN_PROPOSED and self.status is None:
            self.status = Status.PROPOSED
            self.channel = _text(event.facts.get(CHANNEL_FACT))
            self.fleet = _text(event.facts.get(FLEET_OF)) or ""
        if self.status is None:
            return
        if digest := _text(event.facts.get(FACT)):
            self.digests.add(digest)
        after = _STATUS.get(event.tag) or self._end(event.tag, event.facts)
        if after is not None and may_become(self.status, after):
            self.status = after
        reader = _READERS.get(event.tag)
        if reader is not None:
            reader(self, link)

    @staticmethod
    def _end(tag: str, facts: Mapping[str, Json]) -> Status | None:
        if tag != Tag.CLEANUP_FINISHED:
            return None
        known = {str(status): status for status in Status}
        return known.get(str(facts.get("outcome")), Status.DONE)

    def _voted(self, link: ChainedEvent) -> None:
        self.voters = [each for each in self.voters if each != link.event.actor]
        if link.event.facts.get("approve") is True:
            self.voters.append(link.event.actor)
        self.reasons[link.event.actor] = _text(link.event.facts.get("reason")) or ""

    def _withdrawn(self, link: ChainedEvent) -> None:
        self.voters = [each for each in self.voters if each != link.event.actor]

    def _approved(self, link: ChainedEvent) -> None:
        """An event that does not list the approvers is of a release before, and of who gave the only approval."""
        alone: Json = [link.event.actor] if link.event.actor else []
        approvers = link.event.facts.get("approvers", alone)
        self.approvers = [str(each) for each in approvers] if isinstance(approvers, list) else []
        self.approved_at = link.at

    def _released(self, link: ChainedEvent) -> None:
        wave = link.event.facts.get("wave")
        self.wave = wave if isinstance(wave, int) else 0

    def _begun(self, link: ChainedEvent) -> None:
        attempt = link.event.facts.get("attempt", 1)
        self.attempt = max(self.attempt, attempt if isinstance(attempt, int) else 1)
        self.parked = False

    def _parked(self, _link: ChainedEvent) -> None:
        self.parked = True

    def _resumed(self, _link: ChainedEvent) -> None:
        self.parked = False

    def _posted(self, link: ChainedEvent) -> None:
        self.channel = _text(link.event.facts.get("channel"))

    def _stopped(self, _link: ChainedEvent) -> None:
        self.stop_asked, self.parked = True, False

    def _removing(self, link: ChainedEvent) -> None:
        self.outcomes[_object(link)] = Outcome.REMOVING

    def _ended(self, link: ChainedEvent) -> None:
        known = {str(outcome): outcome for outcome in Outcome}
        self.outcomes[_object(link)] = known.get(str(link.event.facts.get("outcome")), Outcome.FAILED)
        self.ended[_object(link)] = dict(link.event.facts)


_READERS: Mapping[str, Callable[[Told, ChainedEvent], None]] = MappingProxyType({
    Tag.PLAN_VOTED: Told._voted,  # noqa: SLF001 - its own
    Tag.PLAN_WITHDRAWN: Told._withdrawn,  # noqa: SLF001
    Tag.PLAN_APPROVED: Told._approved,  # noqa: SLF001
    Tag.PLAN_RELEASED: Told._released,  # noqa: SLF001
    Tag.PLAN_POSTED: Told._posted,  # noqa: SLF001
    Tag.CLEANUP_STARTED: Told._begun,  # noqa: SLF001
    Tag.CLEANUP_TAKEN_UP: Told._begun,  # noqa: SLF001
    Tag.CLEANUP_PARKED: Told._parked,  # noqa: SLF001
    Tag.CLEANUP_RESUMED: Told._resumed,  # noqa: SLF001
    Tag.CLEANUP_STOP_ASKED: Told._stopped,  # noqa: SLF001
    Tag.ITEM_REMOVING: Told._removing,  # noqa: SLF001
    Tag.ITEM_ENDED: Told._ended,  # noqa: SLF001
})  # fmt: skip


def told(links: Iterable[ChainedEvent]) -> Told:
    """A plan by all its events, oldest first."""
    made = Told()
    for link in links:
        made.read(link)
    return made


def difference(state: PlanState, said: Told) -> str:
    """What a plan's rows say otherwise than its events; empty when nothing that steers it."""
    if said.status is None:
        return "the audit has no proposal of it"
    if said.digests - {plan_digest(state.plan)}:
        return "its list is not the one that was proposed"
    if state.status is not said.status:
        return f"its row says {state.status}, and the audit says {said.status}"
    if state.message is not None and said.channel not in {None, state.message.channel}:
        return "its message does not stand where the audit says"
    return (
        _of_fleet(state, said)
        or _of_votes(state, said)
        or (_of_run(state, said) if state.status is Status.RUNNING else "")
    )


def _of_fleet(state: PlanState, said: Told) -> str:
    if state.fleet != said.fleet:
        return "it is of another fleet than its row says"
    return "" if state.wave == said.wave else "another wave of its rollout has begun than its row says"


def _of_votes(state: PlanState, said: Told) -> str:
    approvers = [person.id for person in state.approvers]
    if approvers != (said.voters if state.status is Status.PROPOSED else said.approvers):
        return "its approvals are not those that were given"
    if any(vote.reason != said.reasons.get(vote.person.id, "") for vote in state.votes if vote.approve):
        return "why it was approved is not what was said"
    if said.approved_at and (state.decided_at is None or state.decided_at > said.approved_at + _LATER):
        return "it was approved at another time than its row says"
    return ""


def _of_run(state: PlanState, said: Told) -> str:
    if state.attempt != said.attempt:
        return f"its row counts {state.attempt} attempts, and the audit {said.attempt}"
    if said.stop_asked and state.stop is None:
        return "somebody asked to stop it, and its row no longer says so"
    if said.parked and not state.attention:
        return "it waits until a person says how it goes on, and its row no longer says so"
    for one in state.items:
        key = (str(one.item.kind), one.item.id)
        if one.outcome is not said.outcomes.get(key, Outcome.PLANNED):
            return f"its row says that {one.item.name} is {one.outcome}, and the audit does not"
        if not set(one.untagging) <= set(one.item.references):
            return f"names are said to have been taken off {one.item.name} that it did not have"
    return ""


def _object(link: ChainedEvent) -> tuple[str, str]:
    return str(link.event.facts.get("kind")), str(link.event.facts.get("id"))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
