"""Propose: turn a request into a stored plan that waits for its decision, or that its policy approves at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.audit import facts
from bot.core.docker.usage import DiskUsage
from bot.core.errors import NothingToRemoveError, PlanExistsError, RefusedError, UsageError
from bot.core.ids import id_of
from bot.core.life.states import MessageRef, PlanState, Status
from bot.core.plan.arguments import PICKED, Adjustment, Arguments, Pick, adjusted
from bot.core.plan.plan import Draft, Person, Plan
from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.plan.reasons import NOT_ASKED_FOR, counted_as
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right, plan_objection, profile_objection
from bot.core.rules.schedules import Schedule
from bot.ports import HAS_VOTES, Change, Clock, NewPlan, Plans, Replaced, Trail
from bot.services.decide.approving import approve_by_policy, may_approve_itself, quorum_needed
from bot.services.decide.decide import still_open
from bot.services.decide.waiting import check_room
from bot.services.look.planning import Planning, request_of
from bot.services.rules.rights import Rights
from bot.services.rules.visible import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose:
    hosts: Callable[[], Hosts]
    rights: Rights
    planning: Planning
    plans: Plans
    trail: Trail
    clock: Clock
    new_id: Callable[[], str]
    changed: Callable[[], None]
    """Called when a plan's message has something new to show."""

    def door(self, person: Person, channel: str = "") -> Door:
        """Here a person knows the hosts on which they may ask for cleanups, and those at which they may look."""
        return Door(
            hosts=self.hosts(), rights=self.rights, person=person, channel=channel, right=Right.REQUEST
        )

    def check(self, host_name: str, arguments: Arguments, requester: Person, channel: str = "") -> Host:
        """Raise what is wrong with a request before its host is asked anything."""
        host = self.door(requester, channel).host(host_name)
        kinds = self.planning.check(arguments)
        profile = PICKED if arguments.picks else arguments.profile or DEFAULT_PROFILE
        _object(host, profile_objection(host.policy, profile, kinds))
        return host

    def __call__(
        self, host_name: str, arguments: Arguments, requester: Person, channel: str, request_id: str = ""
    ) -> PlanState:
        """Plan afresh and store the plan; NothingToRemoveError when there is nothing to remove.

        A request that comes twice under the same id makes one plan.
        """
        host = self.check(host_name, arguments, requester, channel)
        plan_id = id_of(request_id) if request_id else self.new_id()
        wanted = _Wanted(
            host=host, arguments=arguments, requester=requester, channel=channel, plan_id=plan_id,
            expires=host.policy.expires,
        )  # fmt: skip
        made = self._made(plan_id)
        if made is None:
            check_room(self.plans.going_on(), host.name, requester.id)
        return made or self._plan(wanted)

    def by_schedule(
        self, schedule: Schedule, host: Host, instead_of: Sequence[str] = (), batch: str = ""
    ) -> PlanState:
        """Plan what a schedule asks for, in the place of these plans: the configuration gave it the right to.

        It is a line of that batch, where one was begun.
        """
        arguments = schedule.arguments
        kinds = self.planning.check(arguments)
        _object(host, profile_objection(host.policy, arguments.profile or DEFAULT_PROFILE, kinds))
        wanted = _Wanted(
            host=host, arguments=arguments, requester=schedule.requester, channel=schedule.channel,
            plan_id=self.new_id(), expires=schedule.expires or host.policy.expires, instead_of=instead_of,
            batch=batch,
        )  # fmt: skip
        return self._plan(wanted)

    def adjust(
        self, old: PlanState, change: Adjustment, requester: Person, channel: str, request_id: str
    ) -> PlanState:
        """Plan afresh what is left of a plan after a person narrowed it; the new plan supersedes the old one.

        RefusedError when the old plan waits for its decision no more; NothingToRemoveError when nothing is left.
        """
        host_name, arguments = old.plan.host, adjustment_of(old, change)
        host = self.check(host_name, arguments, requester, channel)
        wanted = _Wanted(
            host=host, arguments=arguments, requester=requester, channel=channel, plan_id=id_of(request_id),
            expires=host.policy.expires, replaces=old.plan.id,
            over_votes=self._may_replace_votes(host, old, requester, channel),
        )  # fmt: skip
        made = self._made(wanted.plan_id)
        if made is None:
            still_open(old, self.clock.now())
            if old.votes and not wanted.over_votes:
                self.trail.record_refusal(
                    facts.refused(old.plan.id, host.name, requester, "adjust", HAS_VOTES)
                )
                raise RefusedError(HAS_VOTES)
        return made or self._plan(wanted)

    def _may_replace_votes(self, host: Host, old: PlanState, requester: Person, channel: str) -> bool:
        """Whether somebody's new plan may take the place of one that others have voted on."""
        own = requester.id == old.plan.requester.id
        return own or self.rights.has(host, Right.APPROVE, requester, channel)

    def planned(
        self, host_name: str, arguments: Arguments, requester: Person, channel: str, plan_id: str
    ) -> NewPlan:
        """The plan that is to be proposed, not stored yet; what is raised is as of a request for it alone."""
        host = self.check(host_name, arguments, requester, channel)
        check_room(self.plans.going_on(), host.name, requester.id)
        wanted = _Wanted(
            host=host, arguments=arguments, requester=requester, channel=channel, plan_id=plan_id,
            expires=host.policy.expires,
        )  # fmt: skip
        return self._looked(wanted)

    def approved_by_policy(self, state: PlanState) -> PlanState:
        """The plan, approved where its host's policy does so by itself; else it waits for people."""
        host = self.hosts().by_name.get(state.plan.host)
        return self._approved(host, state) if host else state

    def _looked(self, wanted: "_Wanted") -> NewPlan:
        host = wanted.host
        survey, draft = self.planning.draft(host.name, wanted.arguments)
        if not draft.items:
            raise NothingToRemoveError(nothing_to_remove(host.name, draft))
        quorum = quorum_needed(host.policy, draft)
        _object(host, plan_objection(host.policy, draft))
        plan = wanted.plan(draft, survey.usage, self.clock.now())
        return NewPlan(plan=plan, quorum=quorum, event=facts.proposed(plan, facts.in_force(host)))

    def _plan(self, wanted: "_Wanted") -> PlanState:
        host, new = wanted.host, self._looked(wanted)
        plan, quorum = new.plan, new.quorum
        try:
            state = self._store(wanted, plan, quorum)
        except PlanExistsError:  # the same request, delivered twice at the same moment
            made = self._made(plan.id)
            if made is None:
                raise
            return made
        state = self._approved(host, state)
        self.changed()
        return state

    def _store(self, wanted: "_Wanted", plan: Plan, quorum: int) -> PlanState:
        message, event = MessageRef(channel=wanted.channel), facts.proposed(plan, facts.in_force(wanted.host))
        if wanted.replaces:
            old = Replaced(id=wanted.replaces, even_with_votes=wanted.over_votes)
            return self.plans.replace(plan, quorum, message, event, old)
        return self.plans.create(plan, quorum, message, event, wanted.instead_of, wanted.batch)

    def _made(self, plan_id: str) -> PlanState | None:
        """The plan that an earlier delivery of the request made; approved, had that one not come to it."""
        state = self.plans.get(plan_id)
        return self.approved_by_policy(state) if state else None

    def _approved(self, host: Host, state: PlanState) -> PlanState:
        """The plan, approved where its policy does so by itself at this time; else it waits for people."""
        policy, now = host.policy, self.clock.now()
        approves = policy.auto_windows.open_at(now) and may_approve_itself(policy, state.plan.draft, now)
        if state.status is not Status.PROPOSED or not approves:
            return state

        def approve(current: PlanState, now: datetime) -> Change:
            return approve_by_policy(host, current, now)

        with suppress(RefusedError):  # a person was faster
            return self.plans.change(state.plan.id, approve)
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Who asks for what, and under which id."""

    host: Host
    arguments: Arguments
    requester: Person
    channel: str
    plan_id: str
    expires: timedelta
    instead_of: Sequence[str] = ()
    """Plans that the new one supersedes, where they are not decided yet."""
    batch: str = ""
    replaces: str = ""
    """The one plan that the new one supersedes, or is not made."""
    over_votes: bool = False
    """Whether it may do so when that one has votes."""

    def plan(self, draft: Draft, usage: DiskUsage, now: datetime) -> Plan:
        return Plan(
            id=self.plan_id,
            host=self.host.name,
            draft=replace(
                draft, unarrived=None, reach=None
            ),  # the notes say it; a release before would not know the fields
            requester=self.requester,
            policy=self.host.policy.name,
            profile_words=draft.words,
            commands=draft.commands,
            created_at=now,
            expires_at=now + self.expires,
            usage=usage,
        )


def adjustment_of(old: PlanState, change: Adjustment) -> Arguments:
    """What to ask for to get the same plan with a person's changes, and nothing that it did not list."""
    items = old.plan.draft.items
    if old.plan.draft.profile != PICKED:
        return adjusted(request_of(old.plan), change, [item.id for item in items])
    picks = tuple(
        Pick(kind=item.kind, name=item.id)
        for item in items
        if item.kind in change.kinds and item.id not in change.dropped  # its form has no groups
    )
    if not picks:
        raise UsageError("Nothing would be left of the plan. Reject it instead.")
    return Arguments(picks=picks, words=tuple(map(str, picks)))


def _object(host: Host, objection: str | None) -> None:
    if objection:
        raise RefusedError(f"{host.name}: {objection}.")


def nothing_to_remove(host: str, draft: Draft) -> str:
    """Say that a profile finds nothing, and under which rules everything is kept."""
    if draft.profile == PICKED:
        picked = [kept for kept in draft.kept if kept.because != NOT_ASKED_FOR]
        return f"{host}: nothing was removed. " + " ".join(
            f"{kept.name} stays: {kept.rule}." for kept in picked
        )
    if draft.reach and not draft.reach.wanted:
        return f"{host}: nothing has to go. {' '.join(draft.notes)}"
    counts = Counter(kept.because for kept in draft.kept).most_common(4)
    kept = ", ".join(f"{count:,} ({counted_as(because, count)})" for because, count in counts)
    said = f"{host}: “{draft.profile}” finds nothing to remove." + (f" Kept: {kept}." if kept else "")
    return " ".join([said, *draft.notes])
