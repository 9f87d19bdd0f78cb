"""Clicks: what every click on a plan goes through, whatever it asks for.

The plan is found, its host, and whether the person has the right; what is asked for is decided inside the store's
transaction; a refusal is written to the audit, and a change wakes whoever shows or runs the plan.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bot.core.audit import facts
from bot.core.errors import RefusedError
from bot.core.life.states import PlanState
from bot.core.plan.plan import Person
from bot.core.refusals import Refusal
from bot.core.rules.hosts import Host, Hosts
from bot.core.rules.policy import Right
from bot.ports import Change, Plans, Trail
from bot.services.rules.rights import Rights


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What may be asked of a plan."""

    verb: str
    """What the audit says that somebody tried who was refused."""
    right: Right | None = None
    """None where it takes no right on the host, and the host need not be registered."""
    gone: str = ""
    """What follows when the host is not registered any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """One click, with what was read for it before the store's transaction."""

    seen: PlanState
    """The plan as it was then."""
    registered: Host | None
    person: Person
    channel: str
    refused: Refusal | None
    """Why they have not the right; None when they have it."""

    @property
    def host(self) -> Host:
        """The plan's host; only for ways that take a right on it."""
        if self.registered is None:
            raise RefusedError(f"{self.seen.plan.host} is no longer registered.")
        return self.registered

    def check_right(self) -> None:
        """Raise RefusedError, which says who may, where the person has not the right."""
        if self.refused:
            raise RefusedError(self.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicks:
    """The skeleton of every use case that begins with a click on a plan."""

    hosts: Callable[[], Hosts]
    rights: Rights
    plans: Plans
    trail: Trail
    changed: Callable[[], None]
    """Called when a plan changed: a message to bring up to date, or something to do."""

    def change(
        self,
        way: Way,
        plan_id: str,
        person: Person,
        channel: str,
        decide: Callable[[Click, PlanState, datetime], Change],
    ) -> PlanState:
        """Change a plan as ``decide`` says; RefusedError, whose sentence says why, when that may not be."""
        with self.clicked(way, plan_id, person, channel) as click:
            state = self.plans.change(plan_id, partial(decide, click))
        self.changed()
        return state

    @contextmanager
    def clicked(self, way: Way, plan_id: str, person: Person, channel: str) -> Iterator[Click]:
        """Read what the click is about. Whatever is refused, here or inside, is written to the audit and passed on."""
        seen = self.plans.get(plan_id)
        try:
            yield self._click(way, seen, person, channel)
        except RefusedError as refused:
            host = seen.plan.host if seen else ""
            self.trail.record_refusal(facts.refused(plan_id, host, person, way.verb, str(refused)))
            raise

    def _click(self, way: Way, seen: PlanState | None, person: Person, channel: str) -> Click:
        if seen is None:
            raise RefusedError("This plan is not in the database of this Deckhand. Ask for a new one.")
        host = self.hosts().by_name.get(seen.plan.host)
        if way.right is None:
            refused = self.rights.barred(person)
        elif host is None:
            raise RefusedError(f"{seen.plan.host} is no longer registered, so {way.gone}.")
        else:
            refused = self.rights.objection(host, way.right, person, channel)
        return Click(seen=seen, registered=host, person=person, channel=channel, refused=refused)
