"""The Store of ``bot.ports`` on SQLite and PostgreSQL: each method is one transaction."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.audit import ChainedEvent, Event
from bot.core.audit_filter import EVERYTHING, AuditFilter
from bot.core.lifecycle import ItemState, MessageRef, PlanState, Status
from bot.core.plans import Person, Plan
from bot.core.restoring import ImageRestored
from bot.core.review import Place, RecordedItem, Statistics, Totals
from bot.core.sightings import Sighting
from bot.core.usage import DiskUsage
from bot.ports import Change, Cleanup, RestoreRun, Run, Store
from bot.store import chain, items, ledger, plans, restores, reviewing, runs
from bot.store.sessions import Sessions


class SqlStore(Store):
    """Plans, runs and the audit chain in a database; ``open_store`` makes one, and whoever did closes it."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def __repr__(self) -> str:
        return f"SqlStore({self._sessions.name})"

    def close(self) -> None:
        """Close every connection to the database."""
        self._sessions.close()

    # --- plans ----------------------------------------------------------------------------------

    def create_plan(self, plan: Plan, quorum: int, message: MessageRef, event: Event) -> PlanState:
        return self._sessions.writing(lambda session: plans.create(session, plan, quorum, message, event))

    def plan(self, plan_id: str) -> PlanState | None:
        return self._sessions.reading(lambda session: plans.load(session, plan_id))

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        return self._sessions.writing(lambda session: plans.change(session, plan_id, decide))

    def record(self, event: Event) -> None:
        key = f"{event.plan}/record {uuid.uuid4()}"
        self._sessions.writing(lambda session: chain.append(session, {key: event}))

    def due(self) -> tuple[str, ...]:
        return self._sessions.reading(plans.due)

    # --- runs -----------------------------------------------------------------------------------

    def claimable(self) -> tuple[str, ...]:
        return self._sessions.reading(runs.claimable)

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run | None:
        try:
            return self._sessions.writing(lambda session: runs.claim(session, plan_id, owner, lease))
        except runs.HostBusyError:
            return None

    def renew(self, run: Run, lease: timedelta) -> None:
        self._sessions.writing(lambda session: runs.renew(session, run, lease))

    def release(self, run: Run) -> None:
        self._sessions.writing(lambda session: runs.release(session, run))

    def start_items(self, run: Run, positions: Sequence[int]) -> None:
        self._sessions.writing(lambda session: items.start(session, run, positions))

    def end_items(self, run: Run, ended: Sequence[ItemState]) -> None:
        self._sessions.writing(lambda session: items.end(session, run, ended))

    def set_usage(self, run: Run, *, before: DiskUsage | None = None, after: DiskUsage | None = None) -> None:
        self._sessions.writing(lambda session: runs.set_usage(session, run, before, after))

    def finish(self, run: Run, status: Status, event: Event, reason: str = "") -> PlanState:
        return self._sessions.writing(lambda session: runs.finish(session, run, status, event, reason))

    # --- restoring ------------------------------------------------------------------------------

    def ask_restore(
        self, plan_id: str, person: Person, decide: Callable[[PlanState, datetime], Event]
    ) -> PlanState:
        return self._sessions.writing(lambda session: restores.ask(session, plan_id, person, decide))

    def due_restores(self) -> tuple[str, ...]:
        return self._sessions.reading(restores.due)

    def claim_restore(self, plan_id: str, owner: str, lease: timedelta) -> RestoreRun | None:
        return self._sessions.writing(lambda session: restores.claim(session, plan_id, owner, lease))

    def renew_restore(self, run: RestoreRun, lease: timedelta) -> None:
        self._sessions.writing(lambda session: restores.renew(session, run, lease))

    def record_restored(self, run: RestoreRun, image: ImageRestored, event: Event) -> None:
        self._sessions.writing(lambda session: restores.record(session, run, image, event))

    def end_restore(self, run: RestoreRun, event: Event) -> PlanState:
        return self._sessions.writing(lambda session: restores.end(session, run, event))

    # --- messages -------------------------------------------------------------------------------

    def unshown(self) -> tuple[str, ...]:
        return self._sessions.reading(plans.unshown)

    def shown(self, plan_id: str, version: int, message: MessageRef) -> None:
        self._sessions.writing(lambda session: plans.shown(session, plan_id, version, message))

    # --- images seen in use ---------------------------------------------------------------------

    def look(
        self, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
    ) -> Mapping[str, Sighting]:
        return self._sessions.writing(lambda session: ledger.look(session, engine_id, present, used, at))

    # --- audit ----------------------------------------------------------------------------------

    def cleanups(
        self,
        *,
        hosts: Sequence[str] | None = None,
        matching: AuditFilter = EVERYTHING,
        limit: int = 20,
        beyond: Place | None = None,
    ) -> tuple[Cleanup, ...]:
        return self._sessions.reading(
            lambda session: reviewing.cleanups(session, hosts, matching, limit, beyond)
        )

    def totals(self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING) -> Totals:
        return self._sessions.reading(lambda session: reviewing.totals(session, hosts, matching))

    def statistics(
        self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
    ) -> Statistics:
        return self._sessions.reading(lambda session: reviewing.statistics(session, hosts, matching))

    def hosts_of_cleanups(self) -> frozenset[str]:
        return self._sessions.reading(reviewing.hosts_of_cleanups)

    def recorded_items(self, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
        return self._sessions.reading(lambda session: reviewing.recorded_items(session, plan_ids))

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        return self._sessions.reading(lambda session: chain.of_plan(session, plan_id))

    def broken_link(self) -> str | None:
        return self._sessions.reading(chain.broken_link)
