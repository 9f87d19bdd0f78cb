"""Show: bring each plan's message up to what the plan is. The message is a projection; the latest wins."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.audit import Tag
from bot.core.errors import (
    ChatError,
    ChatRefusedError,
    MessageGoneError,
    NewerReleaseError,
    RefusedError,
)
from bot.core.lifecycle import MessageRef, PlanState, Status
from bot.ports import Change, Chat, Clock, Store
from bot.services import facts

PROGRESS_EVERY = timedelta(seconds=3)
"""Slack counts updates per message; in between, the latest state waits (about 50 updates a minute)."""
RETRY_AFTER = timedelta(seconds=5)
SHOWING = timedelta(seconds=45)
"""How long other processes leave a message alone that one of them is at: what a call to Slack and its tries take."""


@dataclass(slots=True, kw_only=True)
class Show:
    """One process's shower of messages; call it whenever something may have changed.

    Of several processes one shows a plan at a time, so that none is posted twice.
    """

    store: Store
    chat: Chat
    clock: Clock
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, tuple[Status, datetime]] = field(default_factory=dict)
    _not_before: dict[str, datetime] = field(default_factory=dict)

    def __call__(self) -> None:
        """Post or update every message that shows an older version than its plan has."""
        with self._one_at_a_time:
            now = self.clock.now()
            for plan_id in self.store.unshown():
                if self._not_before.get(plan_id, now) <= now:
                    self._show(plan_id)

    def _show(self, plan_id: str) -> None:
        status, shown_at = self._last.get(plan_id, (None, self.clock.now()))
        recently = status is Status.RUNNING and self.clock.now() - shown_at < PROGRESS_EVERY
        if recently and self._goes_on(self._read(plan_id)):
            return
        if self.store.begin_showing(plan_id, SHOWING):
            self._bring_up_to_date(plan_id)

    def _read(self, plan_id: str) -> PlanState | None:
        try:
            return self.store.plan(plan_id)
        except NewerReleaseError:
            return None  # a process of that release shows it

    @staticmethod
    def _goes_on(state: PlanState | None) -> bool:
        return state is None or (state.status is Status.RUNNING and not state.attention)

    def _bring_up_to_date(self, plan_id: str) -> None:
        state = self._read(plan_id)  # after it is ours: what another process showed meanwhile is in it
        if state is None or state.message is None:
            return
        message = state.message
        try:
            message = self._put(state, message)
            if message.ts != state.message.ts:
                # Where it stands is kept before anything else is sent: it must not be posted twice.
                self.store.shown(plan_id, state.version - 1, message)
                if not self.store.begin_showing(plan_id, SHOWING):
                    return
                state = replace(state, message=message)
            self._tell(state)
        except ChatError:
            self._not_before[plan_id] = self.clock.now() + RETRY_AFTER
            self.store.leave_unshown(plan_id)
            return
        self._not_before.pop(plan_id, None)
        self._last[plan_id] = (state.status, self.clock.now())
        if state.status not in {Status.PROPOSED, Status.APPROVED, Status.RUNNING}:
            self._last.pop(plan_id, None)
        self.store.shown(plan_id, state.version, message)

    def _put(self, state: PlanState, message: MessageRef) -> MessageRef:
        """Edit the message in place, or post it: again, where somebody deleted it. Where it stands then."""
        try:
            if message.ts:
                self.chat.update_plan(state)
                return message
            return self.chat.post_plan(state)
        except MessageGoneError:
            return self._post_again(state, message)
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
        """Write into the thread what happened since; once, but for a process that dies in between."""
        events = self.store.untold(state.plan.id)
        if events:
            self.chat.tell_plan(state, events)
            self.store.told(state.plan.id, events[-1].seq)

    def _cancel(self, plan_id: str, why: str) -> None:
        """A plan that nobody can see must not wait for an approval."""

        def cancel(state: PlanState, _now: datetime) -> Change:
            if state.status is not Status.PROPOSED:
                raise RefusedError("The plan is no longer open.")
            reason = f"Its message could not be posted. {why} Invite Deckhand there (/invite @Deckhand) and ask again."
            cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason, decided=True)

        with suppress(RefusedError):
            self.store.change(plan_id, cancel)
