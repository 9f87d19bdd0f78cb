"""Execute: run one approved plan, item by item; the intent is written before the engine is called."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.docker.inventory import Kind
from bot.core.docker.usage import DiskUsage
from bot.core.errors import (
    EngineChangedError,
    EngineRequestError,
    EngineUnsupportedError,
    HostError,
    RefusedError,
    StoreUnavailableError,
)
from bot.core.life.states import (
    OPEN,
    ItemState,
    Outcome,
    PlanState,
    Status,
    outcome_of_run,
)
from bot.core.plan.plan import Item, Plan
from bot.ports import Audit, Change, Engine, Engines, HeldEngine, Plans, Run, Runs
from bot.services.run.leases import Leases
from bot.services.run.removal import Removal

T = TypeVar("T")

HOST_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)
"""Seconds before a host that went out of reach is asked again: a minute, which an engine's restart may take."""
PATIENCE = timedelta(minutes=10)
"""How long a run waits for the database to come back."""
ANSWERED = (EngineChangedError, EngineUnsupportedError, EngineRequestError)
"""Errors of a host that is there: to wait for it would change nothing."""


class _LetGo(Exception):  # noqa: N818 - not an error: the process ends, and another goes on
    """Ends the work on a run between two items, or in the middle of one whose host is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    plans: Plans
    runs: Runs
    audit: Audit
    engines: Engines
    leases: Leases
    owner: str
    """Names this process in the lease."""
    changed: Callable[[], None]
    stopping: Callable[[], bool]
    """Whether the process wants to end: then the run is let go between two items."""
    starting: Callable[[PlanState], bool]
    """Whether an approved plan may begin now, by the policy in force."""
    rules: Callable[[Plan, Engine], Callable[[Item], str | None]]
    """What to ask before each object: why it has to stay by the rules in force then."""
    pause: Callable[[float], None]
    """Wait that many seconds, or less when the process wants to end."""
    patience: timedelta = PATIENCE

    def __call__(self, plan_id: str) -> None:
        """Take up a plan, unless somebody else has it or it is not its turn, and run it to its end.

        A run that cannot be finished here (the process stops, the database stays away, the lease is lost)
        keeps its state: whoever takes it up goes on at the next open item.
        """
        seen = self.plans.get(plan_id)
        if seen is None:
            return
        if seen.status is Status.APPROVED and not seen.doubt and not self._may_start(seen):
            return
        run = self.leases.claim(plan_id, self.owner)
        if run is None:
            return
        self.changed()
        try:
            self._run(run)
        finally:
            self.leases.drop(run)
            self.changed()

    # --- before the run -------------------------------------------------------------------------

    def _may_start(self, state: PlanState) -> bool:
        """Cancel a plan whose host cannot be reached, or points at another engine than was planned on."""
        if not self.starting(state):
            return False
        try:
            with self._held(state):
                pass
        except HostError as error:
            self._cancel(state, f"{error} Nothing was removed; ask for a fresh plan when this is mended.")
            return False
        return True

    def _cancel(self, plan: PlanState, reason: str) -> None:
        """Cancel a plan that still waits for its start."""

        def decide(state: PlanState, _now: datetime) -> Change:
            if state.status is not Status.APPROVED:
                raise RefusedError("Another process was faster.")
            cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
            return Change(status=Status.CANCELLED, events=(cancelled,), reason=reason)

        with suppress(RefusedError):
            self.plans.change(plan.plan.id, decide)
            self.changed()

    def _held(self, state: PlanState) -> AbstractContextManager[HeldEngine]:
        """The engine that the plan was made on, and no other that its host's name may lead to."""
        return self.engines.hold(state.plan.host, state.plan.draft.engine)

    # --- the run --------------------------------------------------------------------------------

    def _run(self, run: Run) -> None:
        try:
            with ExitStack() as holding:
                self._work(run, holding)
        except _LetGo:
            self.runs.release(run)

    def _work(self, run: Run, holding: ExitStack) -> None:
        try:
            state = self._state(run)
            engine = self._reached(lambda _again: holding.enter_context(self._held(state)))
            if state.usage_before is None:
                before = self._reached(lambda _again: _usage(engine))
                self._patiently(lambda: self.runs.set_usage(run, before=before))
            stopped = self._items(run, self._removal(run, engine, state), state)
        except HostError as error:
            self._in_trouble(run, error)
        else:
            self._finish(run, self._usage_after(run, engine), Status.STOPPED if stopped else None)

    def _removal(self, run: Run, engine: HeldEngine, state: PlanState) -> Removal:
        return Removal(
            engine=engine,
            draft=state.plan.draft,
            before_effect=partial(self.leases.before_effect, run),
            untagging=lambda position, names: self._patiently(
                lambda: self.runs.untag_item(run, position, names)
            ),
            pause=self.pause,
            rules=self.rules(state.plan, engine),
        )

    def _items(self, run: Run, removal: Removal, state: PlanState) -> bool:
        """Remove what is still open, in the order of the plan; True when somebody asked to stop before the end."""
        for group in _groups([_seen_again(item) for item in state.items if item.outcome in OPEN]):
            if self.stopping():
                raise _LetGo
            removal.engine.still_meant()
            positions = [item.position for item in group]
            if not self._patiently(partial(self.runs.start_items, run, positions)):
                self._settle(run, removal)
                return True
            self.changed()
            self._end(run, self._reached(partial(_remove, removal, group)))
        removal.end()
        return False

    def _settle(self, run: Run, removal: Removal) -> None:
        """A stopped run removes nothing more; of what an earlier attempt had begun it says what became of it."""
        for group in _groups([_seen_again(item) for item in self._state(run).with_outcome(Outcome.REMOVING)]):
            self._end(run, self._reached(partial(_settle, removal, group)))

    def _end(self, run: Run, ended: Sequence[ItemState]) -> None:
        self._patiently(lambda: self.runs.end_items(run, ended))
        self.changed()

    def _reached(self, work: Callable[[bool], T]) -> T:
        """Do it; a host that went away meanwhile is asked again. ``work`` is told whether it tries again."""
        again = False
        for seconds in HOST_WAITS:
            try:
                return work(again)
            except ANSWERED:
                raise
            except HostError:
                if self.stopping():
                    raise _LetGo from None
                self.pause(seconds)
                again = True
        return work(again)

    def _usage_after(self, run: Run, engine: Engine) -> DiskUsage | None:
        try:
            after = _usage(engine)
        except HostError:
            return None  # all that was to be removed is accounted for; the table is an extra
        self._patiently(lambda: self.runs.set_usage(run, after=after))
        return after

    def _in_trouble(self, run: Run, error: HostError) -> None:
        """The run cannot go on now: it waits for a person, or ends where waiting would change nothing."""
        state = self._state(run)
        if state.stop is None and not isinstance(error, ANSWERED):
            attention = f"{error} What is open was not looked at again."
            self._patiently(lambda: self.runs.park(run, attention))
            return
        outcomes = {Outcome.REMOVING} if state.stop else OPEN
        self._end(run, [_not_done(item, error) for item in state.items if item.outcome in outcomes])
        if state.stop:
            self._finish(run, None, Status.STOPPED, str(error))
        else:
            self._finish(run, None, Status.FAILED, str(error))

    def _finish(self, run: Run, after: DiskUsage | None, status: Status | None, reason: str = "") -> None:
        recorded = self._patiently(lambda: self.audit.recorded(run.plan_id))
        state = recorded.state if recorded else self._state(run)
        ended = status or outcome_of_run(state.items)
        self._patiently(lambda: self.runs.finish(run, ended, facts.finished(state, after), reason))

    # --- the database ---------------------------------------------------------------------------

    def _state(self, run: Run) -> PlanState:
        """The plan as it stands; let go where somebody changed its rows, so that the next claim closes it."""
        state = self._patiently(lambda: self.runs.held_against_audit(run.plan_id))
        if state is None:
            raise RefusedError(f"Plan {run.plan_id} is not in the database any more.")
        if state.doubt:
            raise _LetGo
        return state

    def _patiently(self, work: Callable[[], T]) -> T:
        """Wait for a database that is away: what was done is not forgotten, and nothing new is begun.

        Each write of a run is fenced and may be repeated, so it does not matter whether one that failed was
        written after all, nor how long the wait was.
        """
        until = self.leases.ticks() + self.patience.total_seconds()
        while True:
            try:
                return work()
            except StoreUnavailableError:
                if self.stopping() or self.leases.ticks() >= until:
                    raise
            self.pause(0.5)


def _usage(engine: Engine) -> DiskUsage:
    """Disk usage, and what is free on the disk behind it where that can be told."""
    usage = engine.disk_usage()
    try:
        disk = engine.disk_space()
    except HostError:
        return usage
    return replace(usage, free=disk.free if disk else None)


def _remove(removal: Removal, group: Sequence[ItemState], again: bool) -> tuple[ItemState, ...]:  # noqa: FBT001 - of one caller
    group = [_begun(item) for item in group] if again else group
    if group[0].item.kind is Kind.BUILD_CACHE:
        return removal.remove_cache(group)
    return (removal.remove(group[0]),)


def _settle(removal: Removal, group: Sequence[ItemState], _again: bool) -> tuple[ItemState, ...]:  # noqa: FBT001 - as above
    if group[0].item.kind is Kind.BUILD_CACHE:
        return removal.settle_cache(group)
    return (removal.settle(group[0]),)


def _begun(item: ItemState) -> ItemState:
    """An item that was cut short in the middle: nothing is assumed, and its outcome will say so."""
    return replace(item, outcome=Outcome.REMOVING, reconciled=True)


def _seen_again(item: ItemState) -> ItemState:
    """What an earlier attempt left in the middle."""
    return _begun(item) if item.outcome is Outcome.REMOVING else item


def _not_done(item: ItemState, error: HostError) -> ItemState:
    answered = isinstance(error, ANSWERED)
    if item.outcome is Outcome.REMOVING:
        why = str(error) if answered else "the host went out of reach while it was being removed"
        reason = f"{why}: look at the host"
    else:
        reason = f"not tried: {error}"
    return replace(item, outcome=Outcome.FAILED, reason=reason)


def _groups(items: Sequence[ItemState]) -> list[list[ItemState]]:
    """Items one by one, the build cache's records all in one group."""
    groups: list[list[ItemState]] = []
    for item in items:
        cache = item.item.kind is Kind.BUILD_CACHE
        if cache and groups and groups[-1][0].item.kind is Kind.BUILD_CACHE:
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups
