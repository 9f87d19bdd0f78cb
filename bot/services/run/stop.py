"""Stop: end a cleanup between two items, or before it began; and let a parked one go on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Right
from bot.ports import Change, Store
from bot.services.decide.decide import already
from bot.services.rules.rights import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What somebody asks of a cleanup, and the right that it takes."""

    right: Right
    verb: str
    decide: Callable[[PlanState, Person], Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    hosts: Callable[[], Hosts]
    rights: Rights
    store: Store
    changed: Callable[[], None]

    def __call__(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """Ask a running cleanup to end before its next item, or cancel one that waits for its start.

        A parked one is taken up once more, to say what became of what it had begun. RefusedError.
        """
        return self._asked(plan_id, person, channel, _STOP)

    def resume(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """Let a parked cleanup be taken up again, by someone who may decide about it. RefusedError."""
        return self._asked(plan_id, person, channel, _RESUME)

    def _asked(self, plan_id: str, person: Person, channel: str, way: "_Way") -> PlanState:
        seen = self.store.plan(plan_id)
        if seen is None:
            raise self._refused(
                plan_id, "", person, way, "This plan is not in the database of this Deckhand."
            )
        host = self.hosts().by_name.get(seen.plan.host)
        if host is None:
            why = f"{seen.plan.host} is no longer registered, so nobody may {way.verb} anything there."
            raise self._refused(plan_id, seen.plan.host, person, way, why)
        objection = self.rights.objection(host, way.right, person, channel)

        def checked(state: PlanState, _now: datetime) -> Change:
            if objection:
                raise RefusedError(objection)
            return way.decide(state, person)

        try:
            state = self.store.change(plan_id, checked)
        except RefusedError as refused:
            raise self._refused(plan_id, host.name, person, way, str(refused)) from None
        self.changed()
        return state

    def _refused(self, plan_id: str, host: str, person: Person, way: "_Way", why: str) -> RefusedError:
        """Write the attempt to the audit; the error to raise."""
        self.store.record_refusal(facts.refused(plan_id, host, person, way.verb, why))
        return RefusedError(why)


def _stop(state: PlanState, person: Person) -> Change:
    asked = facts.event(Tag.CLEANUP_STOP_ASKED, state.plan, person, status=state.status)
    if state.status is Status.APPROVED:
        reason = f"{person.name or person.id} stopped it before it began. Nothing was removed."
        cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, person, reason=reason)
        return Change(status=Status.CANCELLED, events=(asked, cancelled), reason=reason)
    if state.status is not Status.RUNNING:
        raise _not_running(state)
    if state.stop is not None and not state.attention:
        raise RefusedError("It is being stopped already: the object that it is at comes to its end first.")
    return Change(status=Status.RUNNING, events=(asked,), stop=person, resume=bool(state.attention))


def _resume(state: PlanState, person: Person) -> Change:
    if state.status is not Status.RUNNING:
        raise _not_running(state)
    if not state.attention:
        raise RefusedError("This cleanup goes on already. Nothing was changed by your click.")
    resumed = facts.event(Tag.CLEANUP_RESUMED, state.plan, person, attention=state.attention)
    return Change(status=Status.RUNNING, events=(resumed,), resume=True)


def _not_running(state: PlanState) -> RefusedError:
    if state.status is Status.PROPOSED:
        return RefusedError("This plan was not approved yet, so there is nothing to stop. Reject it instead.")
    return already(state)


_STOP = _Way(right=Right.STOP, verb="stop", decide=_stop)
_RESUME = _Way(right=Right.APPROVE, verb="resume", decide=_resume)
