"""Stop: end a cleanup between two groups of objects, or before it began; and let a parked one go on."""

from datetime import datetime

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.refusals import already
from bot.core.rules.policy import Right
from bot.ports import Change
from bot.services.clicks import Click, Clicks, Way

STOP = Way(verb="stop", right=Right.STOP, gone="nobody may stop anything there")
_RESUME = Way(verb="resume", right=Right.APPROVE, gone="nobody may resume anything there")


class Stop(Clicks):
    __slots__ = ()

    def __call__(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """Ask a running cleanup to end before its next few objects, or cancel one that waits for its start.

        A parked one is taken up once more, to say what became of what it had begun. RefusedError.
        """
        return self.change(STOP, plan_id, person, channel, stopped)

    def resume(self, plan_id: str, person: Person, channel: str = "") -> PlanState:
        """Let a parked cleanup be taken up again, by someone who may decide about it. RefusedError."""
        return self.change(_RESUME, plan_id, person, channel, _resume)


def stopped(click: Click, state: PlanState, _now: datetime) -> Change:
    """What Stop does to a cleanup; RefusedError when there is nothing to stop."""
    click.check_right()
    person = click.person
    asked = facts.event(Tag.CLEANUP_STOP_ASKED, state.plan, person, status=state.status)
    if state.status is Status.APPROVED:
        reason = f"{person.name or person.id} stopped it before it began. Nothing was removed."
        cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, person, reason=reason)
        return Change(status=Status.CANCELLED, events=(asked, cancelled), reason=reason)
    if state.status is not Status.RUNNING:
        raise _not_running(state)
    if state.stop is not None and not state.attention:
        raise RefusedError("It is being stopped already: what it is at comes to its end first.")
    return Change(status=Status.RUNNING, events=(asked,), stop=person, resume=bool(state.attention))


def _resume(click: Click, state: PlanState, _now: datetime) -> Change:
    click.check_right()
    if state.status is not Status.RUNNING:
        raise _not_running(state)
    if not state.attention:
        raise RefusedError("This cleanup goes on already. Nothing was changed by your click.")
    resumed = facts.event(Tag.CLEANUP_RESUMED, state.plan, click.person, attention=state.attention)
    return Change(status=Status.RUNNING, events=(resumed,), resume=True)


def _not_running(state: PlanState) -> RefusedError:
    if state.status is Status.PROPOSED:
        return RefusedError("This plan was not approved yet, so there is nothing to stop. Reject it instead.")
    return RefusedError(already(state))
