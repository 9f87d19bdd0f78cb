"""From look to look: what opens an alert, makes it worse, and ends it. Pure.

What a look does not tell changes nothing: only a look that tells that it is over ends an alert. Another engine begins
anew; where the clock went back, or nobody looked for too long, only what was about to change begins anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.watch.pressure.alert import (
    Alert,
    Change,
    Happened,
    Kind,
    Measured,
    Outcome,
    Standing,
    Switch,
    alert_id,
)
from bot.core.watch.pressure.lines import Level, Lines

DISK_WARN, DISK_CRITICAL = "disk:warn", "disk:critical"
INODES_WARN, INODES_CRITICAL = "inodes:warn", "inodes:critical"
HOURS, SILENT = "hours", "silent"
_LEVELS = {
    DISK_WARN: Level.WARN, DISK_CRITICAL: Level.CRITICAL, INODES_WARN: Level.WARN,
    INODES_CRITICAL: Level.CRITICAL, HOURS: Level.SOON, SILENT: Level.WARN,
}  # fmt: skip
OTHER_ENGINE = "another engine answers there now: what it shows counts anew"
BELOW, ANSWERS = "it is below the line again", "it answers again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Say:
    """What a look says of one line: whether it is reached, and whether it is not behind the other line yet."""

    reached: bool
    held: bool


def looked(host: str, kind: Kind, before: Standing, seen: Measured, lines: Lines) -> Outcome:
    """What follows from a look at a host."""
    before, changes = _of_this_engine(before, seen)
    says, known = _says(kind, seen, lines)
    delays = _delays(kind, lines)
    unbroken = before.seen_at is not None and timedelta() <= seen.at - before.seen_at <= lines.gap
    switches = {}
    for name in sorted(known):
        was, say = before.switches.get(name, Switch()), says.get(name)
        now = was if say is None else _switched(was, say, seen.at, delays, unbroken=unbroken)
        if now != Switch():
            switches[name] = now
    after = replace(
        before, engine=seen.engine or before.engine, switches=switches,
        seen_at=seen.at if says else before.seen_at,
    )  # fmt: skip
    causes = tuple(name for name, switch in switches.items() if switch.on)
    if before.alert is not None:
        outcome = _followed(after, before.alert, causes, seen if says else None, seen.at)
    elif causes and says:
        began = min(
            (before.switches[name].since or seen.at for name in causes if name in before.switches),
            default=seen.at,
        )
        outcome = _opened(host, kind, after, causes, seen, began)
    else:
        outcome = Outcome(standing=after)
    return replace(outcome, changes=(*changes, *outcome.changes))


def given_up(before: Standing, at: datetime, because: str) -> Outcome:
    """Nobody watches it any more: an open alert ends, and nothing is remembered."""
    if before.alert is None:
        return Outcome(standing=Standing(count=before.count))
    over = before.alert.ended(at, because)
    return Outcome(
        standing=Standing(count=before.count), changes=(Change(happened=Happened.ENDED, alert=over),)
    )


def _of_this_engine(before: Standing, seen: Measured) -> tuple[Standing, tuple[Change, ...]]:
    if not seen.engine or not before.engine or seen.engine == before.engine:
        return before, ()
    anew = given_up(before, seen.at, OTHER_ENGINE)
    return anew.standing, anew.changes


def _says(kind: Kind, seen: Measured, lines: Lines) -> tuple[Mapping[str, _Say], frozenset[str]]:
    """What the look says of each line, and which lines there are: one that was taken away is not reached."""
    if kind is Kind.UNREACHABLE:
        silent = _Say(reached=bool(seen.trouble), held=bool(seen.trouble))
        return ({}, frozenset()) if lines.unreachable is None else ({SILENT: silent}, frozenset({SILENT}))
    disk, inodes = seen.share, seen.inodes_share
    bounds = {
        DISK_WARN: (lines.warn, disk), DISK_CRITICAL: (lines.critical, disk),
        INODES_WARN: (lines.inodes_warn, inodes), INODES_CRITICAL: (lines.inodes_critical, inodes),
    }  # fmt: skip
    there = {name for name, (one, _) in bounds.items() if one} | ({HOURS} if lines.hours else set())
    says = {
        name: _Say(reached=one.at.reached(share, seen.free), held=one.clears.reached(share, seen.free))
        for name, (one, share) in bounds.items()
        if one is not None and share is not None
    }
    if lines.hours is not None and seen.left is not None:
        says[HOURS] = _Say(reached=seen.left < lines.hours.at, held=seen.left <= lines.hours.clears)
    return says, frozenset(there)


def _delays(kind: Kind, lines: Lines) -> tuple[timedelta, timedelta]:
    """How long a line has to be reached, and to be behind."""
    if kind is Kind.UNREACHABLE:
        return lines.unreachable or timedelta(), timedelta()
    return lines.holds, lines.clears


def _switched(
    was: Switch, say: _Say, at: datetime, delays: tuple[timedelta, timedelta], *, unbroken: bool
) -> Switch:
    wanted = say.reached or (was.on and say.held)
    if wanted == was.on:
        return Switch(on=was.on)
    since = was.since if was.since is not None and unbroken else at
    if at - since >= delays[0 if wanted else 1]:
        return Switch(on=wanted)
    return Switch(on=was.on, since=since)


def _level(causes: Collection[str]) -> Level:
    return max((_LEVELS[name] for name in causes), key=lambda each: each.rank)


def _opened(  # noqa: PLR0913, PLR0917 - what an alert is made of
    host: str, kind: Kind, standing: Standing, causes: tuple[str, ...], seen: Measured, began: datetime
) -> Outcome:
    level, number = _level(causes), standing.count + 1
    alert = Alert(
        id=alert_id(host, kind, number), host=host, kind=kind, opened_at=seen.at, began_at=began, level=level,
        worst=level, causes=causes, shows=seen,
    )  # fmt: skip
    standing = replace(standing, alert=alert, count=number)
    return Outcome(standing=standing, changes=(Change(happened=Happened.OPENED, alert=alert),), seen=alert)


def _followed(
    after: Standing, alert: Alert, causes: tuple[str, ...], seen: Measured | None, at: datetime
) -> Outcome:
    """What became of an open alert."""
    shown = alert if seen is None else replace(alert, shows=_kept(alert.shows, seen))
    if not causes:
        over = shown.ended(at, ANSWERS if alert.kind is Kind.UNREACHABLE else BELOW)
        return Outcome(
            standing=replace(after, alert=None), changes=(Change(happened=Happened.ENDED, alert=over),)
        )
    level = _level(causes)
    worst = max(level, alert.worst, key=lambda each: each.rank)
    now = replace(shown, level=level, worst=worst, causes=causes)
    changes: tuple[Change, ...] = ()
    if level is not alert.level:
        happened = Happened.WORSE if level.rank > alert.level.rank else Happened.EASED
        changes = (Change(happened=happened, alert=now, before=alert.level),)
    return Outcome(standing=replace(after, alert=now), changes=changes, seen=now if now != alert else None)


def _kept(before: Measured, seen: Measured) -> Measured:
    """The newest look; what it does not tell is as it was told last."""
    disk, inodes = (seen if known else before for known in (seen.size, seen.inodes))
    return replace(
        seen, size=disk.size, free=disk.free,
        inodes=inodes.inodes, free_inodes=inodes.free_inodes,
        lasts=seen.lasts or before.lasts, grows=seen.grows or before.grows,
    )  # fmt: skip
