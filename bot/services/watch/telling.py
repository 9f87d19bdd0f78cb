"""Telling: who may decide about a plan hears of it, is reminded, and then somebody else is told; each of it once.

Whatever is told has its intent in the database before it is sent, with its event in the audit: of all replicas one
sends it, and what one that dies leaves behind another sends. Only who dies between the sending and saying so has it
sent twice.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Event, Tag
from bot.core.errors import (
    ChatError,
    ChatRefusedError,
    NewerReleaseError,
    PlanDiffersError,
    RefusedError,
)
from bot.core.life.states import MessageRef, PlanState, Status
from bot.core.rules.hosts import Host
from bot.core.rules.telling import Notice, is_urgent
from bot.ports import Audit, Batches, Callers, Clock, Fleets, Ledger, Notices, Plans, Taking
from bot.services.watch.whom import Addressees, Whom, moments

LOG = logging.getLogger(__name__)

LOOP_SECONDS = 2.0
LOOK_AGAIN = timedelta(minutes=1)
"""How long a new configuration, or a disk that has filled, may go unnoticed by what waits for its moment."""
SENDING = timedelta(seconds=45)
"""How long other processes leave a notice alone that one of them is at."""
TAGS = {
    Notice.NEW: Tag.PLAN_CALLED,
    Notice.REMINDER: Tag.PLAN_REMINDED,
    Notice.ESCALATION: Tag.PLAN_ESCALATED,
    Notice.ASKED: Tag.PLAN_HANDED,
}


@dataclass(slots=True, kw_only=True)
class Once:
    """Sends what is to be sent once, however many processes try."""

    notices: Notices
    clock: Clock
    owner: str
    _not_before: datetime | None = None

    def pauses(self) -> bool:
        """Whether Slack has asked to be left alone."""
        return self._not_before is not None and self.clock.now() < self._not_before

    def __call__(self, name: str, send: Callable[[], object]) -> bool:
        """Whether it is done: sent now or before, or refused for good. Else it is tried again."""
        taken = self.notices.take(name, self.owner, SENDING)
        if taken is not Taking.OURS:
            return taken is Taking.TOLD
        try:
            send()
        except ChatRefusedError as refused:
            LOG.warning("%s cannot be told: %s", name, refused)
        except ChatError as error:
            self.notices.leave(name, self.owner)
            if error.retry_after:
                self._not_before = self.clock.now() + timedelta(seconds=error.retry_after)
            return False
        self.notices.told(name)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Call it often."""

    plans: Plans
    audit: Audit
    ledger: Ledger
    batches: Batches
    fleets: Fleets
    whom: Whom
    once: Once
    chat: Callers
    remind_after: float
    """The share of a plan's time after which it is due, above 0; 1 means never."""
    _due: dict[str, datetime] = field(default_factory=dict)
    """When each plan that waits for its decision is looked at again."""
    _over: set[str] = field(default_factory=set)
    """Names of the notices of such plans of which nothing is left to tell."""

    def __call__(self) -> None:
        waiting = {each.id for each in self.plans.going_on() if each.status is Status.PROPOSED}
        for gone in self._due.keys() - waiting:
            del self._due[gone]
        self._over.intersection_update({name for name in self._over if name.partition("/")[0] in waiting})
        now = self.once.clock.now()
        for plan_id in waiting:
            if self._due.get(plan_id, now) <= now and not self.once.pauses():
                self._look(plan_id, now)
        for name in self.once.notices.open():
            plan_id, _, rest = name.partition("/")
            if rest.startswith(f"{Notice.ASKED}/") and not self.once.pauses():
                self._ask(name, plan_id, rest.partition("/")[2])

    def _look(self, plan_id: str, now: datetime) -> None:
        state = self._waiting(plan_id)
        host = self.whom.host(state) if state else None
        if state and state.together:  # whoever is told is told of all of them, and where those are
            state = replace(state, message=self._place(state))
        if state is None or host is None or not (state.message and state.message.ts):
            return
        plan = state.plan
        due = {
            notice: at
            for notice, at in moments(host, self.remind_after).of(
                plan.created_at, plan.expires_at, urgent=self._urgent(plan.host)
            )
            if _name(state, notice) not in self._over
        }
        now_due = [notice for notice, at in due.items() if at <= now]
        if {Notice.NEW, Notice.REMINDER} <= set(now_due):  # nobody was there in time: once is enough
            now_due.remove(Notice.NEW)
        told = [notice for notice in now_due if self._told(state, host, notice, now)]
        left = [at for notice, at in due.items() if notice not in told]
        self._due[plan_id] = min([*left, now + LOOK_AGAIN])

    def _place(self, state: PlanState) -> MessageRef | None:
        """Where the message is that has a line for a plan."""
        if state.batch:
            batch = self.batches.of_plan(state.plan.id)
            return batch.place if batch else state.message
        try:
            fleet = self.fleets.get(state.fleet)
        except RefusedError:  # somebody has made its rows no fleet: who reads of it reads that
            return None
        return fleet.message if fleet else state.message

    def _told(self, state: PlanState, host: Host, notice: Notice, now: datetime) -> bool:
        """Tell it, and whether nothing of it is left to tell."""
        name, to = _name(state, notice), self.whom.of(notice, state, host, now)
        notices = self.once.notices
        if to.nobody or not notices.begin(name, _event(notice, state, to)):
            self._over.add(name)
            return True
        sends = [
            *((person, partial(self.chat.call_person, state, notice, person)) for person in to.people),
            *((channel, partial(self.chat.call_channel, state, notice, channel)) for channel in to.channels),
        ]
        if to.thread:
            thread = " ".join(("thread", *to.mentioned)) if state.together else "thread"
            sends.append((thread, partial(self.chat.call_in_thread, state, notice, to.mentioned)))
        of = f"batch {state.together}/{notice}" if state.together else name
        done = [
            self.once(f"{of}/{whom}", send) for whom, send in sends
        ]  # one who cannot be told holds up nobody
        if not all(done):
            return False
        notices.told(name)
        self._over.add(name)
        return True

    def _ask(self, name: str, plan_id: str, person: str) -> None:
        """Tell somebody that they were asked to decide, once that is in the audit and while it is of use."""
        state = self._waiting(plan_id)
        if state is None:
            self.once.notices.told(name)
            return
        handed = [link.event for link in self.audit.events(plan_id) if link.event.tag == Tag.PLAN_HANDED]
        by = next((event.actor for event in handed if event.facts.get("asked") == person), "")
        if by:
            self.once(name, partial(self.chat.call_person, state, Notice.ASKED, person, by))

    def _waiting(self, plan_id: str) -> PlanState | None:
        try:
            state = self.plans.get(plan_id)
        except (NewerReleaseError, PlanDiffersError):
            return None
        return state if state and state.status is Status.PROPOSED else None

    def _urgent(self, host: str) -> bool:
        look = self.ledger.last_looks([host]).get(host)
        return is_urgent(look.disk if look else None)


def _name(state: PlanState, notice: Notice) -> str:
    return f"{state.plan.id}/{notice}"


def _event(notice: Notice, state: PlanState, to: Addressees) -> Event:
    return facts.event(
        TAGS[notice],
        state.plan,
        people=list(to.people),
        mentioned=list(to.mentioned),
        channels=list(to.channels),
    )
