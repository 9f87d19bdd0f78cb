"""Where alerts are told: a message edited in place, and lines in the channel for what is new."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.errors import ChatError, ChatRefusedError
from bot.core.life.states import MessageRef
from bot.core.rules.alerting import Alerting
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import is_channel
from bot.core.watch.pressure.notice import Step
from bot.ports import Noticed
from bot.slack.alerts.message import alerts_message, step_line
from bot.slack.chat import SlackChat
from bot.slack.kit.blocks import Message
from bot.slack.kit.text import entry_text

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlerts:
    """Implements ``bot.ports.AlertChat``."""

    chat: SlackChat
    hosts: Callable[[], Hosts]

    def post_alerts(self, noticed: Noticed, now: datetime) -> MessageRef:
        notice, message = noticed.notice, alerts_message(noticed, self._rules(), now)
        name = f"alerts {notice.id}"
        ts = self.chat.posted(notice.channel, name, notice.made_at) if notice.tried else ""
        if ts:
            self.chat.edit(notice.channel, ts, message)
        else:
            ts = self.chat.post(notice.channel, message, plan=name)
        return MessageRef(channel=notice.channel, ts=ts, permalink=self.chat.permalink(notice.channel, ts))

    def update_alerts(self, noticed: Noticed, now: datetime) -> None:
        notice = noticed.notice
        self.chat.edit(notice.channel, notice.ts, alerts_message(noticed, self._rules(), now))

    def say_of_alerts(self, noticed: Noticed, step: Step, to: Sequence[str], now: datetime) -> None:
        line = step_line(noticed, step, now)
        if step is not Step.ESCALATE:
            self.chat.post(noticed.notice.channel, Message.of(line))
            return
        people = [entry for entry in to if not is_channel(entry)]
        called = " ".join(map(entry_text, people))
        ways = {channel: Message.of(line) for channel in filter(is_channel, to)}
        if people:
            ways[noticed.notice.channel] = replace(Message.of(f"{called} {line}"), calls=frozenset(people))
        self._escalate(ways)

    def _escalate(self, ways: Mapping[str, Message]) -> None:
        """Tell as many as can be told; ChatError where that is nobody, and may be somebody later."""
        told, passing = False, None
        for channel, message in ways.items():
            try:
                self.chat.post(channel, message)
                told = True
            except ChatError as error:
                LOG.warning("%s is not told of an alert on which nobody acts: %s", channel, error)
                passing = passing if isinstance(error, ChatRefusedError) else error
        if passing is not None and not told:
            raise passing

    def _rules(self) -> Mapping[str, Alerting]:
        return {host.name: host.alerts for host in self.hosts().all()}
