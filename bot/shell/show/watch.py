"""What the shell shows of many hosts at once: how their disks stand."""

from collections.abc import Sequence

from bot.core.audit.events import time_text
from bot.core.docker.usage import UNKNOWN
from bot.core.json import Json
from bot.core.units import duration_words, short_size
from bot.core.watch.pressure.alert import Alert, Kind
from bot.core.watch.words import per_day
from bot.services.watch.board import STALE, Line, Shown
from bot.shell.show.hosts import disk_json

HEAD = ("HOST", "FULL", "FREE", "DOCKER HOLDS", "GROWS BY", "LASTS", "ALERT", "SEEN")
RIGHT = (1, 2, 3, 4, 5)


def rows(shown: Shown) -> Sequence[tuple[str, ...]]:
    return [_row(line, shown) for line in shown.lines]


def _row(line: Line, shown: Shown) -> tuple[str, ...]:
    look, forecast = line.look, line.forecast
    disk = look.disk if look else None
    grows = per_day(forecast.rate) if forecast and forecast.enough else UNKNOWN
    return (
        line.host,
        f"{disk.used_share:.0%}" if disk else UNKNOWN,
        short_size(disk.free) if disk else UNKNOWN,
        short_size(look.usage.size) if look else UNKNOWN,
        grows,
        line.lasts or UNKNOWN,
        ", ".join(_alert(each) for each in line.alerts),
        _seen(line, shown),
    )


def _alert(alert: Alert) -> str:
    return "does not answer" if alert.kind is Kind.UNREACHABLE else str(alert.level)


def _seen(line: Line, shown: Shown) -> str:
    if line.look is None:
        return "never"
    age = shown.at - line.look.at
    return (
        f"{duration_words(age)} ago{': old' if age > STALE else ''}"
        if age.total_seconds() >= 1
        else "just now"
    )


def footing(shown: Shown) -> str:
    """What stands under the table."""
    return f"As of {shown.at:%Y-%m-%d %H:%M:%S}Z, by what was seen; Ctrl-C ends it."


def board_json(shown: Shown) -> Json:
    """The same for programs; bytes are integers."""
    return {"at": time_text(shown.at), "hosts": [_line_json(line) for line in shown.lines]}


def _line_json(line: Line) -> Json:
    look, forecast = line.look, line.forecast
    full = forecast.unattended.at if forecast else None
    return {
        "host": line.host,
        "seen_at": time_text(look.at) if look else None,
        "disk": disk_json(look.disk) if look else None,
        "docker": look.usage.size if look else None,
        "bytes_a_day": forecast.rate if forecast and forecast.enough else None,
        "full_at": time_text(full) if full else None,
        "lasts": line.lasts or None,
        "alerts": [
            {"kind": str(each.kind), "level": str(each.level), "opened_at": time_text(each.opened_at)}
            for each in line.alerts
        ],
    }
