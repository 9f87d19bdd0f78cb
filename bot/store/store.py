"""The Store of ``bot.ports`` on SQLite and PostgreSQL: each method is one transaction."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.audit import ChainedEvent, Event
from bot.core.inventory import EngineInfo
from bot.core.lifecycle import ItemState, MessageRef, PlanState, Status
from bot.core.plans import Plan
from bot.core.sightings import KnownEngine, Sighting
from bot.core.usage import DiskUsage
from bot.ports import Change, Cleanup, Run, Store
from bot.store import chain, identities, items, ledger, plans, runs
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

    # --- engines of hosts -----------------------------------------------------------------------

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        found = self._sessions.reading(lambda session: identities.engine_of(session, host))
        return found or self._sessions.writing(lambda session: identities.first_seen(session, host, engine))

    def known_engines(self) -> Mapping[str, KnownEngine]:
        return self._sessions.reading(identities.known)

    def accept_engine(self, host: str, engine: EngineInfo, actor: str) -> None:
        self._sessions.writing(lambda session: identities.accept(session, host, engine, actor))

    # --- audit ----------------------------------------------------------------------------------

    def cleanups(self, *, hosts: Sequence[str] | None = None, limit: int = 20) -> tuple[Cleanup, ...]:
        return self._sessions.reading(lambda session: plans.cleanups(session, hosts, limit))

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        return self._sessions.reading(lambda session: chain.of_plan(session, plan_id))

    def broken_link(self) -> str | None:
        return self._sessions.reading(chain.broken_link)
