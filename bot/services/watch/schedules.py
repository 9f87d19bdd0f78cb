"""Schedules: what is due is planned on each of its hosts, once across all processes, and never twice at once.

The moment is moved on before the work begins: a process that dies right then loses that one time, and the audit
says that it had begun.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.docker.usage import DiskSpace
from bot.core.errors import (
    ChatError,
    DeckhandError,
    HostError,
    NothingToRemoveError,
    RefusedError,
    UsageError,
)
from bot.core.life.states import Status
from bot.core.rules.rules import Rules
from bot.core.rules.schedules import Schedule
from bot.core.units import duration_words
from bot.ports import Batches, Clock, Plans, Teller, Tick, Timer, Timers, Trail
from bot.services.decide.propose import Propose
from bot.services.lanes import Lane, Share

LOG = logging.getLogger(__name__)

THREADS = 64
HOSTS_AT_ONCE = 8
"""Of one schedule: another one does not wait for its hosts."""
MOST_HOSTS = 10_000
"""Of one schedule that wait."""
UNREACHABLE, REFUSED, UNSEEN = "unreachable", "refused", "unseen"
_TROUBLES = {
    UNREACHABLE: Tag.SCHEDULE_UNREACHABLE,
    REFUSED: Tag.SCHEDULE_REFUSED,
    UNSEEN: Tag.SCHEDULE_SKIPPED,
}
TOGETHER = timedelta(minutes=1)
"""How long the plans of many hosts are waited for before those that are there are shown in one message."""


class Left:
    """Who has not answered yet, of those that something waits for; safe to use from any thread."""

    def __init__(self, hosts: Iterable[str], then: Callable[[], None]) -> None:
        """``then`` is called once, when nobody is left."""
        self._hosts, self._then, self._lock = set(hosts), then, threading.Lock()

    def without(self, host: str, _answered: object) -> None:
        with self._lock:
            was, self._hosts = bool(self._hosts), self._hosts - {host}
            over = was and not self._hosts
        if over:
            try:
                self._then()
            except DeckhandError as error:  # what is waited for then comes after its time
                LOG.warning("%s", error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedules:
    """Call it often: it looks which schedules are due, and has their work done; it waits for none of it."""

    rules: Callable[[], Rules]
    propose: Propose
    plans: Plans
    timers: Timers
    batches: Batches
    trail: Trail
    chat: Teller
    clock: Clock
    fullness: Callable[[str], DiskSpace | None]
    """How full a host's disk is; None: nobody can see that. HostError."""
    stopping: Callable[[], bool]
    _begun: dict[str, Schedule] = field(default_factory=dict)
    """Those whose timers this process has set, by name, as they were then."""
    _failed: set[tuple[str, str]] = field(default_factory=set)
    """Schedules and hosts that came to nothing the last time: they come last, so that they keep no other waiting."""
    _idle: dict[tuple[str, str], Tag] = field(default_factory=dict)
    """Why no plan came of schedules and hosts the last time, as the audit knows it."""
    lane: Lane = field(
        default_factory=lambda: Lane(
            "schedule", THREADS, {"schedule": Share(at_once=HOSTS_AT_ONCE, waiting=MOST_HOSTS)}
        )
    )

    def __call__(self) -> None:
        schedules = self.rules().schedules
        if not schedules:
            return
        for schedule in schedules:
            if self._begun.get(schedule.name) != schedule:
                self.timers.begin(schedule.name, schedule.definition, schedule.after)
                self._begun[schedule.name] = schedule
        timers = {timer.name: timer for timer in self.timers.standing()}
        for schedule in schedules:
            timer = timers.get(schedule.name)
            if timer is not None and timer.definition == schedule.definition:
                self._look(schedule, timer)

    def _look(self, schedule: Schedule, timer: Timer) -> None:
        """Fire a schedule whose moment has come; what is later than its grace waits for the next."""
        if self.stopping() or timer.next_at > self.clock.now():
            return
        late: list[bool] = []

        def decide(now: datetime) -> Tick:
            late[:] = [now - timer.next_at > schedule.grace]
            following = schedule.after(now)
            event = facts.of_schedule(
                Tag.SCHEDULE_SKIPPED if late[0] else Tag.SCHEDULE_FIRED, schedule,
                due=facts.moment(timer.next_at), next=facts.moment(following),
            )  # fmt: skip
            return Tick(next_at=following, event=event)

        if not self.timers.tick(timer, decide):
            return
        if late[0]:
            LOG.warning(
                "schedule %s was due at %s: more than %s ago, so it waits for its next time",
                schedule.name, facts.moment(timer.next_at), duration_words(schedule.grace),
            )  # fmt: skip
            return
        self._plan_each(schedule, timer.next_at)

    def _plan_each(self, schedule: Schedule, due: datetime) -> None:
        """Plan on every host; the plans of several are lines of one message, posted when all have answered."""
        batch = f"{schedule.name} {facts.moment(due)}" if len(schedule.hosts) > 1 else ""
        if batch:
            self.batches.begin(batch, schedule.name, schedule.channel, TOGETHER)
        left = Left(schedule.hosts, partial(self.batches.complete, batch)) if batch else None
        for host in sorted(schedule.hosts, key=lambda host: (schedule.name, host) in self._failed):
            work = partial(self._guarded, schedule, host, batch)
            # What is still at it from the time before is the same: one plan comes of both.
            planned = self.lane.submit(work, {"schedule": schedule.name}, same=f"{schedule.name} {host}")
            if left is not None:
                planned.add_done_callback(partial(left.without, host))

    def _guarded(self, schedule: Schedule, host: str, batch: str) -> None:
        """One host's failure is not another's."""
        try:
            if not self.stopping():
                self._plan(schedule, host, batch)
        except DeckhandError as error:
            LOG.warning("schedule %s on %s: %s", schedule.name, host, error)
        except Exception:
            LOG.exception("schedule %s on %s failed", schedule.name, host)

    def _plan(self, schedule: Schedule, host: str, batch: str) -> None:
        earlier = self.plans.open_of(schedule.requester.id, host)
        waiting = [plan_id for plan_id, status in earlier.items() if status is not Status.PROPOSED]
        if waiting:
            self.trail.record(
                facts.of_schedule(Tag.SCHEDULE_SKIPPED, schedule, host, reason="an earlier plan of it is approved "
                                  "and has not ended", plan=waiting[0])
            )  # fmt: skip
            return
        if schedule.when and earlier:
            return  # it looks often, and its plan waits for people
        try:
            if not self._full_enough(schedule, host):
                return
            self.propose.by_schedule(schedule, self.rules().hosts.find(host), tuple(earlier), batch)
        except NothingToRemoveError as nothing:
            self._quietly(schedule, host, Tag.SCHEDULE_NOTHING, str(nothing))
        except HostError as error:
            self._failed.add((schedule.name, host))
            self._trouble(schedule, host, UNREACHABLE, error)
            return
        except (RefusedError, UsageError) as error:
            self._trouble(schedule, host, REFUSED, error)
        else:
            self._idle.pop((schedule.name, host), None)
            self.timers.note(schedule.name, host, "")
        self._failed.discard((schedule.name, host))

    def _full_enough(self, schedule: Schedule, host: str) -> bool:
        """Whether a schedule that waits for that finds the disk as full as it has to be; HostError.

        What is not full enough is told to the audit once, until that changes; what nobody can see counts as not.
        """
        if schedule.when is None:
            return True
        disk = self.fullness(host)
        if disk is not None and schedule.when.holds(disk):
            return True
        if disk is None:
            error = RefusedError(
                f"{host}: how full its disk is cannot be seen, and it waits for {schedule.when}. Reach the host by ssh "
                "with SFTP, or take “when” out of the schedule."
            )
            self._trouble(schedule, host, UNSEEN, error)
        else:
            reason = f"its disk has {disk}, and it waits for {schedule.when}"
            self._quietly(schedule, host, Tag.SCHEDULE_SKIPPED, reason)
        self._failed.discard((schedule.name, host))
        return False

    def _quietly(self, schedule: Schedule, host: str, tag: Tag, reason: str) -> None:
        """Write to the audit alone why no plan came of it; of a schedule that looks often once until that changes."""
        known = schedule.when is not None and self._idle.get((schedule.name, host)) is tag
        event = None if known else facts.of_schedule(tag, schedule, host, reason=reason)
        self.timers.note(schedule.name, host, "", event)
        self._idle[schedule.name, host] = tag

    def _trouble(self, schedule: Schedule, host: str, trouble: str, error: DeckhandError) -> None:
        """Write it to the audit each time, and to the channel once until the trouble is another, or over."""
        tag = _TROUBLES[trouble]
        event = facts.of_schedule(tag, schedule, host, reason=str(error))
        if not self.timers.note(schedule.name, host, trouble, event):
            return
        try:
            self.chat.tell(
                schedule.channel,
                f"Schedule “{schedule.name}” made no plan. {error} It tries again each time, and says so here only "
                "when that changes.",
            )
        except ChatError as unsaid:
            LOG.warning("schedule %s: %s; what was to be said: %s", schedule.name, unsaid, error)
