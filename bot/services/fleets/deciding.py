"""Deciding about a fleet: one click, and on each host what the policy in force there says of it.

Each host's plan is changed as by a click on it alone, with the same checks, all in one transaction. Where the click
does not count, the plan stays as it is, and the event of the click says why.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.core.audit import facts
from bot.core.audit import fleets as told
from bot.core.audit.events import Tag
from bot.core.audit.plans import FLEET_OF
from bot.core.errors import RefusedError
from bot.core.json import Json
from bot.core.life.fleets import FleetState
from bot.core.life.rollout import hold_words, troubled
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.refusals import NoLonger, Refusal
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Right
from bot.ports import Change, FleetChange, Fleets, Trail
from bot.services.clicks import Click, Way
from bot.services.decide.decide import APPROVE, REJECT, WITHDRAW, still_open, taken_back, vote_of
from bot.services.rules.rights import Rights
from bot.services.run.stop import STOP, stopped

Decides = Callable[[Click, PlanState, datetime], Change]

_LEAVE_OUT = Way(verb="adjust", right=Right.APPROVE, gone="nothing can be decided about it")
_GO_ON = Way(verb="go on", right=Right.APPROVE, gone="nobody may let it go on there")
WITH_DATA = (
    "it has data that would be gone for good, which the form lists that Approve opens: press Approve again"
)
"""Why an approval does not count that was given without having seen that data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideFleet:
    fleets: Fleets
    hosts: Callable[[], Hosts]
    rights: Rights
    trail: Trail
    changed: Callable[[], None]

    def approve(
        self,
        fleet_id: str,
        person: Person,
        channel: str = "",
        *,
        listed: frozenset[str] | None = None,
        reason: str = "",
    ) -> FleetState:
        """Approve every list as it stands there; RefusedError when that counts on no host.

        ``listed``: the plans whose volumes and riskiest objects the person has read in a form, and that it is about;
        None: all that wait, but for those with volumes.
        """
        asked = _Asked(self._there(fleet_id, person, APPROVE.verb), person, channel)
        data = {one.plan for one in asked.state.fleet.members if one.volumes and listed is None}

        def vote(click: Click, plan: PlanState, now: datetime) -> Change:
            made = vote_of(click, plan, now, approve=True, reason=reason)
            if plan.plan.id in data:
                raise RefusedError(WITH_DATA)
            return made

        said: Mapping[str, Json] = {"approve": True, "reason": reason}
        return self._each(asked, _Many(way=APPROVE, tag=Tag.FLEET_VOTED, said=said, only=listed), vote)

    def reject(self, fleet_id: str, person: Person, reason: str, channel: str = "") -> FleetState:
        """Reject every plan that still waits, for a reason."""
        asked = _Asked(self._there(fleet_id, person, REJECT.verb), person, channel)
        many = _Many(way=REJECT, tag=Tag.FLEET_VOTED, said={"approve": False, "reason": reason})
        return self._each(asked, many, partial(vote_of, approve=False, reason=reason))

    def withdraw(self, fleet_id: str, person: Person) -> FleetState:
        """Take one's own approval back wherever the plan still waits for others."""
        asked = _Asked(self._there(fleet_id, person, WITHDRAW.verb), person, "")
        many = _Many(way=WITHDRAW, tag=Tag.FLEET_VOTED, said={"approve": False, "withdrawn": True})
        return self._each(asked, many, taken_back)

    def leave_out(
        self, fleet_id: str, plans: Collection[str], person: Person, channel: str = ""
    ) -> FleetState:
        """End the plans of some hosts before they are decided; the others stay as they are, with their votes.

        By who asked for it, or who may approve there.
        """
        asked = _Asked(self._there(fleet_id, person, _LEAVE_OUT.verb), person, channel)

        def leave(click: Click, plan: PlanState, now: datetime) -> Change:
            still_open(plan, now)
            if plan.plan.requester.id != click.person.id:
                click.check_right()
            elif refused := self.rights.barred(click.person):
                raise RefusedError(refused)
            reason = f"{person.name or person.id} left this host out of the fleet plan. Nothing was removed."
            cancelled = facts.event(Tag.PLAN_CANCELLED, plan.plan, person, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason, decided=True)

        many = _Many(way=_LEAVE_OUT, tag=Tag.FLEET_NARROWED, only=frozenset(plans))
        return self._each(asked, many, leave)

    def stop(self, fleet_id: str, person: Person, channel: str = "") -> FleetState:
        """Stop every cleanup between two objects, and let none begin: what was approved is cancelled.

        Where this person may not stop, what has not begun is held until somebody says go on.
        """
        asked = _Asked(self._there(fleet_id, person, STOP.verb), person, channel)
        begun = frozenset({Status.APPROVED, Status.RUNNING})
        held = f"{person.name or person.id} stopped it"
        return self._each(asked, _Many(way=STOP, tag=Tag.FLEET_STOP_ASKED, of=begun, held=held), stopped)

    def go_on(self, fleet_id: str, person: Person, channel: str = "") -> FleetState:
        """Let a held rollout go on, by somebody who may approve on every approved host that is to come.

        And on one of those that wait for their decision, where none is approved: else nobody would have a say.
        """
        seen = self._there(fleet_id, person, _GO_ON.verb)
        refused = {one.host: self._refused(_GO_ON, one.host, person, channel) for one in seen.standings}

        def decide(state: FleetState, _now: datetime) -> FleetChange:
            if not state.held or all(one.ended for one in state.standings):
                raise RefusedError("Nothing holds this rollout. Nothing was changed by your click.")
            why = _who_may_not(state, refused)
            if why is not None:
                raise RefusedError(why)
            excused = state.excused | {one.plan for one in troubled(state)}
            about = hold_words(state.fleet.waves, troubled(state)) or state.held
            went_on = told.event(
                Tag.FLEET_WENT_ON, state.fleet, person, about=about, plans=[*sorted(excused - state.excused)]
            )
            return FleetChange(events=(went_on,), held="", excused=excused)

        with self._recorded(fleet_id, person, _GO_ON.verb):
            after = self.fleets.change(fleet_id, decide)
        self.changed()
        return after

    def check(self, fleet_id: str, person: Person, channel: str, *, approve: bool) -> FleetState:
        """The fleet, when this person may decide on one of its hosts that wait; the vote is checked again."""
        way = APPROVE if approve else REJECT
        state = self._there(fleet_id, person, way.verb)
        with self._recorded(fleet_id, person, way.verb):
            found = [
                self._refused(way, one.host, person, channel) for one in state.with_status(Status.PROPOSED)
            ]
            if not found:
                raise RefusedError(
                    "No host of this fleet plan waits for a decision any more. Nothing was changed."
                )
            if None not in found:
                raise RefusedError(found[0])
        return state

    # --- what all of them go through ------------------------------------------------------------

    def _there(self, fleet_id: str, person: Person, verb: str) -> FleetState:
        with self._recorded(fleet_id, person, verb):
            state = self.fleets.get(fleet_id)
            if state is None:
                raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
            return state

    def _each(self, asked: "_Asked", many: "_Many", decide: Decides) -> FleetState:
        fleet_id, person = asked.state.fleet.id, asked.person
        each = {
            one.plan: self._on(asked, many.way, one.host, decide)
            for one in asked.state.with_status(*many.of)
            if many.only is None or one.plan in many.only
        }

        def then(after: FleetState, counted: Collection[str], refused: Mapping[str, str]) -> FleetChange:
            clicked = told.clicked(many.tag, after, person, counted, refused, many.said)
            return FleetChange(events=(clicked,), held=many.held)

        with self._recorded(fleet_id, person, many.way.verb):
            state = self.fleets.change_each(fleet_id, each, then)
        self.changed()
        return state

    def _on(
        self, asked: "_Asked", way: Way, host: str, decide: Decides
    ) -> Callable[[PlanState, datetime], Change]:
        """What the click does to one host's plan; its rights are read before the transaction."""
        registered = self.hosts().by_name.get(host)
        refused = self._refused(way, host, asked.person, asked.channel)
        fleet: dict[str, Json] = {FLEET_OF: asked.state.fleet.id}

        def change(plan: PlanState, now: datetime) -> Change:
            if registered is None and way.right is not None:
                raise RefusedError(refused)
            click = Click(
                seen=plan, registered=registered, person=asked.person, channel=asked.channel,
                refused=None if registered is None else refused,
            )  # fmt: skip
            made = decide(click, plan, now)
            events = tuple(replace(event, facts={**event.facts, **fleet}) for event in made.events)
            return replace(made, events=events)

        return change

    def _refused(self, way: Way, name: str, person: Person, channel: str) -> Refusal | None:
        """Why this person may not do that on a host; None when they may."""
        host = self.hosts().by_name.get(name)
        if way.right is None:
            return self.rights.barred(person)
        return self.rights.objection(host, way.right, person, channel) if host else NoLonger(name, way.gone)

    @contextmanager
    def _recorded(self, fleet_id: str, person: Person, verb: str) -> Iterator[None]:
        """Whatever is refused is written to the audit and passed on."""
        try:
            yield
        except RefusedError as refused:
            self.trail.record_refusal(facts.refused(fleet_id, "", person, verb, str(refused)))
            raise


def _who_may_not(state: FleetState, refused: Mapping[str, Refusal | None]) -> Refusal | None:
    """Why somebody may not let a rollout go on, by what is refused to them on each host; None where they may."""
    approved = [refused[one.host] for one in state.with_status(Status.APPROVED)]
    if approved:
        return next((why for why in approved if why is not None), None)
    others = [refused[one.host] for one in state.standings if not one.ended]
    return None if None in others else others[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    state: FleetState
    person: Person
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Many:
    """A click on many plans."""

    way: Way
    tag: Tag
    said: Mapping[str, Json] = field(default_factory=dict)
    """What its event says beside the plans."""
    only: frozenset[str] | None = None
    of: frozenset[Status] = frozenset({Status.PROPOSED})
    held: str | None = None
