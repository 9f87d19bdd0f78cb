"""Whom to tell of a waiting plan: as its policy says, and as each of them wants it; only those who may decide.

Being told gives no right, and who is on call may decide nothing that they could not decide otherwise.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Host
from bot.core.rules.people import split_id
from bot.core.rules.policy import Right, Tell, is_channel, is_group, may_be_own
from bot.core.rules.rules import Rules
from bot.core.rules.telling import Moments, Notice, Wish, tell_of
from bot.ports import OpenPlan, People
from bot.services.rules.rights import Rights

WRITTEN_TO = 30
"""People who are written to of one plan: a policy that names more means whoever comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressees:
    """Who is told, and where; ids."""

    people: tuple[str, ...] = ()
    """In person."""
    thread: bool = False
    """Whether the plan's own thread tells it too."""
    mentioned: tuple[str, ...] = ()
    """People and user groups whom the thread mentions."""
    channels: tuple[str, ...] = ()

    @property
    def nobody(self) -> bool:
        return not (self.people or self.thread or self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Reads policies, rights and wishes of this moment."""

    rules: Callable[[], Rules]
    rights: Rights
    people: People
    everywhere: Tell
    """How those who may decide are told where a policy does not say."""

    def host(self, state: PlanState) -> Host | None:
        """Where the plan is, as it is registered now."""
        return self.rules().hosts.by_name.get(state.plan.host)

    def decides(self, host: Host, person: str, plan: OpenPlan) -> bool:
        """Whether somebody may decide about a plan and has not yet."""
        if person in plan.approver_ids or not may_be_own(host.policy, plan.requester_id, person):
            return False
        return self.rights.has(host, Right.APPROVE, Person(id=person))

    def mentioned(self, state: PlanState) -> frozenset[str]:
        """Whom a new message mentions: nobody in quiet hours, of which the thread tells in its time."""
        host = self.host(state)
        if host is None or tell_of(host.policy, self.everywhere) is not Tell.CHANNEL:
            return frozenset()
        if state.status is not Status.PROPOSED or host.policy.quiet.covers(state.plan.created_at):
            return frozenset()
        return frozenset(self._entries(state, host, self._wishes()))

    def of(self, notice: Notice, state: PlanState, host: Host, now: datetime) -> Addressees:
        """Who is told of a plan that waits on this host."""
        if notice is Notice.ESCALATION:
            return self._escalated(state, host)
        wishes, tell = self._wishes(), tell_of(host.policy, self.everywhere)
        may, entries = self._may(state, host), self._entries(state, host, wishes)
        wanted = [person for person, wish in wishes.items() if wish is Wish.DIRECT and may(person)]
        if tell in {Tell.DIRECT, Tell.ON_CALL}:
            named = host.policy.entries(Right.APPROVE)
            called = self.rules().called(host.policy, now) if tell is Tell.ON_CALL else named
            able = [person for person in self._each(called) if may(person)]
            if able:
                return _in_person(able, wanted, wishes, digests=tell is Tell.DIRECT)
            missing = (
                tell is Tell.ON_CALL
            )  # nobody who is on call may decide: those who may read it in the thread
        else:
            held = tell is Tell.CHANNEL and host.policy.quiet.covers(state.plan.created_at)
            missing = held or notice is Notice.REMINDER
        return Addressees(people=_first(wanted), thread=missing, mentioned=tuple(entries) if missing else ())

    def _escalated(self, state: PlanState, host: Host) -> Addressees:
        to, requester = host.policy.escalate_to, state.plan.requester.id
        people = [one for one in self._each(to) if may_be_own(host.policy, requester, one)]
        return Addressees(people=_first(people), channels=tuple(filter(is_channel, to)))

    def _entries(self, state: PlanState, host: Host, wishes: Mapping[str, Wish]) -> list[str]:
        """People and user groups who are meant to decide now; not those told elsewhere, nor all of a channel."""
        policy, voted = host.policy, {person.id for person in state.approvers}
        elsewhere = {person for person, wish in wishes.items() if wish in {Wish.DIRECT, Wish.DIGEST}}
        return [
            entry
            for entry in policy.entries(Right.APPROVE)
            if (split_id(entry)[1] and may_be_own(policy, state.plan.requester.id, entry)) or is_group(entry)
            if entry not in voted | elsewhere
        ]

    def _may(self, state: PlanState, host: Host) -> Callable[[str], bool]:
        plan = open_plan(state)
        return lambda person: self.decides(host, person, plan)

    def _each(self, entries: Iterable[str]) -> Iterator[str]:
        """The people whom entries name, each once."""
        found: dict[str, None] = {}
        for entry in entries:
            group = sorted(self.rights.directory.members(entry)) if is_group(entry) else [entry]
            found |= dict.fromkeys(person for person in group if split_id(person)[1])
        return iter(found)

    def _wishes(self) -> Mapping[str, Wish]:
        return {one.person: one.wish for one in self.people.wished()}


def open_plan(state: PlanState) -> OpenPlan:
    """A plan in the few words that a list has of it."""
    return OpenPlan(
        id=state.plan.id, host=state.plan.host, status=state.status, requester_id=state.plan.requester.id,
        approver_ids=frozenset(person.id for person in state.approvers), needs_attention=bool(state.attention),
    )  # fmt: skip


def moments(host: Host, remind_after: float) -> Moments:
    """When people are told of plans on a host."""
    return Moments(policy=host.policy, remind_after=remind_after)


def _in_person(
    able: list[str], wanted: list[str], wishes: Mapping[str, Wish], *, digests: bool
) -> Addressees:
    """Each in person, but for those who do not want that; a digest is not for who is on call."""
    quiet = {Wish.CHANNEL, Wish.DIGEST} if digests else {Wish.CHANNEL}
    here = tuple(person for person in able if wishes.get(person) is Wish.CHANNEL)
    people = [person for person in able if wishes.get(person) not in quiet]
    return Addressees(people=_first([*people, *wanted]), thread=bool(here), mentioned=here)


def _first(people: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(people), WRITTEN_TO))
