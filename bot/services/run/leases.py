"""Leases: what this process may still do with the runs that it has taken up, measured before each effect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.core.errors import LeaseLostError, StoreUnavailableError
from bot.ports import Run, Runs

LEASE = timedelta(seconds=60)
HEARTBEAT = timedelta(seconds=10)
SILENCE = timedelta(minutes=20)
"""How long a run may be silent: longer than any call to an engine may take with all its deadlines and tries."""
MARGIN = 4
"""Nothing is begun on an engine in the last quarter of a lease."""


@dataclass(slots=True, kw_only=True)
class _Held:
    run: Run
    until: float
    """When the lease ends at the latest, by ``ticks``: counted from before the statement that wrote it."""
    alive: float
    """When the run last began something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """The runs of one process. One thread renews all their leases; each run asks before it acts."""

    runs: Runs
    ticks: Callable[[], float]
    """Seconds of a clock that never jumps, and that goes on while the process is stopped."""
    lease: timedelta = LEASE
    silence: timedelta = SILENCE
    _held: dict[str, _Held] = field(default_factory=dict)

    def claim(self, plan_id: str, owner: str) -> Run | None:
        """Take up a cleanup, as ``Runs.claim`` does, and hold its lease."""
        before = self.ticks()
        run = self.runs.claim(plan_id, owner, self.lease)
        if run is not None:
            self._held[plan_id] = _Held(run=run, until=before + self.lease.total_seconds(), alive=before)
        return run

    def drop(self, run: Run) -> None:
        """The run has ended here."""
        held = self._held.get(run.plan_id)
        if held is not None and held.run == run:
            del self._held[run.plan_id]

    def before_effect(self, run: Run) -> None:
        """Call right before anything is begun on an engine. LeaseLostError: stand down, and begin nothing."""
        held = self._held.get(run.plan_id)
        if held is None or held.run != run:
            raise LeaseLostError(
                f"{run.host}: the cleanup of plan {run.plan_id} is not this process's any more."
            )
        if self._left(held) < self.margin:
            try:
                self._renew(held)
            except StoreUnavailableError as error:
                raise self._too_late(run) from error
        held.alive = self.ticks()
        if held.until - held.alive < self.margin:
            raise self._too_late(run)

    def renew(self) -> tuple[str, ...]:
        """The heartbeat. Ids of the plans whose run was silent for too long: it is given up, for others to look."""
        silent = []
        for held in list(self._held.values()):
            if self.ticks() - held.alive > self.silence.total_seconds():
                self.drop(held.run)
                silent.append(held.run.plan_id)
                continue
            try:
                self._renew(held)
            except LeaseLostError:
                self.drop(held.run)  # the run finds out before its next effect, and stands down
        return tuple(silent)

    @property
    def margin(self) -> float:
        """Seconds."""
        return self.lease.total_seconds() / MARGIN

    def _left(self, held: _Held) -> float:
        return held.until - self.ticks()

    def _renew(self, held: _Held) -> None:
        before = self.ticks()
        self.runs.renew(held.run, self.lease)
        held.until = before + self.lease.total_seconds()

    @staticmethod
    def _too_late(run: Run) -> LeaseLostError:
        return LeaseLostError(
            f"{run.host}: the lease of the cleanup of plan {run.plan_id} could not be renewed in time; "
            "this process stands down, and whoever takes the cleanup up looks at the open object again."
        )
