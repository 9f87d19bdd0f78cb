"""The ports of ``bot.ports`` on SQLite and PostgreSQL: which functions are a transaction each, and of which kind."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from bot.core.docker.inventory import EngineInfo
from bot.core.docker.sightings import KnownEngine
from bot.core.errors import PlanDiffersError
from bot.core.life.states import PlanState
from bot.core.watch.pressure.alert import Kind, Outcome, Standing
from bot.ports import Change, Run
from bot.store import overview
from bot.store.audit import rebuilding, records, reviewing
from bot.store.audit.archive import Archived, MonthlyArchive, archive
from bot.store.audit.export import Selection
from bot.store.audit.totals import hosts_of_cleanups, statistics, totals
from bot.store.db.sessions import Sessions, now
from bot.store.events import chain, walking
from bot.store.events.witness import witness
from bot.store.fleet import changing as fleet_changing
from bot.store.fleet import fleets
from bot.store.fleet import showing as fleet_showing
from bot.store.plan import batches, binding, changing, items, making, plans, restores, runs, showing, turns
from bot.store.watch import alerts, identities, ledger, looks, notices, ran, samples, schedules, streams

P = ParamSpec("P")
T = TypeVar("T")


class _Port:
    """Transactions on one database."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions


def _reading(work: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[_Port, P], T]:
    """A method that sees one consistent snapshot."""

    @wraps(work)
    def method(self: _Port, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.sessions.reading(lambda session: work(session, *args, **kwargs))

    return method


def _writing(work: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[_Port, P], T]:
    """A method that is written whole or not at all."""

    @wraps(work)
    def method(self: _Port, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.sessions.writing(lambda session: work(session, *args, **kwargs))

    return method


class SqlPlans(_Port):
    create = _writing(making.create)
    replace = _writing(making.put_in_place)
    due = _reading(plans.due)
    open_of = _reading(plans.open_plans)
    going_on = _reading(overview.going_on)
    counted = _reading(overview.counted)
    ended = _reading(overview.ended)

    def get(self, plan_id: str) -> PlanState | None:
        try:
            return self.sessions.reading(lambda session: plans.load(session, plan_id))
        except PlanDiffersError as unreadable:  # there is nothing to be shown, nor to be asked: it is closed
            why = str(unreadable)
            raise self.sessions.writing(lambda session: binding.refuse(session, plan_id, why)) from None

    def change(self, plan_id: str, decide: Callable[[PlanState, datetime], Change]) -> PlanState:
        changed = self.sessions.writing(lambda session: changing.change(session, plan_id, decide))
        if isinstance(changed, PlanDiffersError):  # which is written by now
            raise changed
        return changed


class SqlFleets(_Port):
    create = _writing(fleet_changing.create)
    get = _reading(fleets.load)
    open = _reading(fleets.open_fleets)
    change = _writing(fleet_changing.change)
    change_each = _writing(fleet_changing.change_each)
    show_alone = _writing(fleet_changing.show_alone)
    unshown = _reading(fleet_showing.unshown)
    begin_showing = _writing(fleet_showing.begin_showing)
    leave_unshown = _writing(fleet_showing.leave_unshown)
    shown = _writing(fleet_showing.shown)
    untold = _reading(fleet_showing.untold)
    told = _writing(fleet_showing.told)


class SqlRuns(_Port):
    claimable = _reading(turns.claimable)
    renew = _writing(runs.renew)
    release = _writing(runs.release)
    park = _writing(runs.park)
    start_items = _writing(items.start)
    untag_item = _writing(items.untagging)
    end_items = _writing(items.end)
    set_usage = _writing(runs.set_usage)
    held_against_audit = _reading(runs.held_against_audit)
    finish = _writing(runs.finish)

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> Run | None:
        try:
            return self.sessions.writing(lambda session: runs.claim(session, plan_id, owner, lease))
        except runs.HostBusyError:
            return None


class SqlRestores(_Port):
    ask = _writing(restores.ask)
    claimable = _reading(restores.claimable)
    claim = _writing(restores.claim)
    renew = _writing(restores.renew)
    release = _writing(restores.release)
    record = _writing(restores.record)
    end = _writing(restores.end)


class SqlMessages(_Port):
    unshown = _reading(showing.unshown)
    running = _reading(showing.running)
    begin_showing = _writing(showing.begin_showing)
    leave_unshown = _writing(showing.leave_unshown)
    shown = _writing(showing.shown)
    untold = _reading(showing.untold)
    told = _writing(showing.told)


class SqlBatches(_Port):
    begin = _writing(batches.begin)
    complete = _writing(batches.complete)
    behind = _reading(batches.behind)
    lines = _reading(batches.lines)
    begin_showing = _writing(batches.begin_showing)
    leave_unshown = _writing(batches.leave_unshown)
    shown = _writing(batches.shown)
    open_plan = _writing(batches.open_plan)
    of_plan = _reading(batches.of_plan)


class SqlTimers(_Port):
    standing = _reading(schedules.timers)
    begin = _writing(schedules.set_timer)
    tick = _writing(schedules.tick)
    note = _writing(schedules.note)
    troubles = _reading(overview.troubles)


class SqlLedger(_Port):
    now = _reading(now)
    known_engines = _reading(identities.known)
    accept_engine = _writing(identities.accept)
    look = _writing(ledger.look)
    look_at_volumes = _writing(ledger.look_at_volumes)
    look_at_services = _writing(ran.look)
    hold_stream = _writing(streams.hold)
    note_uses = _writing(streams.note)
    release_stream = _writing(streams.release)
    remember_look = _writing(looks.remember)
    remember_looks = _writing(looks.remember_all)
    last_looks = _reading(looks.last)

    def identify(self, host: str, engine: EngineInfo) -> KnownEngine:
        found = self.sessions.reading(lambda session: identities.engine_of(session, host))
        if found is None:
            return self.sessions.writing(lambda session: identities.first_seen(session, host, engine))
        if found.data_root or not engine.data_root:
            return found
        return self.sessions.writing(lambda session: identities.rooted(session, host, engine)) or found


class SqlSamples(_Port):
    take = _writing(samples.take)
    keep = _writing(samples.keep)
    leave = _writing(samples.leave)
    history = _reading(samples.history)
    foretell = _writing(samples.foretell)
    forecasts = _reading(samples.forecasts)


class SqlNotices(_Port):
    begin = _writing(notices.begin)
    take = _writing(notices.take)
    intend = _writing(notices.intend)
    open = _reading(notices.open_ones)
    told = _writing(notices.told)
    leave = _writing(notices.leave)
    forget = _writing(notices.forget)


class SqlPeople(_Port):
    wish = _reading(notices.wish)
    wished = _reading(notices.wished)
    choose = _writing(notices.choose)


class SqlAlerts(_Port):
    board = _reading(alerts.board)
    noticed = _reading(alerts.noticed)
    open_on = _reading(alerts.open_on)
    gather = _writing(alerts.gather)
    begin = _writing(alerts.begin)
    trying = _writing(alerts.trying)
    told = _writing(alerts.told)
    leave = _writing(alerts.leave)
    act = _writing(alerts.act)

    def look(self, host: str, kind: Kind, decide: Callable[[Standing], Outcome]) -> Outcome:
        return alerts.look(self.sessions, host, kind, decide)


class SqlTrail(_Port):
    record = _writing(chain.record)
    record_refusal = _writing(chain.append_refusal)
    announce_head = _writing(chain.announce)
    claim = _writing(chain.claim)


class SqlAudit(_Port):
    cleanups = _reading(reviewing.cleanups)
    totals = _reading(totals)
    statistics = _reading(statistics)
    latest_cleanups = _reading(overview.latest_cleanups)
    head = _reading(chain.head)
    hosts_of_cleanups = _reading(hosts_of_cleanups)
    recorded_items = _reading(records.recorded_items)
    recorded = _reading(records.recorded)
    events = _reading(chain.of_plan)


class SqlChain(_Port):
    """What whoever runs Deckhand does with the audit as a whole."""

    begin_sealing = _writing(chain.begin_sealing)
    verify = _reading(walking.verify)
    compare = _reading(rebuilding.compare)
    archives = _reading(walking.archives)
    witness = _reading(witness)

    def archive(self, before: datetime, output: Path, by: str) -> Archived | None:
        """Move the events before a moment to a file; None when there are none."""
        return archive(self.sessions, before, output, by)

    def archive_monthly(self, folder: Path, by: str) -> MonthlyArchive:
        """What moves the events before a moment to a file of that folder."""
        return MonthlyArchive(sessions=self.sessions, folder=folder, by=by)

    @contextmanager
    def exported(
        self, lines: Callable[[Session, Selection], Generator[str, None, None]], selection: Selection
    ) -> Iterator[Iterator[str]]:
        """The lines of an export, one snapshot, read as they are asked for."""
        with self.sessions.streaming() as session:
            made = lines(session, selection)
            try:
                yield made
            finally:
                made.close()  # before its connection goes, also when nobody read to the end
