"""What is read of the past, and what is asked back from it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.audit.events import ChainedEvent, Event
from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.format import Head
from bot.core.audit.review import Place, RecordedItem, Statistics, Totals
from bot.core.audit.states import Recorded
from bot.core.docker.inventory import Container, EngineInfo, Mounting
from bot.core.docker.sightings import KnownEngine, Sighting
from bot.core.docker.usage import LastLook
from bot.core.life.restoring import ImageRestored
from bot.core.life.states import PlanState
from bot.core.plan.plan import Person
from bot.ports.records import Cleanup, RestoreRun


class Ledger(Protocol):
    """What Docker does not remember: when images were seen in use, and which engine a host was."""

    def now(self) -> datetime:
        """The database's clock, by which all stored moments are compared. StoreUnavailableError."""
        ...

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        """The engine that the host is known to be: the one first seen there, which may be this one.

        StoreUnavailableError.
        """
        ...

    def known_engines(self) -> Mapping[str, KnownEngine]:
        """The engine of each host that was ever looked at. StoreUnavailableError."""
        ...

    def accept_engine(self, host: str, engine: EngineInfo, actor: str) -> None:
        """Let the host be this engine from now on, and write who said so into the audit."""
        ...

    def look(
        self, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
    ) -> Mapping[str, Sighting]:
        """Remember that these images were there at ``at`` (the engine's clock), and which were in use.

        What is known of each since its first sight; images that are gone are forgotten. StoreUnavailableError.
        """
        ...

    def look_at_volumes(
        self, engine_id: str, volumes: Collection[str], containers: Sequence[Container], at: datetime
    ) -> Mapping[str, Mounting]:
        """Remember that these volumes were there at ``at``, and who mounted them; others are forgotten.

        What is known of each since its first sight. StoreUnavailableError.
        """
        ...

    def remember_look(self, host: str, look: LastLook) -> None:
        """Keep what a host showed, for whoever asks before it answers again. StoreUnavailableError."""
        ...

    def remember_looks(self, looked: Mapping[str, LastLook]) -> None:
        """The same for many hosts at once. StoreUnavailableError."""
        ...

    def last_looks(self, hosts: Collection[str]) -> Mapping[str, LastLook]:
        """What these hosts showed the last time; without those that were never looked at. StoreUnavailableError."""
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


class Restores(Protocol):
    """Who asked for removed images again, and what came of it; one restoring of a plan at a time."""

    def ask_restore(
        self, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]
    ) -> PlanState:
        """Write that a plan's images are wanted again, with the event that ``decide`` gives.

        What ``decide`` raises is passed on and nothing is written. RefusedError when there is no such plan.
        """
        ...

    def due_restores(self) -> tuple[str, ...]:
        """Ids of plans whose images wait to be restored, or whose restoring lost its process."""
        ...

    def claim_restore(self, plan_id: str, owner: str, lease: timedelta) -> RestoreRun | None:
        """Take one up; None when somebody else has it."""
        ...

    def renew_restore(self, run: RestoreRun, lease: timedelta) -> None: ...

    def record_restored(self, run: RestoreRun, image: ImageRestored, event: Event) -> None:
        """Write how one image ended, with its event. Fenced."""
        ...

    def end_restore(self, run: RestoreRun, event: Event) -> PlanState:
        """Write that all images were tried. Fenced."""
        ...
