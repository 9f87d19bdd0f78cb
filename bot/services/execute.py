"""Execute: run one approved plan, item by item; the intent is written before the engine is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.core.audit import Tag
from bot.core.errors import EngineChangedError, EngineRequestError, HostError, RefusedError
from bot.core.inventory import Kind
from bot.core.lifecycle import OPEN, ItemState, Outcome, PlanState, Status, outcome_of_run
from bot.core.usage import DiskUsage
from bot.ports import Change, Engine, Engines, Run, Store
from bot.services import facts
from bot.services.removal import Removal

LEASE = timedelta(seconds=60)
HOST_TRIES = 3
"""How often one item is looked at again after the host could not be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execute:
    store: Store
    engines: Engines
    owner: str
    """Names this process in the lease."""
    changed: Callable[[], None]
    stopping: Callable[[], bool]
    """Whether the process wants to end: then the run is let go between two items."""
    starting: Callable[[PlanState], bool]
    """Whether an approved plan may begin now, by the policy in force."""
    pause: Callable[[float], None]
    """Wait that many seconds, or less when the process wants to end."""
    _active: dict[str, Run] = field(default_factory=dict)

    def __call__(self, plan_id: str) -> None:
        """Take up a plan, unless somebody else has it or its host is busy, and run it to its end.

        A run that cannot be finished here (the process stops, the database is away, the lease is lost)
        keeps its state: whoever takes it up goes on at the next open item.
        """
        seen = self.store.plan(plan_id)
        if seen is None or (seen.status is Status.APPROVED and not self._may_start(seen)):
            return
        run = self.store.claim(plan_id, self.owner, LEASE)
        if run is None:
            return
        self.changed()
        self._active[plan_id] = run
        try:
            state = self.store.plan(plan_id)
            if state is not None:
                self._run(run, state)
        finally:
            del self._active[plan_id]
            self.changed()

    def active(self) -> tuple[Run, ...]:
        """The runs of this process, whose leases somebody has to renew."""
        return tuple(self._active.values())

    def _may_start(self, state: PlanState) -> bool:
        """Cancel a plan whose host cannot be reached, or points at another engine than was planned on."""
        if not self.starting(state):
            return False
        try:
            self._same_engine(state)
        except HostError as error:
            reason = f"{error} Nothing was removed; ask for a fresh plan when this is mended."
            cancelled = facts.event(Tag.PLAN_CANCELLED, state.plan, reason=reason)
            change = Change(status=Status.CANCELLED, events=(cancelled,), reason=reason)
            try:
                self.store.change(state.plan.id, lambda now_state, _: _only_if_approved(now_state, change))
            except RefusedError:
                return False  # another process was faster
            self.changed()
            return False
        return True

    def _same_engine(self, state: PlanState) -> Engine:
        engine = self.engines.connect(state.plan.host)
        planned, found = state.plan.draft.engine, engine.info()
        if found.id != planned.id:
            raise EngineChangedError(
                state.plan.host,
                f"the plan was made on engine {planned.id}, and the host's name now leads to {found.id}.",
            )
        return engine

    def _run(self, run: Run, state: PlanState) -> None:
        try:
            engine = self._same_engine(state)
            if state.usage_before is None:
                self.store.set_usage(run, before=engine.disk_usage())
            finished = self._items(run, Removal(engine=engine, draft=state.plan.draft))
        except HostError as error:
            self._give_up(run, error)
            return
        if not finished:
            self.store.release(run)
            return
        after = self._usage_after(engine)
        self.store.set_usage(run, after=after)
        self._finish(run, after)

    def _items(self, run: Run, removal: Removal) -> bool:
        """Remove what is still open, in the order of the plan; False when the process wants to end."""
        state = self.store.plan(run.plan_id)
        for group in _groups([item for item in state.items if item.outcome in OPEN] if state else []):
            if self.stopping():
                return False
            self.store.start_items(run, [item.position for item in group])
            self.changed()
            self.store.end_items(run, self._remove(removal, group))
            self.changed()
        return True

    def _remove(self, removal: Removal, group: Sequence[ItemState]) -> tuple[ItemState, ...]:
        """Remove one group; a host that went away in the middle is asked again, and nothing is assumed."""
        for left in reversed(range(HOST_TRIES)):
            try:
                if group[0].item.kind is Kind.BUILD_CACHE:
                    return removal.remove_cache(group)
                return (removal.remove(group[0]),)
            except HostError:
                if not left:
                    raise
                self.pause(2.0)
                group = [replace(state, outcome=Outcome.REMOVING) for state in group]
        raise AssertionError("the loop above returns or raises")

    @staticmethod
    def _usage_after(engine: Engine) -> DiskUsage | None:
        try:
            return engine.disk_usage()
        except HostError:
            return None  # all that was to be removed is accounted for; the table is an extra

    def _give_up(self, run: Run, error: HostError) -> None:
        """The run cannot go on: say of every open item that nobody knows, and end the run as failed."""
        state = self.store.plan(run.plan_id)
        open_items = [item for item in state.items if item.outcome in OPEN] if state else []
        self.store.end_items(run, [_not_done(item, error) for item in open_items])
        self._finish(run, None, str(error))

    def _finish(self, run: Run, after: DiskUsage | None, reason: str = "") -> None:
        state = self.store.plan(run.plan_id)
        if state is None:
            return
        status = Status.FAILED if reason else outcome_of_run(state.items)
        self.store.finish(run, status, facts.finished(state, after), reason)


def _only_if_approved(state: PlanState, change: Change) -> Change:
    if state.status is not Status.APPROVED:
        raise RefusedError("The plan is no longer waiting to start.")
    return change


def _not_done(item: ItemState, error: HostError) -> ItemState:
    answered = isinstance(error, EngineRequestError | EngineChangedError)
    if item.outcome is Outcome.REMOVING:
        why = str(error) if answered else "the host went out of reach while it was being removed"
        reason = f"{why}: look at the host"
    else:
        reason = f"not tried: {error if answered else 'the host is out of reach'}"
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
