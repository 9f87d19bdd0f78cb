"""Leases: what this process may still do with the work that it has taken up, measured before each effect."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic

from bot.core.errors import LeaseLostError, StoreUnavailableError
from bot.ports import Claim, Claims
from bot.ports.claims import C

LEASE = timedelta(seconds=60)
HEARTBEAT = timedelta(seconds=10)
SILENCE = timedelta(minutes=20)
"""How long work may be silent: longer than any call of a cleanup may take with all its deadlines and tries."""
MARGIN = 4
"""Nothing is begun on an engine in the last quarter of a lease."""


@dataclass(slots=True, kw_only=True)
class _Held(Generic[C]):
    claim: C
    until: float
    """When the lease ends at the latest, by ``ticks``: counted from before the statement that wrote it."""
    alive: float
    """When it last began something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases(Generic[C]):
    """One process's work of one kind. One thread renews all its leases; who does the work asks before each effect."""

    claims: Claims[C]
    owner: str
    """Names this process, and no other one."""
    ticks: Callable[[], float]
    """Seconds of a clock that never jumps, and that goes on while the process is stopped."""
    lease: timedelta = LEASE
    silence: timedelta = SILENCE
    _held: dict[str, _Held[C]] = field(default_factory=dict)

    def claim(self, plan_id: str) -> C | None:
        """Take it up, as ``Claims.claim`` does, and hold its lease."""
        before = self.ticks()
        claim = self.claims.claim(plan_id, self.owner, self.lease)
        if claim is not None:
            self._held[plan_id] = _Held(claim=claim, until=before + self.lease.total_seconds(), alive=before)
        return claim

    def drop(self, claim: C) -> None:
        """The work has ended here."""
        held = self._held.get(claim.plan_id)
        if held is not None and held.claim == claim:
            del self._held[claim.plan_id]

    def before_effect(self, claim: C) -> None:
        """Call right before anything is begun on an engine. LeaseLostError: stand down, and begin nothing."""
        held = self._held.get(claim.plan_id)
        if held is None or held.claim != claim:
            raise LeaseLostError(f"{claim.host}: {claim} is not this process's any more.")
        if self._left(held) < self.margin:
            try:
                self._renew(held)
            except StoreUnavailableError as error:
                raise _too_late(claim) from error
        held.alive = self.ticks()
        if held.until - held.alive < self.margin:
            raise _too_late(claim)

    def renew(self) -> tuple[str, ...]:
        """The heartbeat. Ids of the plans whose work was silent for too long: it is given up, for others to look."""
        silent = []
        for held in list(self._held.values()):
            if self.ticks() - held.alive > self.silence.total_seconds():
                self.drop(held.claim)
                silent.append(held.claim.plan_id)
                continue
            try:
                self._renew(held)
            except LeaseLostError:
                self.drop(held.claim)  # its thread finds out before its next effect, and stands down
        return tuple(silent)

    @property
    def margin(self) -> float:
        """Seconds."""
        return self.lease.total_seconds() / MARGIN

    def _left(self, held: _Held[C]) -> float:
        return held.until - self.ticks()

    def _renew(self, held: _Held[C]) -> None:
        before = self.ticks()
        self.claims.renew(held.claim, self.lease)
        held.until = before + self.lease.total_seconds()


def _too_late(claim: Claim) -> LeaseLostError:
    return LeaseLostError(
        f"{claim.host}: the lease of {claim} could not be renewed in time; this process stands down, and whoever "
        "takes it up looks at the open object again."
    )
