"""TellAlerts: what people are told next of the alerts of one message, and when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.rules.alerting import NO_ALERTS, Alerting
from bot.core.watch.pressure.alert import Alert
from bot.core.watch.pressure.lines import Level
from bot.core.watch.pressure.notice import Notice, Step, Told

NOTEWORTHY = 10
"""An alert that somebody answered is told again once so many thousandths more are used than when it was told."""


def loud(alert: Alert, rules: Mapping[str, Alerting], now: datetime) -> bool:
    """Whether people may be disturbed by an alert at this moment."""
    quiet = rules.get(alert.host, NO_ALERTS).quiet.holds(now, alert.level)
    return alert.is_open and not alert.sleeps(now) and not quiet


def next_step(
    notice: Notice, alerts: Sequence[Alert], rules: Mapping[str, Alerting], now: datetime
) -> Step | None:
    """What is to be told now; None: nothing."""
    if not any(alert.is_open for alert in alerts):
        return Step.OVER if notice.over_at is None else None
    heard = [alert for alert in alerts if loud(alert, rules, now)]
    if not notice.ts:
        return Step.POST if heard else None
    return _news(notice, heard) or _reminder(notice, heard, rules, now)


def _news(notice: Notice, heard: Sequence[Alert]) -> Step | None:
    if any(alert.id not in notice.told for alert in heard):
        return Step.JOINED
    worse = any(alert.level.rank > notice.told[alert.id].level.rank for alert in heard)
    return Step.WORSE if worse else None


def _reminder(
    notice: Notice, heard: Sequence[Alert], rules: Mapping[str, Alerting], now: datetime
) -> Step | None:
    """What was foretold is told once."""
    pressing = [alert for alert in heard if alert.level is not Level.SOON]
    if notice.escalated_at is None and any(_ignored(notice, each, rules, now) for each in pressing):
        return Step.ESCALATE
    return Step.REPEAT if any(_again(notice, each, rules, now) for each in pressing) else None


def escalated_to(
    notice: Notice, alerts: Sequence[Alert], rules: Mapping[str, Alerting], now: datetime
) -> tuple[str, ...]:
    """Who hears of it because nobody acts, each once."""
    named = {}
    for alert in alerts:
        escalation = rules.get(alert.host, NO_ALERTS).escalation
        if escalation and loud(alert, rules, now) and _ignored(notice, alert, rules, now):
            named.update(dict.fromkeys(escalation.to))
    return tuple(named)


def ends_quietly(alerts: Sequence[Alert], rules: Mapping[str, Alerting], now: datetime) -> bool:
    """Whether nobody is to be disturbed by that they are over: the message says so in its place all the same."""
    return all(
        alert.worst is Level.SOON or rules.get(alert.host, NO_ALERTS).quiet.holds(now, alert.level)
        for alert in alerts
    )


def after(notice: Notice, step: Step, alerts: Sequence[Alert], now: datetime) -> Notice:
    """The notice once a step was taken."""
    if step is Step.OVER:
        return replace(notice, over_at=now)
    if step is Step.ESCALATE:
        return replace(notice, escalated_at=now)
    told = {**notice.told, **{alert.id: _told(notice, alert) for alert in alerts if alert.is_open}}
    return replace(notice, told=told, told_at=now, first_told_at=notice.first_told_at or now)


def _told(notice: Notice, alert: Alert) -> Told:
    before = notice.told.get(alert.id)
    levels = [alert.level, *([before.level] if before else [])]
    return Told(level=max(levels, key=lambda each: each.rank), permille=_permille(alert))


def _ignored(notice: Notice, alert: Alert, rules: Mapping[str, Alerting], now: datetime) -> bool:
    escalation = rules.get(alert.host, NO_ALERTS).escalation
    if escalation is None or alert.answered is not None or notice.first_told_at is None:
        return False
    since = notice.first_told_at
    if alert.snoozed is not None and alert.snoozed.until is not None:
        since = max(since, alert.snoozed.until)
    return now - since >= escalation.after


def _again(notice: Notice, alert: Alert, rules: Mapping[str, Alerting], now: datetime) -> bool:
    if notice.told_at is None or now - notice.told_at < rules.get(alert.host, NO_ALERTS).repeat:
        return False
    worse = _permille(alert) >= notice.told[alert.id].permille + NOTEWORTHY
    return alert.answered is None or worse


def _permille(alert: Alert) -> int:
    return round((alert.shows.share or 0) * 1000)
