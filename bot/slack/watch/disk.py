"""What a report says of a disk beside Docker's own figures: what is in none of them, and how long it lasts. Pure."""

from collections.abc import Iterator

from bot.core.docker.usage import DiskSpace, DiskUsage
from bot.core.units import short_size
from bot.core.watch.outlook import Outlook
from bot.core.watch.samples import REST
from bot.core.watch.words import full_words, kinds_words
from bot.slack.kit.text import bar


def disk_lines(host: str, usage: DiskUsage, disk: DiskSpace | None, outlook: Outlook) -> Iterator[str]:
    """Lines for under the bars of a report; none where nothing is known."""
    rest = beside(usage, disk)
    if disk is not None and rest:
        share = rest / max(disk.size - disk.free, 1)
        yield f"`{bar(share)}` {share:.0%} of what is used: {REST}: {short_size(rest)}"
    if outlook.words(host):
        yield lasts_line(host, outlook)


def beside(usage: DiskUsage, disk: DiskSpace | None) -> int:
    """Bytes on a disk that are in no figure of Docker's; 0 where that is not known, or an engine counts some twice."""
    known = disk is not None and all(row.known for row in usage.rows)
    return max(disk.size - disk.free - usage.size, 0) if disk is not None and known else 0


def lasts_line(host: str, outlook: Outlook) -> str:
    """How long the disk of a host lasts that is foretold, and what fills it."""
    forecast = outlook.forecasts[host]
    growing = kinds_words(forecast)
    what = f" What grows: {growing}." if growing and forecast.filling else ""
    full = full_words(forecast.unattended, forecast.filling, outlook.now)
    return f":hourglass: If nobody cleans up: {full}.{what}"
