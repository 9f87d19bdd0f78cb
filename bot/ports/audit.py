"""What is written of the past beside its changes, and what is read of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from bot.core.audit.events import ChainedEvent, Event
from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.format import Head
from bot.core.audit.review import Cleanup, Place, RecordedItem, Statistics, Totals
from bot.core.audit.states import Recorded


class Trail(Protocol):
    """Events that change no state."""

    def record(self, event: Event) -> None:
        """Append an event that changes no state (a refused attempt)."""
        ...

    def record_refusal(self, event: Event) -> None:
        """Append a refused attempt. The same person's same attempt is written once a minute at most.

        So nobody can flood the audit: how often a person may be refused is bounded by what there is to refuse.
        """
        ...

    def claim(self, event: Event, once: str) -> bool:
        """Append an event that changes no state, under a name that is there once; False when it was there before."""
        ...

    def announce_head(self, day: date, channel: str) -> Head | None:
        """Claim the post of a day's head, with an event; where the chain ends then. None when it was claimed before."""
        ...


class Audit(Protocol):
    """What was done, to read. ``hosts`` are those that are meant, or all; a filter's own hosts mean nothing here."""

    def cleanups(
        self,
        *,
        hosts: Sequence[str] | None = None,
        matching: AuditFilter = EVERYTHING,
        limit: int = 20,
        beyond: Place | None = None,
    ) -> tuple[Cleanup, ...]:
        """A page of cleanups, newest first: the newest of all, or those beyond a place."""
        ...

    def totals(self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING) -> Totals: ...

    def statistics(
        self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
    ) -> Statistics: ...

    def latest_cleanups(self, hosts: Collection[str]) -> Mapping[str, Cleanup]:
        """The cleanup that began last on each of these hosts, by host; without those that had none."""
        ...

    def head(self) -> Head:
        """Where the chain ends: it moves with every change of every plan."""
        ...

    def hosts_of_cleanups(self) -> frozenset[str]:
        """Every host that was ever cleaned, registered or not."""
        ...

    def recorded_items(self, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
        """What became of every object of these plans; grouped by plan, in the plans' order of removal."""
        ...

    def recorded(self, plan_id: str) -> Recorded | None:
        """A plan as its events tell it, with them, and what somebody has changed in its rows; None when there is none.

        NewerReleaseError.
        """
        ...

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        """All events of a plan, oldest first."""
        ...
