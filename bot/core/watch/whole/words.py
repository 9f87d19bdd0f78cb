"""The whole disk in words, the same for every place that shows it; no chat's language."""

from bot.core.units import short_size
from bot.core.watch.whole.disk import Part, WholeDisk
from bot.core.watch.words import per_day

UNSEEN = (
    "How large the disk is and how full, nobody tells: its engine does not, and neither statvfs nor SFTP leads there. "
    "Shares are of what Docker counts."
)


def size_words(part: Part) -> str:
    """``41.2GB, 31%``; that it is not known where it is not."""
    if part.bytes is None:
        return "not known"
    share = f", {part.share:.0%}" if part.share is not None else ""
    return f"{short_size(part.bytes)}{share}"


def growth_words(part: Part) -> str:
    """``grew by 12.1GB since 3 Nov 2026, +1.1GB a day``; empty where it did not, or nobody knows."""
    grown = part.grown
    if grown is None:
        return ""
    pace = f", {per_day(part.rate)}" if part.rate else ""
    return f"grew by {short_size(grown.by)} since {grown.since.day} {grown.since:%b %Y}{pace}"


def head_words(whole: WholeDisk) -> str:
    """How full it is, and what holds most of it."""
    held = [part for part in whole.parts[: len(whole.parts) - (whole.disk is not None)] if part.bytes]
    largest = max(held, key=lambda part: part.bytes or 0, default=None)
    most = f"; most of it: {largest.name}, {size_words(largest)}" if largest else ""
    return f"{whole.disk or UNSEEN.partition(':')[0]}{most}"
