"""Where fleets are shown: one message for each, edited in place, its thread, and what its requester is told."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.errors import ChatRefusedError
from bot.core.life.fleets import FleetState
from bot.core.life.states import MessageRef, PlanState, Status
from bot.core.rules.hosts import Hosts
from bot.core.spreadsheet import tab_line
from bot.ports import Plans
from bot.slack.chat import SlackChat
from bot.slack.fleet.hosts import AboutHost, about_host, freed_words
from bot.slack.fleet.message import fleet_message, held_text
from bot.slack.kit.blocks import Message, context, section
from bot.slack.kit.text import code, escape, is_user, link, plain
from bot.slack.plan.lists import full_list, full_outcomes, log_message

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFleets:
    """Implements ``bot.ports.FleetChat``."""

    chat: SlackChat
    hosts: Callable[[], Hosts]
    now: Callable[[], datetime]
    plans: Plans
    mentioned: Callable[[PlanState], frozenset[str]] = lambda _state: frozenset()
    """People and user groups whom the new message of a plan mentions."""
    _doubtful: set[str] = field(default_factory=set)
    """Fleets of which nobody knows whether Slack has posted them."""

    def post_fleet(self, state: FleetState) -> MessageRef:
        fleet_id = state.fleet.id
        channel = self.chat.place(state.message.channel if state.message else "")
        doubtful = fleet_id in self._doubtful
        ts = self.chat.posted(channel, fleet_id, state.fleet.created_at) if doubtful else ""
        if ts:
            self.chat.edit(channel, ts, self._message(state))
        else:
            self._doubtful.add(fleet_id)  # until Slack has answered
            ts = self.chat.post(channel, self._calling(state), plan=fleet_id)
        self._doubtful.discard(fleet_id)
        return MessageRef(channel=channel, ts=ts, permalink=self.chat.permalink(channel, ts))

    def update_fleet(self, state: FleetState) -> None:
        if state.message is not None:
            self.chat.edit(state.message.channel, state.message.ts, self._message(state))

    def list_fleet(
        self, state: FleetState, events: Sequence[ChainedEvent], plans: Sequence[PlanState]
    ) -> None:
        tags = {link.event.tag for link in events}
        left_out = "".join(tab_line("left out", one.host, one.why) for one in state.fleet.left_out)
        if Tag.FLEET_PROPOSED in tags:
            files = {f"fleet-{state.fleet.id}.txt": "\n".join([*map(full_list, plans), left_out])}
            self._files(state, "Everything that is removed and kept, host by host", files)
        if Tag.FLEET_ENDED in tags and any(one.wave for one in state.standings):
            outcomes = "\n".join(full_outcomes(plan) for plan in plans if plan.started_at)
            self._files(state, "What became of each object, host by host", {"outcomes.tsv": outcomes})

    def log_fleet(self, state: FleetState, events: Sequence[ChainedEvent]) -> None:
        log = log_message([link for link in events if link.event.tag not in _SAID_ALREADY])
        place = state.message
        if log is None or place is None or not place.ts:
            return
        try:
            self.chat.post(place.channel, log, place.ts)
        except ChatRefusedError as error:
            LOG.warning("the thread of fleet plan %s cannot be written: %s", state.fleet.id, error)

    def tell_fleet_requester(self, state: FleetState, events: Sequence[ChainedEvent]) -> None:
        tags = {link.event.tag for link in events}
        requester = state.fleet.requester.id
        if not is_user(requester) or not tags & {Tag.FLEET_HELD, Tag.FLEET_ENDED}:
            return
        what = f"Your cleanup *{escape(state.fleet.request)}* on *{escape(state.fleet.selection)}*"
        ended = f":checkered_flag: Every host has ended: {freed_words(state)}."
        told = ended if Tag.FLEET_ENDED in tags else held_text(state) if state.held else ""
        where = link(state.message.permalink if state.message else "", "Open the plan")
        where = where or f"Plan {code(state.fleet.id)}"
        if not told:
            return
        try:
            self.chat.post_direct(
                requester,
                Message(text=f"{what}: {told}", blocks=(section(f"{what}\n{told}"), context(where))),
            )
        except ChatRefusedError as error:
            LOG.warning("fleet plan %s: its requester cannot be told: %s", state.fleet.id, error)

    # --- the message ----------------------------------------------------------------------------

    def _message(self, state: FleetState) -> Message:
        return fleet_message(state, self._abouts(state))

    def _abouts(self, state: FleetState) -> Mapping[str, AboutHost]:
        hosts, now = self.hosts().by_name, self.now()
        return {one.host: about_host(hosts.get(one.host), now) for one in state.fleet.members}

    def _calling(self, state: FleetState) -> Message:
        """The new message; it calls those who may decide on a host and are to be called in it."""
        plans = (self.plans.get(one.plan) for one in state.with_status(Status.PROPOSED))
        called = frozenset[str]().union(*(self.mentioned(plan) for plan in plans if plan is not None))
        return replace(self._message(state), calls=called)

    def _files(self, state: FleetState, title: str, files: Mapping[str, str]) -> None:
        place = state.message
        if place is None or not place.ts:
            return
        try:
            self.chat.post_files(place.channel, place.ts, plain(title), files)
        except ChatRefusedError as error:
            LOG.warning("the thread of fleet plan %s takes no file: %s", state.fleet.id, error)


_SAID_ALREADY = frozenset({Tag.FLEET_PROPOSED, Tag.FLEET_POSTED})
"""What the message itself says."""
