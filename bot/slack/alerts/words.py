"""Alerts in words: how a host stands, since when, and who acted. Pure; escaped for Slack where it says so."""

from datetime import datetime, timedelta

from bot.core.rules.alerting import Alerting
from bot.core.units import duration_words, short_size
from bot.core.watch.pressure.alert import Alert, Kind, Measured
from bot.core.watch.pressure.lines import Bounds, Level
from bot.slack.kit.text import bar, date, mention_id, plain

EMOJI = {Level.SOON: ":hourglass:", Level.WARN: ":warning:", Level.CRITICAL: ":rotating_light:"}
OVER, SILENT = ":white_check_mark:", ":electric_plug:"
TROUBLE_LIMIT, WHY_LIMIT = 400, 300
_DISK = ("disk:critical", "disk:warn")
_INODES = ("inodes:critical", "inodes:warn")


def emoji(alert: Alert) -> str:
    if not alert.is_open:
        return OVER
    return SILENT if alert.kind is Kind.UNREACHABLE else EMOJI[alert.level]


def headline(alert: Alert) -> str:
    """What it is in a few words, not escaped: ``prod-3: the disk is 93% full``."""
    seen = alert.shows
    if alert.kind is Kind.UNREACHABLE:
        return f"{alert.host} {'does not answer' if alert.is_open else 'answers again'}"
    share = f"{seen.share:.0%} full" if seen.share is not None else "fuller than it should be"
    if not alert.is_open:
        return f"{alert.host}: over, the disk is {share}"
    if any(cause in _DISK for cause in alert.causes):
        return f"{alert.host}: the disk is {share}" + (", critical" if alert.level is Level.CRITICAL else "")
    if any(cause in _INODES for cause in alert.causes):
        return f"{alert.host}: {seen.inodes_share or 0:.0%} of the disk's inodes are taken"
    return f"{alert.host}: the disk is {seen.lasts or 'full soon'}"


def figures(seen: Measured) -> str:
    """How full the disk is; empty where that is not known."""
    if seen.share is None or seen.free is None or seen.size is None:
        return ""
    inodes = f" · {seen.inodes_share:.0%} of its inodes" if (seen.inodes_share or 0) >= 0.8 else ""  # noqa: PLR2004 - as a report says them
    return f"`{bar(seen.share)}` *{seen.share:.0%}* · {short_size(seen.free)} free of {short_size(seen.size)}{inodes}"


def since(alert: Alert, now: datetime) -> str:
    """Since when, and how long that is."""
    if alert.ended_at is not None:
        lasted = duration_words(max(alert.ended_at - alert.began_at, timedelta()))
        return f"{plain(alert.ended_because, 120)}, since {date(alert.ended_at)}; it lasted {lasted}"
    worst = " (it was critical)" if alert.worst.rank > alert.level.rank else ""
    return (
        f"for {duration_words(max(now - alert.began_at, timedelta()))}, since {date(alert.began_at)}{worst}"
    )


def over_below(alert: Alert, rules: Alerting) -> str:
    """Where it is over: ``It ends below 80%.``."""
    lines = rules.lines
    bounds: dict[str, Bounds | None] = {
        "disk:warn": lines.warn, "disk:critical": lines.warn or lines.critical,
        "inodes:warn": lines.inodes_warn, "inodes:critical": lines.inodes_warn or lines.inodes_critical,
    }  # fmt: skip
    found = next((one for name in alert.causes if (one := bounds.get(name)) is not None), None)
    if found is None:
        return ""
    line = found.clears
    return f"It ends below {line}." if line.free is None else f"It ends with more than {line} free."


def acted(alert: Alert, now: datetime) -> str:
    """Who acted, and what they did; empty while nobody has."""
    parts = []
    if alert.snoozed is not None and alert.sleeps(now):
        snooze = alert.snoozed
        until = f"until {date(snooze.until)}" if snooze.until else "until it is over"
        why = f": {plain(snooze.why, WHY_LIMIT)}" if snooze.why else ""
        parts.append(f":zzz: Snoozed {until} by {mention_id(snooze.by)}{why}")
    if alert.answered is not None:
        answer = alert.answered
        parts.append(f":broom: {mention_id(answer.by)} {plain(answer.what, 120)} {date(answer.at)}")
    return " · ".join(parts)
