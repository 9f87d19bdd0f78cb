"""Alerting: alerts that open together are one message, edited in place, and told again only as their rules say.

Of all processes one tells of a message at a time. One that dies between Slack's answer and the database's is followed
by another that looks for the message in the channel before it posts one.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.core.audit import alerts as facts
from bot.core.errors import ChatError, MessageGoneError
from bot.core.rules.alarms import after, ends_quietly, escalated_to, loud, next_step
from bot.core.rules.alerting import Alerting
from bot.core.rules.hosts import Hosts
from bot.core.watch.pressure.alert import Alert, Kind
from bot.core.watch.pressure.notice import Notice, Step
from bot.ports import AlertChat, Alerts, Board, Clock, Noticed

LOG = logging.getLogger(__name__)

LOOP_SECONDS = 5.0
WAIT = timedelta(seconds=30)
"""What opens within it is told together."""
ROUND = timedelta(minutes=15)
"""So long a message takes those that open later too: all hosts are looked at once in it."""
LEASE = timedelta(minutes=1)
"""Longer than Slack takes; and how long to let it alone when it refuses."""
MOST_STEPS = 4
"""Of one message in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAlerts:
    """Call it often."""

    hosts: Callable[[], Hosts]
    alerts: Alerts
    chat: AlertChat
    clock: Clock
    owner: str
    new_id: Callable[[], str]
    forget_unwatched: Callable[[datetime], None]
    stopping: Callable[[], bool] = lambda: False
    _refused: dict[str, str] = field(default_factory=dict)
    """What Slack said of a message the last time, by its id: logged once."""

    def __call__(self) -> None:
        board = self.alerts.board()
        if not board.waiting and not board.noticed:
            return
        now = self.clock.now()
        self.forget_unwatched(now)
        rules = {host.name: host.alerts for host in self.hosts().all()}
        self._gather(board, rules, now)
        for each in self.alerts.board().noticed:
            if self.stopping():
                return
            if each.behind or next_step(each.notice, each.alerts, rules, now) is not None:
                self._tell(each.notice.id, rules, now)

    # --- which alerts are one message ---------------------------------------------------------------

    def _gather(self, board: Board, rules: Mapping[str, Alerting], now: datetime) -> None:
        groups: dict[tuple[str, Kind], list[Alert]] = {}
        for alert in board.waiting:
            if alert.host in rules and loud(alert, rules, now):
                groups.setdefault((rules[alert.host].channel, alert.kind), []).append(alert)
        for (channel, kind), alerts in groups.items():
            if any(not timedelta() <= now - each.opened_at < WAIT for each in alerts):
                notice = self._young(board, channel, kind, now) or Notice(
                    id=self.new_id(), channel=channel, kind=kind, made_at=now
                )
                self.alerts.gather(notice, [each.id for each in alerts])

    @staticmethod
    def _young(board: Board, channel: str, kind: Kind, now: datetime) -> Notice | None:
        for each in board.noticed:
            notice, is_open = each.notice, any(alert.is_open for alert in each.alerts)
            fits = (notice.channel, notice.kind) == (channel, kind)
            if fits and is_open and timedelta() <= now - notice.made_at < ROUND:
                return notice
        return None

    # --- one message ----------------------------------------------------------------------------

    def _tell(self, notice_id: str, rules: Mapping[str, Alerting], now: datetime) -> None:
        held = self.alerts.begin(notice_id, self.owner, LEASE)
        if held is None:
            return
        try:
            self._steps(held, rules, now)
        except ChatError as refused:  # the lease goes on: it is tried again once that is over
            if self._refused.get(notice_id) != str(refused):
                LOG.warning("an alert in %s cannot be told: %s", held.notice.channel, refused)
            self._refused[notice_id] = str(refused)
            return
        self._refused.pop(notice_id, None)
        self.alerts.leave(notice_id, self.owner)

    def _steps(self, held: Noticed, rules: Mapping[str, Alerting], now: datetime) -> None:
        for _ in range(MOST_STEPS):
            step = next_step(held.notice, held.alerts, rules, now)
            if step is None:
                break
            held = self._step(held, step, rules, now)
        if held.behind and held.notice.ts:
            self._shown(held, now)

    def _step(self, held: Noticed, step: Step, rules: Mapping[str, Alerting], now: datetime) -> Noticed:
        """Take one step, and remember it."""
        if step is Step.POST:
            return self._posted(held, now)
        to = escalated_to(held.notice, held.alerts, rules, now) if step is Step.ESCALATE else ()
        told = held.notice.ts and not (step is Step.OVER and ends_quietly(held.alerts, rules, now))
        if step is Step.OVER:
            held = self._shown(held, now) if held.notice.ts else held
        if told:
            self.chat.say_of_alerts(held, step, to, now)
        notice = after(held.notice, step, held.alerts, now)
        event = facts.told(notice, step, held.alerts, to) if told else None
        self.alerts.told(held, notice, event, is_shown=step is Step.OVER)
        return replace(held, notice=notice)

    def _posted(self, held: Noticed, now: datetime) -> Noticed:
        self.alerts.trying(held.notice.id)
        place = self.chat.post_alerts(held, now)
        notice = replace(held.notice, ts=place.ts, permalink=place.permalink, tried=True)
        notice = after(notice, Step.POST, held.alerts, now)
        self.alerts.told(held, notice, facts.told(notice, Step.POST, held.alerts), is_shown=True)
        return replace(held, notice=notice, behind=False)

    def _shown(self, held: Noticed, now: datetime) -> Noticed:
        """Bring the message up to date; one that somebody deleted is posted anew while something is open."""
        try:
            self.chat.update_alerts(held, now)
        except MessageGoneError:
            gone = replace(held.notice, ts="", permalink="", tried=False)
            self.alerts.told(held, gone)
            return replace(held, notice=gone)
        self.alerts.told(held, held.notice, is_shown=True)
        return replace(held, behind=False)
