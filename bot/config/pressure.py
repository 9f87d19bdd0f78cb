"""The table ``[watch.pressure]``: from where on a disk is told to be too full, where, how often and when not."""

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from typing import Annotated, Any

from pydantic import Field

from bot.config.types import (
    ChannelOrOff,
    Duration,
    DurationOrOff,
    LineOrOff,
    LineText,
    Name,
    ShareLine,
    ShareLineOrOff,
    SlackIds,
    SomePeriods,
    SomeWindows,
    Table,
    TimeZone,
)
from bot.core.plan.profiles import DEFAULT_PROFILE
from bot.core.rules.alerting import REPEAT, Alerting, Escalation, Quiet
from bot.core.rules.policy import EVERYONE
from bot.core.rules.windows import Windows
from bot.core.units import duration_text
from bot.core.watch.pressure.lines import Bounds, Hours, Line, Lines

_GAPS = 4
"""So many intervals without a look, and nobody knows how it was between."""
_BOUNDS = ("warn", "critical", "inodes_warn", "inodes_critical")
_NINETY, _EIGHTY = Line(share=0.9), Line(share=0.8)


class PressureTable(Table):
    channel: ChannelOrOff | None = None
    """The channel (C…) where alerts of these hosts are told; invite the bot there. Unset, or `off`: there are none."""
    warn: LineOrOff = _NINETY
    """From where on a disk is too full: `90%` of it used, `20GB` left, `90% and 20GB` for both; or `off`."""
    warn_clears: LineText = _EIGHTY
    """Behind which line that is over."""
    critical: LineOrOff = Line(share=0.98, free=5_000_000_000)
    """From where on it cannot wait; or `off`."""
    critical_clears: LineText = _NINETY
    """Behind which line it can."""
    inodes_warn: ShareLineOrOff = _NINETY
    """The same for the disk's inodes, of which it can run out too; or `off`."""
    inodes_warn_clears: ShareLine = _EIGHTY
    """Behind which line that is over."""
    inodes_critical: ShareLineOrOff = Line(share=0.98)
    """From where on it cannot wait; or `off`."""
    inodes_critical_clears: ShareLine = _NINETY
    """Behind which line it can."""
    hours_left: DurationOrOff = timedelta(hours=8)
    """Under how much time until the disk is full it is told, once and quietly; or `off`."""
    hours_left_clears: Duration = timedelta(hours=48)
    """With how much time that is over."""
    for_: Annotated[Duration, Field(alias="for")] = timedelta(minutes=1)
    """How long each look has to find a line reached: with the default two looks in a row; `0s`: one look is enough."""
    clears_for: Duration = timedelta(minutes=15)
    """How long each look has to find the disk behind the line that ends it."""
    unreachable: DurationOrOff = timedelta(minutes=30)
    """How long a host may not answer before that is told, as an alert of its own; or `off`."""
    repeat: Annotated[Duration, Field(ge=timedelta(minutes=5))] = REPEAT
    """How often an open alert is told again at most, while it gets worse or nobody acts."""
    quiet: SomeWindows | None = None
    """Hours in which nobody is disturbed: `mon-fri 20:00-07:00`. What is still open when they end is told then."""
    quiet_once: SomePeriods | None = None
    """The same once: `2026-12-24 18:00 to 2026-12-27 08:00`."""
    quiet_critical: bool = False
    """Whether what is critical waits for the end of quiet hours too."""
    time_zone: TimeZone = UTC
    """Of the quiet hours, and of “tomorrow at 9:00”."""
    profile: Annotated[str, Field(min_length=1)] = DEFAULT_PROFILE
    """The profile of the plan that an alert offers; it takes no more of it than it takes to be over."""
    escalate_after: DurationOrOff | None = None
    """How long nobody may act on an alert before others hear of it. Unset, or `off`: nobody does."""
    escalate_to: SlackIds = ()
    """Who hears of it then: channels (`C…`), user groups (`S…`), people (`U…`)."""

    def over(self, other: "PressureTable") -> "PressureTable":
        """This table, and what it leaves out as another has it."""
        return other.model_copy(update={key: getattr(self, key) for key in self.model_fields_set})


class WatchPressureTable(PressureTable):
    tags: dict[Name, PressureTable] = {}
    """Other lines for hosts with a tag, in tables `[watch.pressure.tags.NAME]`; what one leaves out is as above."""


def effective(host: PressureTable, tags: tuple[str, ...], everywhere: WatchPressureTable) -> PressureTable:
    """What counts on a host: its own, else that of the first of its tags in the file, else that of all."""
    tagged = next((table for tag, table in everywhere.tags.items() if tag in tags), PressureTable())
    return host.over(tagged.over(everywhere))


def alerting(table: PressureTable, every: timedelta | None) -> Alerting:
    """What a table means on a host that is looked at so often."""
    if not isinstance(table.channel, str) or every is None:
        return Alerting()
    weekly = Windows(windows=table.quiet, zone=table.time_zone) if table.quiet else None
    named = table.escalate_after is not None and bool(table.escalate_to)
    return Alerting(
        channel=table.channel,
        lines=_lines(table, max(timedelta(hours=1), every * _GAPS)),
        repeat=table.repeat,
        profile=table.profile,
        quiet=Quiet(
            weekly=weekly, once=table.quiet_once or (), zone=table.time_zone, critical=table.quiet_critical
        ),
        escalation=Escalation(after=table.escalate_after or timedelta(), to=table.escalate_to) if named else None,
    )  # fmt: skip


def _lines(table: PressureTable, gap: timedelta) -> Lines:
    bounds: dict[str, Any] = {}
    for name in _BOUNDS:
        at = getattr(table, name)
        bounds[name] = None if at is None else Bounds(at=at, clears=getattr(table, f"{name}_clears"))
    hours = None if table.hours_left is None else Hours(at=table.hours_left, clears=table.hours_left_clears)
    return Lines(
        **bounds,
        hours=hours,
        holds=table.for_,
        clears=table.clears_for,
        unreachable=table.unreachable,
        gap=gap,
    )


def contradictions(written: PressureTable, counts: PressureTable) -> Iterator[str]:
    """What cannot be meant together in a table, and what counts with it; each begins with the key."""
    keys = written.model_fields_set
    for name in _BOUNDS:
        at, clears = getattr(counts, name), getattr(counts, f"{name}_clears")
        if keys & {name, f"{name}_clears"} and at is not None and clears.within(at) is False:
            yield (
                f"{name}_clears: {clears} is beyond {name} ({at}), so that it would be over before it begins; write "
                "less of the disk used, or more left"
            )
    for below, above in (("warn", "critical"), ("inodes_warn", "inodes_critical")):
        low, high = getattr(counts, below), getattr(counts, above)
        if keys & {below, above} and None not in (low, high) and low.within(high) is False:
            yield f"{above}: {high} comes before {below} ({low}); write a line beyond that one"
    hours = counts.hours_left
    if keys & {"hours_left", "hours_left_clears"} and hours is not None and counts.hours_left_clears < hours:
        yield (
            f"hours_left_clears: is shorter than hours_left ({duration_text(hours)}), so that it would be over before "
            "it begins; write as much, or more"
        )
    yield from _of_escalation(keys, counts)


def _of_escalation(keys: set[str], counts: PressureTable) -> Iterator[str]:
    if "escalate_to" in keys and EVERYONE in counts.escalate_to:
        yield "escalate_to: “*” is nobody in particular; name channels (C…), user groups (S…) and people (U…)"
    if "escalate_to" in keys and counts.escalate_to and counts.escalate_after is None:
        yield 'escalate_to: after how long? Add escalate_after = "1h", or remove it'
    if "escalate_after" in keys and counts.escalate_after is not None and not counts.escalate_to:
        yield 'escalate_after: to whom? Add escalate_to = ["S0OPS"], or remove it'


def tables_of(
    everywhere: WatchPressureTable, hosts: Mapping[str, tuple[PressureTable, tuple[str, ...]]]
) -> Iterator[tuple[str, PressureTable, PressureTable]]:
    """Each table by its place, as it is written, and what counts with it."""
    yield "watch.pressure", everywhere, everywhere
    for tag, table in everywhere.tags.items():
        yield f"watch.pressure.tags.{tag}", table, table.over(everywhere)
    for name, (table, tags) in hosts.items():
        yield f"hosts.{name}.pressure", table, effective(table, tags, everywhere)
