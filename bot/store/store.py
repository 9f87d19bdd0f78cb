"""The Store of ``bot.ports`` on SQLite and PostgreSQL: each method is one transaction."""

import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from bot.core.audit.events import ChainedEvent, Event
from bot.core.audit.filters import EVERYTHING, AuditFilter
from bot.core.audit.format import Head
from bot.core.audit.review import Place, RecordedItem, Statistics, Totals
from bot.core.audit.rows import Compared
from bot.core.audit.states import Recorded
from bot.core.audit.walk import Verdict
from bot.core.docker.inventory import Container, EngineInfo, Mounting
from bot.core.docker.sightings import KnownEngine, Sighting
from bot.core.docker.usage import DiskUsage, LastLook
from bot.core.errors import PlanDiffersError, RefusedError
from bot.core.life.restoring import ImageRestored
from bot.core.life.states import ItemState, MessageRef, PlanState, Status
from bot.core.plan.plan import Person, Plan
from bot.ports import (
    HAS_VOTES,
    Change,
    Cleanup,
    OpenPlan,
    Replaced,
    RestoreRun,
    Run,
    Store,
    Tick,
    Timer,
    Trouble,
)
from bot.store import overview
from bot.store.audit import rebuilding, records, reviewing, totals
from bot.store.audit.archive import Archived, archive
from bot.store.audit.export import Selection
from bot.store.audit.rebuilding import Events
from bot.store.db.sessions import Sessions, now
from bot.store.events import chain, walking
from bot.store.events.witness import Witness, witness
from bot.store.plan import binding, items, plans, restores, runs, showing, turns
from bot.store.watch import identities, ledger, looks, schedules


class SqlStore(Store):
    """Plans, runs and the audit chain in a database; ``open_store`` makes one, and whoever did closes it."""

    def __init__(self, sessions: Sessions, close: Callable[[], None]) -> None:
        self._sessions = sessions
        self._close = close

    def __repr__(self) -> str:
        return f"SqlStore({self._sessions.name})"

    def close(self) -> None:
        """Close every connection to the database, and leave a SQLite file to the next bot."""
        self._close()

    # --- plans ----------------------------------------------------------------------------------

    def create_plan(
        self,
        plan: Plan,
        quorum: int,
        message: MessageRef,
        event: Event,
        instead_of: Sequence[str] = (),
    ) -> PlanState:
        def work(session: Session) -> PlanState:
            plans.supersede(session, instead_of, plan)
            return plans.create(session, plan, quorum, message, event)

        return self._sessions.writing(work)

    def replace_plan(
        self, plan: Plan, quorum: int, message: MessageRef, event: Event, old: Replaced
    ) -> PlanState:
        def work(session: Session) -> PlanState:
            replaced = plans.supersede(session, [old.id], plan)
            if not replaced and plans.load(session, plan.id) is None:
                raise RefusedError("The plan was decided meanwhile, so nothing was changed.")
            if replaced and not old.even_with_votes and plans.has_votes(session, old.id):
                raise RefusedError(HAS_VOTES)
            return plans.create(session, plan, quorum, message, event)

        return self._sessions.writing(work)

    def plan(self, plan_id: str) -> PlanState | None:
        try:
            return self._sessions.reading(lambda session: plans.load(session, plan_id))
        except PlanDiffersError as unreadable:  # there is nothing to be shown, nor to be asked: it is closed
            why = str(unreadable)
            raise self._sessions.writing(lambda session: binding.refuse(session, plan_id, why)) from None

    def held_against_audit(self, plan_id: str) -> PlanState | None:
        def work(session: Session) -> PlanState | None:
            state = plans.load(session, plan_id)
            return replace(state, doubt=binding.whole_doubt(session, state)) if state else None

        return self._sessions.reading(work)

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        changed = self._sessions.writing(lambda session: plans.change(session, plan_id, decide))
        if isinstance(changed, PlanDiffersError):
            raise changed
        return changed

    def record_refusal(self, event: Event) -> None:
        self._sessions.writing(lambda session: chain.append_refusal(session, event))

    def record(self, event: Event) -> None:
        key = f"{event.plan}/record {uuid.uuid4()}"
        self._sessions.writing(lambda session: chain.append(session, {key: event}))

    def due(self) -> tuple[str, ...]:
        return self._sessions.reading(plans.due)

    def open_plans(self, requester_id: str, host: str) -> Mapping[str, Status]:
        return self._sessions.reading(lambda session: plans.open_plans(session, requester_id, host))

    def going_on(self) -> tuple[OpenPlan, ...]:
        return self._sessions.reading(overview.going_on)

    def ended(self, requester_id: str, limit: int) -> tuple[str, ...]:
        return self._sessions.reading(lambda session: overview.ended(session, requester_id, limit))

    # --- runs -----------------------------------------------------------------------------------

    def claimable(self) -> tuple[str, ...]:
        return self._sessions.reading(turns.claimable)

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run | None:
        try:
            return self._sessions.writing(lambda session: runs.claim(session, plan_id, owner, lease))
        except runs.HostBusyError:
            return None

    def renew(self, run: Run, lease: timedelta) -> None:
        self._sessions.writing(lambda session: runs.renew(session, run, lease))

    def release(self, run: Run) -> None:
        self._sessions.writing(lambda session: runs.release(session, run))

    def park(self, run: Run, attention: str) -> None:
        self._sessions.writing(lambda session: runs.park(session, run, attention))

    def start_items(self, run: Run, positions: Sequence[int]) -> bool:
        return self._sessions.writing(lambda session: items.start(session, run, positions))

    def untag_item(self, run: Run, position: int, names: Sequence[str]) -> None:
        self._sessions.writing(lambda session: items.untagging(session, run, position, names))

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
        return self._sessions.reading(showing.unshown)

    def running(self) -> frozenset[str]:
        return self._sessions.reading(showing.running)

    def begin_showing(self, plan_id: str, lease: timedelta) -> bool:
        return self._sessions.writing(lambda session: showing.begin_showing(session, plan_id, lease))

    def leave_unshown(self, plan_id: str) -> None:
        self._sessions.writing(lambda session: showing.leave_unshown(session, plan_id))

    def shown(self, plan_id: str, version: int, message: MessageRef) -> None:
        self._sessions.writing(lambda session: showing.shown(session, plan_id, version, message))

    def untold(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        return self._sessions.reading(lambda session: showing.untold(session, plan_id))

    def told(self, plan_id: str, seq: int) -> None:
        self._sessions.writing(lambda session: showing.told(session, plan_id, seq))

    # --- schedules ------------------------------------------------------------------------------

    def schedules(self) -> tuple[Timer, ...]:
        return self._sessions.reading(schedules.timers)

    def set_timer(self, name: str, definition: str, after: Callable[[datetime], datetime]) -> None:
        self._sessions.writing(lambda session: schedules.set_timer(session, name, definition, after))

    def tick(self, timer: Timer, decide: Callable[[datetime], Tick]) -> bool:
        return self._sessions.writing(lambda session: schedules.tick(session, timer, decide))

    def note(self, schedule: str, host: str, trouble: str, event: Event | None = None) -> bool:
        return self._sessions.writing(lambda session: schedules.note(session, schedule, host, trouble, event))

    def troubles(self, hosts: Collection[str]) -> Mapping[str, Trouble]:
        return self._sessions.reading(lambda session: overview.troubles(session, hosts))

    # --- images seen in use ---------------------------------------------------------------------

    def remember_look(self, host: str, look: LastLook) -> None:
        self._sessions.writing(lambda session: looks.remember(session, host, look))

    def remember_looks(self, looked: Mapping[str, LastLook]) -> None:
        self._sessions.writing(lambda session: looks.remember_all(session, looked))

    def last_looks(self, hosts: Collection[str]) -> Mapping[str, LastLook]:
        return self._sessions.reading(lambda session: looks.last(session, hosts))

    def look(
        self, engine_id: str, present: Collection[str], used: Collection[str], at: datetime
    ) -> Mapping[str, Sighting]:
        return self._sessions.writing(lambda session: ledger.look(session, engine_id, present, used, at))

    def look_at_volumes(
        self, engine_id: str, volumes: Collection[str], containers: Sequence[Container], at: datetime
    ) -> Mapping[str, Mounting]:
        return self._sessions.writing(
            lambda session: ledger.look_at_volumes(session, engine_id, volumes, containers, at)
        )

    # --- its clock ------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self._sessions.reading(now)

    # --- engines of hosts -----------------------------------------------------------------------

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        found = self._sessions.reading(lambda session: identities.engine_of(session, host))
        return found or self._sessions.writing(lambda session: identities.first_seen(session, host, engine))

    def known_engines(self) -> Mapping[str, KnownEngine]:
        return self._sessions.reading(identities.known)

    def accept_engine(self, host: str, engine: EngineInfo, actor: str) -> None:
        self._sessions.writing(lambda session: identities.accept(session, host, engine, actor))

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
        return self._sessions.reading(lambda session: totals.totals(session, hosts, matching))

    def statistics(
        self, *, hosts: Sequence[str] | None = None, matching: AuditFilter = EVERYTHING
    ) -> Statistics:
        return self._sessions.reading(lambda session: totals.statistics(session, hosts, matching))

    def latest_cleanups(self, hosts: Collection[str]) -> Mapping[str, Cleanup]:
        return self._sessions.reading(lambda session: overview.latest_cleanups(session, hosts))

    def hosts_of_cleanups(self) -> frozenset[str]:
        return self._sessions.reading(totals.hosts_of_cleanups)

    def recorded_items(self, plan_ids: Sequence[str]) -> tuple[RecordedItem, ...]:
        return self._sessions.reading(lambda session: records.recorded_items(session, plan_ids))

    def events(self, plan_id: str) -> tuple[ChainedEvent, ...]:
        return self._sessions.reading(lambda session: chain.of_plan(session, plan_id))

    def broken_link(self) -> str | None:
        broken = self.verify().broken
        return broken.reason if broken else None

    def verify(self, known: Head | None = None) -> Verdict:
        """Walk the whole audit chain; UsageError when the known head is older than what is there."""
        return self._sessions.reading(lambda session: walking.verify(session, known))

    def compare(self, archive: Events | None = None) -> Compared:
        """Rebuild from the chain what the rows should say, and name each that says otherwise."""
        return self._sessions.reading(
            lambda session: walking.tolerantly(session, lambda: rebuilding.compare(session, archive))
        )

    def archives(self) -> tuple[walking.ArchivedTo, ...]:
        """Where archived events went."""
        return self._sessions.reading(walking.archives)

    def recorded(self, plan_id: str) -> Recorded | None:
        return self._sessions.reading(lambda session: records.recorded(session, plan_id))

    def head(self) -> Head:
        """Where the audit chain ends."""
        return self._sessions.reading(chain.head)

    @contextmanager
    def exported(
        self, lines: Callable[[Session, Selection], Generator[str, None, None]], selection: Selection
    ) -> Iterator[Iterator[str]]:
        """The lines of an export, one snapshot, read as they are asked for."""
        with self._sessions.streaming() as session:
            made = lines(session, selection)
            try:
                yield made
            finally:
                made.close()  # before its connection goes, also when nobody read to the end

    def archive(self, before: datetime, output: Path, by: str) -> Archived | None:
        """Move the events before a moment to a file; None when there are none."""
        return archive(self._sessions, self._sessions.audit_keys, before, output, by)

    def witness(self, seq: int) -> Witness | None:
        """What the database says of an event that a file ends with."""
        return self._sessions.reading(lambda session: witness(session, seq))

    def announce_head(self, day: date, channel: str) -> Head | None:
        return self._sessions.writing(lambda session: chain.announce(session, day, channel))

    def begin_sealing(self) -> None:
        """Say in the audit that a new key is used, when it is one."""
        self._sessions.writing(chain.begin_sealing)
