"""Execute: run one approved plan, item by item; the intent is written before the engine is called."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from bot.core.audit import facts
from bot.core.audit.events import Tag
from bot.core.docker.usage import DiskSpace, DiskUsage
from bot.core.errors import HostError, RefusedError
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
from bot.services.leases import Leases
from bot.services.run import outcomes
from bot.services.run.groups import Groups
from bot.services.run.patience import ANSWERED, FOR_THE_DATABASE, LetGo, Patience
from bot.services.run.removal import Removal


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    plans: Plans
    runs: Runs
    audit: Audit
    engines: Engines
    leases: Leases[Run]
    changed: Callable[[], None]
    stopping: Callable[[], bool]
    """Whether the process wants to end: then the run is let go between two items."""
    starting: Callable[[PlanState], bool]
    """Whether an approved plan may begin now, by the policy in force."""
    rules: Callable[[Plan, Engine], Callable[[Item], str | None]]
    """What to ask before each object: why it has to stay by the rules in force then."""
    pause: Callable[[float], None]
    """Wait that many seconds, or less when the process wants to end."""
    looked: Callable[[str, DiskUsage, DiskSpace | None], None] = lambda _host, _usage, _disk: None
    """Called with what a host shows at the end of its cleanup."""
    patience: timedelta = FOR_THE_DATABASE
    """How long a run waits for the database to come back."""

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
        run = self.leases.claim(plan_id)
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
        except LetGo:
            self.runs.release(run)

    @property
    def _patience(self) -> Patience:
        return Patience(
            stopping=self.stopping, pause=self.pause, ticks=self.leases.ticks,
            for_the_database=self.patience,
        )  # fmt: skip

    def _work(self, run: Run, holding: ExitStack) -> None:
        patience, groups = self._patience, None
        try:
            state = self._state(run)
            engine = patience.reached(lambda _again: holding.enter_context(self._held(state)))
            if state.usage_before is None:
                before = patience.reached(lambda _again: _usage(engine)[0])
                patience.stored(lambda: self.runs.set_usage(run, before=before))
            groups = self._groups(run, engine, state)
            ended = groups.remove(state.with_outcome(*OPEN))
            if not ended:  # of what an earlier attempt had begun it says what became of it
                groups.settle(self._state(run).with_outcome(Outcome.REMOVING))
        except HostError as error:
            self._in_trouble(run, error, groups.untouched if groups else frozenset())
        else:
            self._finish(run, self._usage_after(run, engine), None if ended else Status.STOPPED)

    def _groups(self, run: Run, engine: HeldEngine, state: PlanState) -> Groups:
        patience = self._patience
        removal = Removal(
            engine=engine,
            draft=state.plan.draft,
            before_effect=partial(self.leases.before_effect, run),
            untagging=lambda position, names: patience.stored(
                lambda: self.runs.untag_item(run, position, names)
            ),
            pause=self.pause,
            ticks=self.leases.ticks,
            rules=self.rules(state.plan, engine),
        )
        return Groups(run=run, runs=self.runs, removal=removal, patience=patience, went_with=state.went_with)

    def _usage_after(self, run: Run, engine: Engine) -> DiskUsage | None:
        try:
            after, disk = _usage(engine)
        except HostError:
            return None  # all that was to be removed is accounted for; the table is an extra
        self.looked(run.host, after, disk)
        self._patience.stored(lambda: self.runs.set_usage(run, after=after))
        return after

    def _in_trouble(self, run: Run, error: HostError, untouched: AbstractSet[int]) -> None:
        """The run cannot go on now: it waits for a person, or ends where waiting would change nothing."""
        state = self._state(run)
        if state.stop is None and not isinstance(error, ANSWERED):
            attention = f"{error} What is open was not looked at again."
            self._patience.stored(lambda: self.runs.park(run, attention))
            return
        outcomes = {Outcome.REMOVING} if state.stop else OPEN
        left = [
            _not_done(item, error, begun=item.outcome is Outcome.REMOVING and item.position not in untouched)
            for item in state.items if item.outcome in outcomes
        ]  # fmt: skip
        self._patience.stored(lambda: self.runs.end_items(run, left))
        if state.stop:
            self._finish(run, None, Status.STOPPED, str(error))
        else:
            self._finish(run, None, Status.FAILED, str(error))

    def _finish(self, run: Run, after: DiskUsage | None, status: Status | None, reason: str = "") -> None:
        recorded = self._patience.stored(lambda: self.audit.recorded(run.plan_id))
        state = recorded.state if recorded else self._state(run)
        ended = status or outcome_of_run(state.items)
        self._patience.stored(lambda: self.runs.finish(run, ended, facts.finished(state, after), reason))

    # --- the database ---------------------------------------------------------------------------

    def _state(self, run: Run) -> PlanState:
        """The plan as it stands; let go where somebody changed its rows, so that the next claim closes it."""
        state = self._patience.stored(lambda: self.runs.held_against_audit(run.plan_id))
        if state is None:
            raise RefusedError(f"Plan {run.plan_id} is not in the database any more.")
        if state.doubt:
            raise LetGo
        return state


def _usage(engine: Engine) -> tuple[DiskUsage, DiskSpace | None]:
    """Disk usage, with what is free on the disk behind it, and that disk, where it can be told."""
    usage = engine.disk_usage()
    try:
        disk = engine.disk_space()
    except HostError:
        return usage, None
    return replace(usage, free=disk.free if disk else None), disk


def _not_done(item: ItemState, error: HostError, *, begun: bool) -> ItemState:
    return outcomes.not_done(item, error, begun=begun, answered=isinstance(error, ANSWERED))
