"""The message of alerts that opened together, and the lines that tell what is new. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.rules.alerting import NO_ALERTS, Alerting
from bot.core.watch.pressure.alert import Alert, Kind
from bot.core.watch.pressure.notice import Step
from bot.ports import Noticed
from bot.slack.action_ids import ALERT_LOOK, ALERT_PLAN, ALERT_SNOOZE
from bot.slack.alerts.words import (
    TROUBLE_LIMIT,
    acted,
    emoji,
    figures,
    headline,
    over_below,
    since,
)
from bot.slack.kit.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    header,
    menu,
    option,
    section,
)
from bot.slack.kit.text import escape, link, paragraphs, plain, plural

SHOWN = 20
"""Hosts of one message, beyond which they are counted."""
NAMED = 5
"""In a line."""
LINES_LIMIT = 2_800


def alerts_message(noticed: Noticed, rules: Mapping[str, Alerting], now: datetime) -> Message:
    """What people see of alerts, from the first to the last time."""
    alerts = _ordered(noticed.alerts)
    title = _title(noticed.notice.kind, alerts)
    blocks: list[Block] = [header(title)]
    if len(alerts) == 1:
        blocks += _one(alerts[0], rules.get(alerts[0].host, NO_ALERTS), now)
    else:
        lines = [_line(alert, now) for alert in alerts[:SHOWN]]
        blocks += [section(text) for text in paragraphs(lines, LINES_LIMIT)]
        if len(alerts) > SHOWN:
            blocks.append(
                context(f"and {plural(len(alerts) - SHOWN, 'host')} more: /docker-df all lists them")
            )
    open_ones = [alert for alert in alerts if alert.is_open]
    if open_ones:
        blocks.append(actions(_buttons(noticed.notice.id, open_ones)))
    return Message(text=f"{emoji(alerts[0])} {escape(title)}", blocks=tuple(blocks))


def _ordered(alerts: Sequence[Alert]) -> list[Alert]:
    """What is open first, then the worst."""
    return sorted(
        alerts, key=lambda each: (not each.is_open, -each.level.rank, -(each.shows.share or 0), each.host)
    )


def _title(kind: Kind, alerts: Sequence[Alert]) -> str:
    if len(alerts) == 1:
        return headline(alerts[0])
    going_on = sum(alert.is_open for alert in alerts)
    if kind is Kind.UNREACHABLE:
        return (
            f"{plural(going_on, 'host')} {'does' if going_on == 1 else 'do'} not answer"
            if going_on
            else f"All {len(alerts)} hosts answer again"
        )
    if not going_on:
        return f"Over: the disks of all {len(alerts)} hosts have room again"
    return (
        f"{going_on} of {len(alerts)} disks are too full"
        if going_on < len(alerts)
        else f"{going_on} disks are too full"
    )


def _one(alert: Alert, rules: Alerting, now: datetime) -> list[Block]:
    seen = alert.shows
    said = [
        f"{emoji(alert)} {text}" if number == 0 else text for number, text in enumerate(_said(alert, now))
    ]
    if alert.is_open and seen.lasts and alert.kind is Kind.PRESSURE:
        said.append(f":hourglass: If nobody cleans up: {plain(seen.lasts)}.")
    if alert.is_open and seen.grows and alert.kind is Kind.PRESSURE:
        said.append(f":chart_with_upwards_trend: What grows: {plain(seen.grows)}.")
    blocks = [section("\n".join(said))]
    small = [text for text in (acted(alert, now), over_below(alert, rules) if alert.is_open else "") if text]
    return [*blocks, *([context(" · ".join(small))] if small else [])]


def _said(alert: Alert, now: datetime) -> list[str]:
    if alert.kind is Kind.UNREACHABLE and alert.is_open:
        return [
            f"Nobody has reached it {since(alert, now)}. What is known of its disk is as old as that.",
            plain(alert.shows.trouble, TROUBLE_LIMIT),
        ]
    found = since(alert, now)
    return [text for text in (figures(alert.shows), found[:1].upper() + found[1:] + ".") if text]


def _line(alert: Alert, now: datetime) -> str:
    parts = [f"{emoji(alert)} *{escape(alert.host)}*"]
    if alert.kind is Kind.UNREACHABLE:
        parts += [plain(alert.shows.trouble, 160)] if alert.is_open else []
    else:
        parts += [figures(alert.shows)] if figures(alert.shows) else []
    parts += [since(alert, now), *([acted(alert, now)] if acted(alert, now) else [])]
    return " · ".join(parts)


def _buttons(notice: str, alerts: Sequence[Alert]) -> list[Block]:
    """What can be done about those that are open."""
    pressure = alerts[0].kind is Kind.PRESSURE
    hosts = list(dict.fromkeys(alert.host for alert in alerts))
    found = []
    if len(hosts) == 1:
        host = hosts[0]
        if pressure:
            spoken = f"Plan a cleanup of {host}"
            found.append(button("Plan the cleanup", ALERT_PLAN, host, style="primary", spoken=spoken))
        found.append(button("Look" if pressure else "Try again", ALERT_LOOK, host, spoken=f"Look at {host}"))
    else:
        listed = [option(host, host) for host in hosts[:SHOWN]]
        if pressure:
            found.append(menu("Plan the cleanup of…", ALERT_PLAN, listed))
        found.append(menu("Look at…", ALERT_LOOK, listed))
    found.append(button("Snooze…", ALERT_SNOOZE, notice, spoken="Hear nothing more of it for a while"))
    return found


def step_line(noticed: Noticed, step: Step, now: datetime) -> str:
    """What is new, in a line that stands in the channel by itself."""
    going_on = [alert for alert in _ordered(noticed.alerts) if alert.is_open]
    where = link(noticed.notice.permalink, "The alert")
    where = f" {where}" if where else ""
    if step is Step.OVER:
        return f":white_check_mark: {_over(noticed)}{where}"
    told = noticed.notice.told
    new = [alert for alert in going_on if alert.id not in told]
    worse = [alert for alert in going_on if alert.id in told and alert.level.rank > told[alert.id].level.rank]
    chosen = {Step.JOINED: new, Step.WORSE: worse}.get(step, []) or going_on
    words = {
        Step.JOINED: "Also", Step.WORSE: "Worse", Step.REPEAT: "Still", Step.ESCALATE: "Nobody has acted on this yet",
    }[step]  # fmt: skip
    nobody = step is Step.REPEAT and any(alert.answered is None for alert in chosen)
    ending = " Nobody has acted yet." if nobody else ""
    return f"{emoji(chosen[0])} {words}: {_named(chosen, now)}.{ending}{where}"


def _named(alerts: Sequence[Alert], now: datetime) -> str:
    named = "; ".join(f"{escape(headline(each))}, {since(each, now)}" for each in alerts[:NAMED])
    return named if len(alerts) <= NAMED else f"{named}; and {plural(len(alerts) - NAMED, 'host')} more"


def _over(noticed: Noticed) -> str:
    alerts = _ordered(noticed.alerts)
    if len(alerts) == 1:
        ended = alerts[0].ended_because
        return f"{escape(headline(alerts[0]))} ({plain(ended, 120)})."
    return f"{escape(_title(noticed.notice.kind, alerts))}."
