"""Who may do what on a host: read at the click, and closed when in doubt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

EVERYONE = "*"


class Right(StrEnum):
    LOOK = "look"
    REQUEST = "request"
    APPROVE = "approve"
    STOP = "stop"
    RESTORE = "restore"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules of a host. A right that names nobody belongs to nobody."""

    name: str
    look: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    approve: tuple[str, ...] = ()
    stop: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    audit: tuple[str, ...] | None = None
    """None when it was never set: whoever may look at a host may then read its audit."""
    quorum: int = 1
    self_approval: bool = False
    expires: timedelta = timedelta(minutes=30)

    def entries(self, right: Right) -> tuple[str, ...]:
        """Slack user ids (U… or W…), user group ids (S…), or ``*``."""
        return {
            Right.LOOK: self.look,
            Right.REQUEST: self.request,
            Right.APPROVE: self.approve,
            Right.STOP: self.stop,
            Right.RESTORE: self.restore,
            Right.AUDIT: self.look if self.audit is None else self.audit,
        }[right]


def is_group(entry: str) -> bool:
    """Whether a policy entry names a Slack user group."""
    return entry.startswith("S")


def groups_to_read(policy: Policy, right: Right, user_id: str) -> tuple[str, ...]:
    """The user groups whose members must be known to decide; none when a plain entry decides already."""
    entries = policy.entries(right)
    if EVERYONE in entries or user_id in entries:
        return ()
    return tuple(entry for entry in entries if is_group(entry))


def may(policy: Policy, right: Right, user_id: str, groups: Mapping[str, Iterable[str]]) -> bool:
    """Whether the policy gives that person that right; ``groups`` maps group ids to their members.

    A group that is missing from ``groups`` has no members.
    """
    entries = policy.entries(right)
    if not user_id:
        return False
    return (
        EVERYONE in entries
        or user_id in entries
        or any(user_id in groups.get(entry, ()) for entry in entries if is_group(entry))
    )
