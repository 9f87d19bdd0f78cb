"""Show: bring each fleet's one message up to what the fleet is; its thread, and what its requester is told."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from bot.core.audit import facts
from bot.core.audit import fleets as told
from bot.core.audit.events import ChainedEvent, Tag
from bot.core.errors import (
    ChatError,
    ChatRefusedError,
    MessageGoneError,
    PlanDiffersError,
    RefusedError,
    UndrawableError,
)
from bot.core.life.fleets import FleetState
from bot.core.life.states import MessageRef, PlanState, Status
from bot.ports import Change, Clock, FleetChange, FleetChat, Fleets, Plans
from bot.services.work.budget import Budget
from bot.services.work.projecting import PROGRESS_EVERY, SHOWING, Pauses, Steps

_LISTS = frozenset({Tag.FLEET_PROPOSED, Tag.FLEET_ENDED})
"""Events with which every list goes into the thread."""


@dataclass(slots=True, kw_only=True)
class ShowFleets:
    """One process's shower of fleets, as ``Show`` is of plans: of several processes one shows a fleet at a time.

    What a person did, a wave, a hold and the end are shown at once. What becomes of single objects in between waits:
    for three seconds, and for the fleet's share of what Slack takes in a minute.
    """

    fleets: Fleets
    plans: Plans
    chat: FleetChat
    clock: Clock
    budget: Budget
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    _last: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """By fleet: its version that was shown last, and when."""
    _pauses: Pauses = field(default_factory=Pauses)
    _steps: Steps = field(default_factory=Steps)

    def __call__(self) -> None:
        """Post or update every message that shows less than there is."""
        with self._one_at_a_time:
            for fleet_id in self.fleets.unshown():
                now = self.clock.now()
                if self._pauses.over(fleet_id, now):
                    self._show(fleet_id, now)

    def _show(self, fleet_id: str, now: datetime) -> None:
        with suppress(RefusedError):  # its row makes no fleet any more
            state = self.fleets.get(fleet_id)
            if state is None or state.message is None or not self._may(state, now):
                return
            if self.fleets.begin_showing(fleet_id, SHOWING):
                self._bring_up_to_date(fleet_id, state.message)

    def _may(self, state: FleetState, now: datetime) -> bool:
        last = self._last.get(state.fleet.id)
        if last is None:
            return True
        version, at = last
        if version != state.version:
            self.budget.spend()
            return True
        return now - at >= PROGRESS_EVERY and self.budget.take(state.fleet.id)

    def _bring_up_to_date(self, fleet_id: str, message: MessageRef) -> None:
        state = self.fleets.get(fleet_id)  # after it is ours: what another process showed meanwhile is in it
        if state is None or state.message is None:
            return
        message = state.message
        try:
            message = self._put(state, message)
            if message.ts != state.message.ts:
                # Where it stands is kept before anything else is sent: it must not be posted twice.
                self.fleets.shown(replace(state, version=state.version - 1), message)
                if not self.fleets.begin_showing(fleet_id, SHOWING):
                    return
                state = replace(state, message=message)
            self._tell(state)
        except ChatError as error:
            self._pauses.failed(fleet_id, error, self.clock.now())
            self.fleets.leave_unshown(fleet_id)
            return
        self.fleets.shown(state, message)
        self._pauses.sent(fleet_id)
        self._last[fleet_id] = (state.version, self.clock.now())
        if state.ended:
            self._last.pop(fleet_id, None)

    def _put(self, state: FleetState, message: MessageRef) -> MessageRef:
        """Edit the message in place, or post it: again, where somebody deleted it. Where it stands then."""
        try:
            if message.ts:
                self.chat.update_fleet(state)
                return message
            return self.chat.post_fleet(state)
        except MessageGoneError:
            with suppress(ChatRefusedError):
                return self.chat.post_fleet(replace(state, message=replace(message, ts="", permalink="")))
        except UndrawableError:
            if message.ts:
                raise  # it shows what was before, so it is no newer: it is tried again
            self._cancel(state, "Slack does not draw it; the log of Deckhand says why.")
        except ChatRefusedError as refused:
            if not message.ts:
                self._cancel(state, str(refused))
        return message

    def _tell(self, state: FleetState) -> None:
        """Tell what happened since, in the thread and to the requester; once, but for a process that dies meanwhile."""
        fleet_id = state.fleet.id
        events = self.fleets.untold(fleet_id)
        self._steps(fleet_id, events, {
            "list": partial(self._list, state), "log": partial(self.chat.log_fleet, state),
            "requester": partial(self.chat.tell_fleet_requester, state),
        })  # fmt: skip
        if events:
            self.fleets.told(fleet_id, events[-1].seq)

    def _list(self, state: FleetState, events: Sequence[ChainedEvent]) -> None:
        if any(link.event.tag in _LISTS for link in events):
            self.chat.list_fleet(state, events, self._plans_of(state))

    def _plans_of(self, state: FleetState) -> list[PlanState]:
        found = []
        for one in state.fleet.members:
            with suppress(PlanDiffersError):  # it is closed by now
                if plan := self.plans.get(one.plan):
                    found.append(plan)
        return found

    def _cancel(self, state: FleetState, why: str) -> None:
        """Plans that nobody can see must not wait for an approval."""
        reason = (
            f"Its message could not be posted. {why} Invite Deckhand there (/invite @Deckhand) and ask again."
        )

        def cancel(plan: PlanState, _now: datetime) -> Change:
            if plan.status is not Status.PROPOSED:
                raise RefusedError("The plan is no longer open.")
            cancelled = facts.event(Tag.PLAN_CANCELLED, plan.plan, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason, decided=True)

        def then(after: FleetState, counted: object, refused: object) -> FleetChange:  # noqa: ARG001 - the port's
            held = told.held(after, reason, [one.plan for one in after.fleet.members])
            return FleetChange(events=(held,), held=reason)

        waiting = {one.plan: cancel for one in state.with_status(Status.PROPOSED)}
        with suppress(RefusedError):
            self.fleets.change_each(state.fleet.id, waiting, then)
