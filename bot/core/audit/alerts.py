"""What the audit says of alerts: what was seen, who was told, and who acted."""

from collections.abc import Sequence

from bot.core.audit.events import Event, Tag, time_text
from bot.core.json import Json
from bot.core.watch.pressure.alert import Alert, Answer, Change, Happened, Measured, Snooze
from bot.core.watch.pressure.notice import Notice, Step

_TAGS = {
    Happened.OPENED: Tag.ALERT_OPENED,
    Happened.WORSE: Tag.ALERT_CHANGED,
    Happened.EASED: Tag.ALERT_CHANGED,
    Happened.ENDED: Tag.ALERT_ENDED,
}


def changed(change: Change) -> Event:
    """What a look changed."""
    alert = change.alert
    facts: dict[str, Json] = {
        **_about(alert), "causes": list(alert.causes), "began_at": time_text(alert.began_at), **_shown(alert.shows),
    }  # fmt: skip
    if change.before is not None:
        facts["level_before"] = str(change.before)
    if alert.ended_at is not None:
        facts |= {
            "ended_at": time_text(alert.ended_at), "reason": alert.ended_because, "worst": str(alert.worst),
            "opened_at": time_text(alert.opened_at),
        }  # fmt: skip
    return Event(tag=_TAGS[change.happened], host=alert.host, facts=facts)


def once(change: Change) -> str:
    """Names what may happen once in an alert's life; empty for what may happen again."""
    happened = change.happened
    return f"alert {change.alert.id}/{happened}" if happened in {Happened.OPENED, Happened.ENDED} else ""


def told(notice: Notice, step: Step, alerts: Sequence[Alert], to: Sequence[str] = ()) -> Event:
    """That people were told of alerts: how, where, and of which."""
    facts: dict[str, Json] = {
        "notice": notice.id, "how": str(step), "channel": notice.channel, "ts": notice.ts,
        "permalink": notice.permalink or None, "alerts": [alert.id for alert in alerts],
    }  # fmt: skip
    if step is Step.ESCALATE:
        return Event(tag=Tag.ALERT_ESCALATED, host=_host(alerts), facts={**facts, "to": list(to)})
    return Event(tag=Tag.ALERT_TOLD, host=_host(alerts), facts=facts)


def snoozed(alert: Alert, snooze: Snooze) -> Event:
    facts: dict[str, Json] = {
        **_about(alert), "actor_name": snooze.by_name, "reason": snooze.why,
        "until": time_text(snooze.until) if snooze.until else None,
    }  # fmt: skip
    return Event(tag=Tag.ALERT_SNOOZED, host=alert.host, actor=snooze.by, facts=facts)


def woken(alert: Alert, by: str, by_name: str) -> Event:
    return Event(
        tag=Tag.ALERT_WOKEN, host=alert.host, actor=by, facts={**_about(alert), "actor_name": by_name}
    )


def answered(alert: Alert, answer: Answer) -> Event:
    facts: dict[str, Json] = {**_about(alert), "actor_name": answer.by_name, "what": answer.what}
    return Event(tag=Tag.ALERT_ANSWERED, host=alert.host, actor=answer.by, facts=facts)


def _host(alerts: Sequence[Alert]) -> str:
    """The host of a message about one alone."""
    hosts = {alert.host for alert in alerts}
    return hosts.pop() if len(hosts) == 1 else ""


def _about(alert: Alert) -> dict[str, Json]:
    return {"alert": alert.id, "kind": str(alert.kind), "level": str(alert.level)}


def _shown(seen: Measured) -> dict[str, Json]:
    """What was seen; shares of a thousandth, so that all numbers are whole."""
    share, inodes = seen.share, seen.inodes_share
    found: dict[str, Json] = {
        "seen_at": time_text(seen.at), "engine_id": seen.engine, "disk_size": seen.size, "disk_free": seen.free,
        "used_permille": None if share is None else round(share * 1000),
        "inodes_permille": None if inodes is None else round(inodes * 1000),
        "lasts": seen.lasts, "trouble": seen.trouble,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in (None, "")}
