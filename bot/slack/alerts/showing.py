"""Where alerts are told: a message edited in place, and lines in the channel for what is new."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.errors import ChatError
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
        if people:
            called = " ".join(map(entry_text, people))
            message = replace(Message.of(f"{called} {line}"), calls=frozenset(people))
            self.chat.post(noticed.notice.channel, message)
        for channel in filter(is_channel, to):
            try:
                self.chat.post(channel, Message.of(line))
            except ChatError as error:  # the others are told all the same
                LOG.warning("%s is not told of an alert on which nobody acts: %s", channel, error)

    def _rules(self) -> Mapping[str, Alerting]:
        return {host.name: host.alerts for host in self.hosts().all()}
