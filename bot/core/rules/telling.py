"""Telling: when those who may decide about a waiting plan are told of it, and how each of them wants to be. Pure.

Whom a policy tells is not whom it gives a right: who is told may decide nothing that they could not decide untold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.core.docker.usage import DiskSpace
from bot.core.rules.policy import Policy, Tell

URGENT_SHARE = 0.95
"""Of a disk, or of its inodes, that is taken: a plan for such a host is told in quiet hours too."""
DIGEST_HOUR = 9


class Notice(StrEnum):
    """What people are told of a plan that waits, each once."""

    NEW = "called"
    REMINDER = "reminded"
    ESCALATION = "escalated"
    ASKED = "asked"  # somebody named them


class Wish(StrEnum):
    """How a person wants to be told, whatever policies say."""

    POLICY = "policy"  # as each policy says
    CHANNEL = "channel"  # never in person, but for what names them
    DIRECT = "direct"  # in person, of each plan that they may decide about
    DIGEST = "digest"  # in person, once a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished:
    """A person's own setting."""

    person: str
    wish: Wish = Wish.POLICY
    zone: str = ""
    """Their time zone, as Slack says; UTC where it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """How a policy has those told who may decide."""

    policy: Policy
    remind_after: float
    """The share of a plan's time after which they are reminded; 1: never."""

    def of(
        self, created: datetime, expires: datetime, *, urgent: bool = False
    ) -> Iterator[tuple[Notice, datetime]]:
        """When each notice is due, the first before the next; what would come when the plan has expired is left out.

        At the end of quiet hours a plan is told once: whoever is told of it only then needs no reminder with it.
        """
        told = self._held(created, urgent=urgent)
        if told is None or told >= expires:
            return
        yield Notice.NEW, told
        later: list[tuple[Notice, datetime]] = []
        if self.remind_after < 1:
            later.append((Notice.REMINDER, created + (expires - created) * self.remind_after))
        if self.policy.escalate_to:
            later.append((Notice.ESCALATION, told + self.policy.escalate_after))
        for notice, at in sorted(later, key=lambda one: one[1]):
            due = self._held(at, urgent=urgent)
            if due is not None and told < due < expires:
                yield notice, due

    def held(self, created: datetime) -> bool:
        """Whether a plan was made in quiet hours."""
        return self.policy.quiet.covers(created)

    def _held(self, moment: datetime, *, urgent: bool) -> datetime | None:
        return moment if urgent else self.policy.quiet.closing(moment)


def tell_of(policy: Policy, everywhere: Tell) -> Tell:
    """How those who may decide are told: as the policy says, else as everywhere."""
    return everywhere if policy.tell is None else policy.tell


def is_urgent(disk: DiskSpace | None) -> bool:
    """Whether a disk is so full that quiet hours do not count; one that nobody could read is not."""
    if disk is None:
        return False
    return max(disk.used_share, disk.inodes_share or 0) >= URGENT_SHARE


def digest_due(now_there: datetime) -> datetime:
    """The last nine o'clock, by the clock on a person's wall."""
    today = now_there.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0, fold=0)
    return today if today <= now_there else today - timedelta(days=1)


def asked_name(plan_id: str, person: str) -> str:
    """Names the intent to tell somebody that they were asked to decide about a plan."""
    return f"{plan_id}/{Notice.ASKED}/{person}"
