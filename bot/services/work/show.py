"""Show: bring each plan's message up to what the plan is. The message is a projection; the latest wins."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.errors import (
    ChatError,
    ChatRefusedError,
    MessageGoneError,
    RefusedError,
    UndrawableError,
)
from bot.core.life.states import ENDED, MessageRef, PlanState, Status
from bot.ports import Audit, Change, Chat, Clock, Messages, Plans
from bot.services.work.budget import Budget
from bot.services.work.projecting import PROGRESS_EVERY, SHOWING, Pauses, Steps
from bot.services.work.standing import GO_ON, as_it_stands


@dataclass(slots=True, kw_only=True)
class Show:
    """One process's shower of messages; call it whenever something may have changed.

    Of several processes one shows a plan at a time, so that none is posted twice. Progress waits where decisions
    and ends do not: for three seconds, for its share of what Slack takes in a minute, and for Slack's own pauses.
    ``chat`` should raise when Slack wants a pause, not wait it out: the other messages need not wait too.
    """

    plans: Plans
    messages: Messages
    audit: Audit
    chat: Chat
    clock: Clock
    budget: Budget
    """Of the edits of the whole app."""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, tuple[Status, datetime]] = field(default_factory=dict)
    _pauses: Pauses = field(default_factory=Pauses)
    _progress_not_before: datetime | None = None
    _steps: Steps = field(default_factory=Steps)

    def __call__(self) -> None:
        """Post or update every message that shows an older version than its plan has."""
        with self._one_at_a_time:
            now = self.clock.now()
            due = [each for each in self.messages.unshown() if self._pauses.over(each, now)]
            shown_running = [each for each in due if self._last.get(each, (None, now))[0] is Status.RUNNING]
            running = self.messages.running() if shown_running else frozenset()
            progress = [each for each in shown_running if each in running]
            for plan_id in due:
                if plan_id not in progress:
                    if plan_id in self._last:
                        self.budget.spend()  # an edit: a first post has a budget of its own
                    self._show(plan_id)
            for plan_id in sorted(progress, key=lambda each: self._last[each][1]):
                if self._may_show_progress(plan_id):
                    self._show(plan_id)

    def _may_show_progress(self, plan_id: str) -> bool:
        now = self.clock.now()
        paused = self._progress_not_before is not None and now < self._progress_not_before
        recently = now - self._last[plan_id][1] < PROGRESS_EVERY
        return not paused and not recently and self.budget.take(plan_id)

    def _show(self, plan_id: str) -> None:
        if self.messages.begin_showing(plan_id, SHOWING):
            self._bring_up_to_date(plan_id)

    def _read(self, plan_id: str) -> PlanState | None:
        return as_it_stands(self.plans, self.audit, plan_id)

    def _bring_up_to_date(self, plan_id: str) -> None:
        state = self._read(plan_id)  # after it is ours: what another process showed meanwhile is in it
        if state is not None and state.doubt and state.status not in ENDED:
            # Nobody is shown a list that was not proposed.
            with suppress(RefusedError):
                self.plans.change(plan_id, _nothing)
            state = self._read(plan_id)
        if state is None or state.message is None:
            return
        message = state.message
        try:
            message = self._put(state, message)
            if message.ts != state.message.ts:
                # Where it stands is kept before anything else is sent: it must not be posted twice.
                self.messages.shown(plan_id, state.version - 1, message)
                if not self.messages.begin_showing(plan_id, SHOWING):
                    return
                state = replace(state, message=message)
            self._tell(state)
        except ChatError as error:
            self._put_off(plan_id, error)
            return
        self._pauses.sent(plan_id)
        self._last[plan_id] = (state.status, self.clock.now())
        if state.status not in GO_ON:
            self._last.pop(plan_id, None)
        self.messages.shown(plan_id, state.version, message)

    def _put_off(self, plan_id: str, error: ChatError) -> None:
        later = self._pauses.failed(plan_id, error, self.clock.now())
        if error.retry_after:
            self._progress_not_before = later
        self.messages.leave_unshown(plan_id)

    def _put(self, state: PlanState, message: MessageRef) -> MessageRef:
        """Edit the message in place, or post it: again, where somebody deleted it. Where it stands then."""
        try:
            if message.ts:
                self.chat.update_plan(state)
                return message
            return self.chat.post_plan(state)
        except MessageGoneError:
            return self._post_again(state, message)
        except UndrawableError:
            if message.ts:
                raise  # it shows what was before, so it is no newer: it is tried again
            self._cancel(state.plan.id, "Slack does not draw it; the log of Deckhand says why.")
            return message
        except ChatRefusedError as refused:
            if not message.ts:
                self._cancel(state.plan.id, str(refused))
            return message  # a plan whose channel has gone goes on without it; its requester is told

    def _post_again(self, state: PlanState, message: MessageRef) -> MessageRef:
        try:
            return self.chat.post_plan(replace(state, message=replace(message, ts="", permalink="")))
        except ChatRefusedError:
            return message

    def _tell(self, state: PlanState) -> None:
        """Tell what happened since, in the thread and to the requester; once, but for a process that dies meanwhile."""
        plan_id, events = state.plan.id, self.messages.untold(state.plan.id)
        now = self._read(plan_id) if events else None  # at least as new as its events: they are told of it
        if now is None:
            return
        state = replace(now, message=state.message)
        self._steps(plan_id, events, {
            "list": partial(self.chat.list_plan, state), "log": partial(self.chat.log_plan, state),
            "requester": partial(self.chat.tell_requester, state),
        })  # fmt: skip
        self.messages.told(plan_id, events[-1].seq)

    def _cancel(self, plan_id: str, why: str) -> None:
        """A plan that nobody can see must not wait for an approval."""

        def cancel(state: PlanState, _now: datetime) -> Change:
            if state.status is not Status.PROPOSED:
                raise RefusedError("The plan is no longer open.")
            reason = f"Its message could not be posted. {why} Invite Deckhand there (/invite @Deckhand) and ask again."
            cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason, decided=True)

        with suppress(RefusedError):
            self.plans.change(plan_id, cancel)


def _nothing(_state: PlanState, _now: datetime) -> Change:
    """What is asked of a plan whose rows somebody changed: the store closes it."""
    raise RefusedError("There is nothing to change.")
