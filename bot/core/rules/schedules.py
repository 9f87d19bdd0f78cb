"""Schedules: which cleanup is planned by itself, where, and when next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from cronsim import CronSim, CronSimError

from bot.core.docker.usage import DiskSpace
from bot.core.plan.arguments import Arguments
from bot.core.plan.plan import Person
from bot.core.watch.pressure.lines import Line, parse_line

REQUESTER_PREFIX = "schedule:"
"""What the id of a requester begins with who is a schedule, not a person: no such id can click."""

GRACE = timedelta(hours=1)
_FIELDS = 5
_ABOVE, _UNDER = "above ", "under "


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """How full a disk has to be."""

    line: Line

    def holds(self, disk: DiskSpace) -> bool:
        return self.line.reached(disk.used_share, disk.free)

    def __str__(self) -> str:
        return f"{_UNDER if self.line.share is None else _ABOVE}{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One cleanup that is planned by the clock, on each of its hosts."""

    name: str
    hosts: tuple[str, ...]
    arguments: Arguments
    cron: str
    """Five fields, read as Debian's cron reads them, summer time too: a time that is left out comes right after
    the gap, and one that comes twice counts once."""
    zone: tzinfo = UTC
    channel: str
    """Where its plans are posted."""
    grace: timedelta = GRACE
    """How late it may begin when nothing ran at its time; what is later waits for the next."""
    when: When | None = None
    """How full a host's disk has to be at its time; None: however full it is."""
    expires: timedelta | None = None
    """How long its plans wait for an approval; None means: as the host's policy says."""

    @property
    def requester(self) -> Person:
        return Person(id=f"{REQUESTER_PREFIX}{self.name}", name=f"schedule {self.name}")

    @property
    def definition(self) -> str:
        """What its moments follow from: another definition has other moments."""
        return f"{self.cron} {self.zone}"

    def after(self, moment: datetime) -> datetime:
        """The next moment later than this one, in UTC."""
        ticks = CronSim(self.cron, moment.astimezone(self.zone))
        # Asked within the hour that comes twice, the first answer may lie in that hour's first pass.
        return next(at for tick in ticks if (at := tick.astimezone(UTC)) > moment)


def parse_when(text: str) -> When:
    """Read ``above 75%`` (of the disk is used) or ``under 20GB`` (are free); ValueError says what is wrong."""
    wrong = f"“{text}” does not say how full a disk has to be; write it like above 75%, or under 20GB"
    word, _, rest = text.strip().partition(" ")
    try:
        line = parse_line(rest)
    except ValueError:
        raise ValueError(wrong) from None
    if (f"{word} ", line.share is None, line.free is None) not in {
        (_ABOVE, False, True),
        (_UNDER, True, False),
    }:
        raise ValueError(wrong)
    return When(line=line)


def check_cron(text: str) -> str:
    """The expression as it stands; ValueError says what is wrong with it."""
    if len(text.split()) != _FIELDS:
        raise ValueError(
            f"“{text}” has not five fields; write minute, hour, day, month and weekday, like 0 3 * * *"
        )
    try:
        next(CronSim(text, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ValueError(f"“{text}” cannot be read: {str(error).lower()}; write it like 0 3 * * *") from None
    except StopIteration:
        raise ValueError(f"“{text}” never comes; write it like 0 3 * * *") from None
    return text
