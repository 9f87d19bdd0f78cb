"""Claims: work that one process does at a time, whichever of them it is: cleanups, restorings."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim on a plan's work: every write names the attempt, and is refused when another process took over."""

    what: ClassVar[str]
    """The work, as sentences name it."""
    plan_id: str
    host: str
    owner: str
    attempt: int

    def __str__(self) -> str:
        return f"the {self.what} of plan {self.plan_id}"


C = TypeVar("C", bound=Claim)


class Claims(Protocol[C]):
    """Work of one kind, taken up by whichever process comes first and held by a lease."""

    def claimable(self) -> tuple[str, ...]:
        """Ids of the plans that ``claim`` takes now, in their turn."""
        ...

    def claim(self, plan_id: str, owner: str, lease: timedelta) -> C | None:
        """Take one up; None when somebody else has it, or it is nobody's to take now."""
        ...

    def renew(self, claim: C, lease: timedelta) -> None:
        """Extend the lease; LeaseLostError when the work is no longer ours."""
        ...

    def release(self, claim: C) -> None:
        """Let the lease end now, so that the next process may take the work up at once. Fenced."""
        ...
