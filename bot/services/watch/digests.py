"""Digests: who wants to be told once a day is told then of all that waits for them; never of nothing."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

from bot.core.errors import NewerReleaseError, PlanDiffersError
from bot.core.life.states import PlanState, Status
from bot.core.plan.plan import Person
from bot.core.rules.telling import Wish, Wished, digest_due
from bot.ports import Callers, OpenPlan, Plans
from bot.services.watch.telling import Once
from bot.services.watch.whom import Whom

LOOP_SECONDS = 20.0
LATE = timedelta(hours=2)
"""How late a digest may come where no process ran at its time; what is later waits for the next day."""
KEPT = timedelta(days=90)
"""How long what was told is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Call it often: each person's is due at nine by their own clock, and sent by one of all replicas."""

    plans: Plans
    whom: Whom
    once: Once
    chat: Callers
    _done: set[str] = field(default_factory=set)

    def __call__(self) -> None:
        wanted = [one for one in self.whom.people.wished() if one.wish is Wish.DIGEST]
        now = self.once.clock.now()
        names = {self._name(one, due): one for one in wanted if (due := self._due(one, now)) is not None}
        self._done.intersection_update(names)
        new = names.keys() - self._done
        if not new or self.once.pauses():
            return
        self.once.notices.forget(KEPT)
        waiting = [plan for plan in self.plans.going_on() if plan.status is Status.PROPOSED]
        for name in sorted(new):
            if self._sent(name, names[name], waiting):
                self._done.add(name)

    @staticmethod
    def _due(wished: Wished, now: datetime) -> datetime | None:
        """Nine o'clock of this day where they are, while it is not too late for that."""
        due = digest_due(now.astimezone(zone_of(wished.zone)))
        return due if now - due <= LATE else None

    @staticmethod
    def _name(wished: Wished, due: datetime) -> str:
        return f"digest/{wished.person}/{due:%Y-%m-%d}"

    def _sent(self, name: str, wished: Wished, waiting: Collection[OpenPlan]) -> bool:
        person = Person(id=wished.person)
        known = self.whom.rights.known(person)
        if known.zone and known.zone != wished.zone:  # they have moved: the next one comes by that clock
            self.whom.people.choose(replace(wished, zone=known.zone))
        states = [state for plan in waiting if (state := self._theirs(wished.person, plan)) is not None]
        if not states:
            self.once.notices.told(name)
            return True
        return self.once(name, partial(self.chat.send_digest, wished.person, states))

    def _theirs(self, person: str, plan: OpenPlan) -> PlanState | None:
        """The plan, where this person may decide about it."""
        host = self.whom.rules().hosts.by_name.get(plan.host)
        if host is None or not self.whom.decides(host, person, plan):
            return None
        try:
            state = self.plans.get(plan.id)
        except (NewerReleaseError, PlanDiffersError):
            return None
        return state if state and state.status is Status.PROPOSED else None


def zone_of(name: str) -> tzinfo:
    """A time zone by its name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name) if name else UTC
    except (KeyError, ValueError, OSError):
        return UTC
