"""What a Home says of a host: how full it is, as of when, what was cleaned last, and what is wrong. Pure."""

from collections.abc import Iterator

from bot.core.docker.usage import FEW_INODES, DiskSpace, LastLook
from bot.core.units import short_size
from bot.ports import Cleanup
from bot.services.home.gather import HostLine
from bot.slack.action_ids import LOOK
from bot.slack.kit.blocks import Block, button, section
from bot.slack.kit.text import bar, code, date, escape, plain

TAGS_SHOWN = 5
NEARLY_FULL = 0.9


def host_block(line: HostLine) -> Block:
    """One host, with the button that looks at it now."""
    name = line.host.name
    block = section("\n".join(_lines(line)))
    block["accessory"] = button("Look", f"{LOOK}:{name}", name, spoken=f"Look at {name} now")
    return block


def _lines(line: HostLine) -> Iterator[str]:
    tags = "".join(f" {code(tag, 40)}" for tag in line.host.tags[:TAGS_SHOWN])
    yield f"*{escape(line.host.name)}*{tags}: {_disk_text(line.look, line.lasts)}"
    if line.look is not None:
        yield f"Docker holds {short_size(line.look.usage.size)} · looked at {date(line.look.at)}"
    if line.cleanup is not None:
        yield _cleanup_text(line.cleanup)
    if line.needs_attention:
        yield ":rotating_light: A cleanup needs attention here; until then no other one starts."
    if line.unreachable is not None:
        schedule, at = plain(line.unreachable.schedule, 80), date(line.unreachable.at)
        yield f":x: Schedule “{schedule}” could not use it {at}, and nobody has looked at it since."


def _disk_text(look: LastLook | None, lasts: str) -> str:
    if look is not None and look.disk is not None:
        return f"{_used_text(look.disk)}{f', {lasts}' if lasts else ''}"
    if lasts:
        return f"its disk has {lasts}" if lasts.endswith(" left") else f"its disk: {lasts}"
    return "not looked at yet" if look is None else "how full its disk is cannot be told"


def _used_text(disk: DiskSpace) -> str:
    share, inodes = disk.used_share, disk.inodes_share
    warning = " :warning:" if share >= NEARLY_FULL else ""
    few = f", {inodes:.0%} of its inodes taken" if inodes is not None and inodes >= FEW_INODES else ""
    return f"`{bar(share)}` {share:.0%} full{warning}, {short_size(disk.free)} free{few}"


def _cleanup_text(cleanup: Cleanup) -> str:
    if cleanup.finished_at is None:
        return f"A cleanup has been running since {date(cleanup.started_at)}"
    freed = short_size(cleanup.reclaimed_bytes)
    return f"Last cleanup {date(cleanup.finished_at)}: {cleanup.outcome}, {freed} freed"
