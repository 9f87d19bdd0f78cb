"""Where plans are shown: a message for each, edited in place, its thread, and what its requester is told in person."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.errors import ChatRefusedError
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Hosts
from bot.slack.chat import SlackChat
from bot.slack.kit.blocks import Message
from bot.slack.kit.text import is_user, plural
from bot.slack.plan.lists import (
    direct_message,
    full_list,
    full_outcomes,
    list_message,
    log_message,
)
from bot.slack.plan.message import plan_message
from bot.slack.plan.open import About, about_of

LOG = logging.getLogger(__name__)

OUTCOMES_WRITTEN = 20
"""Objects of a cleanup beyond which its thread gets a file that says what became of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlans:
    """Implements ``bot.ports.Chat``."""

    chat: SlackChat
    hosts: Callable[[], Hosts]
    mentioned: Callable[[PlanState], frozenset[str]] = lambda _state: frozenset()
    """People and user groups whom the new message of a plan mentions."""
    _doubtful: set[str] = field(default_factory=set)
    """Plans of which nobody knows whether Slack has posted them: it gave no answer, or one that leaves it open."""

    def post_plan(self, state: PlanState) -> MessageRef:
        channel = self.chat.place(state.message.channel if state.message else "")
        plan_id = state.plan.id
        ts = self.chat.posted(channel, plan_id, state.plan.created_at) if plan_id in self._doubtful else ""
        if ts:
            self.chat.edit(channel, ts, plan_message(state, self._about(state)))
        else:
            self._doubtful.add(plan_id)  # until Slack has answered
            calls = frozenset[str]() if state.batch else self.mentioned(state)  # which has called them
            message = replace(plan_message(state, self._about(state)), calls=calls)
            ts = self.chat.post(channel, message, plan=plan_id)
        self._doubtful.discard(plan_id)
        return MessageRef(channel=channel, ts=ts, permalink=self.chat.permalink(channel, ts))

    def _about(self, state: PlanState) -> About:
        return about_of(self.hosts().by_name.get(state.plan.host))

    def update_plan(self, state: PlanState) -> None:
        if state.message is not None:
            self.chat.edit(state.message.channel, state.message.ts, plan_message(state, self._about(state)))

    def list_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        place = state.message
        if place is None or not place.ts or not any(link.event.tag == Tag.PLAN_PROPOSED for link in events):
            return
        listed = list_message(state)
        if listed:
            self._into_thread(place, listed)
        else:
            title = f"Everything that plan {state.plan.id} removes and keeps"
            self._file_into_thread(place, f"plan-{state.plan.id}.txt", title, full_list(state))

    def log_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        place = state.message
        if place is None or not place.ts:
            return
        log = log_message(events)
        if log:
            self._into_thread(place, log)
        ended = any(link.event.tag == Tag.CLEANUP_FINISHED for link in events)
        if ended and len(state.items) > OUTCOMES_WRITTEN:
            title = f"What became of each of {plural(len(state.items), 'object')}"
            self._file_into_thread(place, f"cleanup-{state.plan.id}.tsv", title, full_outcomes(state))

    def _into_thread(self, place: MessageRef, message: Message) -> None:
        """Write into a plan's thread; a plan whose channel has gone goes on without it."""
        try:
            self.chat.post(place.channel, message, place.ts)
        except ChatRefusedError as error:
            LOG.warning("the thread of %s in %s cannot be written: %s", place.ts, place.channel, error)

    def _file_into_thread(self, place: MessageRef, name: str, title: str, content: str) -> None:
        try:
            self.chat.post_files(place.channel, place.ts, title, {name: content})
        except ChatRefusedError as error:
            LOG.warning("%s cannot be put into the thread of %s: %s", name, place.ts, error)

    def tell_requester(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        message = direct_message(state, events)
        if message is None or not is_user(state.plan.requester.id):
            return
        try:
            self.chat.post_direct(state.plan.requester.id, message)
        except ChatRefusedError as error:
            LOG.warning("plan %s: its requester cannot be told: %s", state.plan.id, error)
