"""One host of a fleet in words: what would go there, where it stands, and whom it waits for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.docker.inventory import Kind
from bot.core.life.fleets import FleetState, Standing
from bot.core.life.states import Outcome, Status
from bot.core.plan.profiles import KIND_NAMES
from bot.core.rules.hosts import Host
from bot.core.rules.policy import Right
from bot.core.units import short_size
from bot.slack.kit.text import date, plural

SHORT_KINDS = {Kind.BUILD_CACHE: "cache"}
_ENDED = {
    Status.DONE: "done",
    Status.PARTIAL: "done, some kept",
    Status.STOPPED: "stopped",
    Status.FAILED: "failed",
    Status.REJECTED: "rejected",
    Status.EXPIRED: "expired",
    Status.CANCELLED: "cancelled",
    Status.SUPERSEDED: "decided alone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutHost:
    """What the policy in force says of a host's plan now; for display, and it steers nothing."""

    tags: tuple[str, ...] = ()
    registered: bool = True
    approvers: tuple[str, ...] = ()
    self_approval: bool = False
    reasons: bool = False
    """Whether its policy wants to know why."""
    opens: datetime | None = None
    """When its window opens, where it is closed now."""


NOTHING = AboutHost()


def lost_words(lost: Mapping[Kind, int]) -> str:
    """``12 containers, 3 images``: what nothing brings back; empty when that is nothing."""
    return ", ".join(f"{count:,} {_kind(kind, count)}" for kind, count in lost.items() if count)


def _kind(kind: Kind, count: int) -> str:
    if kind in SHORT_KINDS:
        return SHORT_KINDS[kind]
    return str(kind) if count == 1 else KIND_NAMES[kind]


def waits_words(one: Standing, about: AboutHost) -> str:
    """Of a plan that is not approved: what it still waits for."""
    if not about.registered:
        return "no longer registered"
    words = [f"{len(one.approvers)} of {one.quorum} approved"]
    if about.opens is not None:
        words.append(f"runs from {about.opens:%a %H:%M} UTC")
    return ", ".join(words)


def stands_words(state: FleetState, one: Standing) -> str:
    """Where an approved, running or ended host stands, in a few words."""
    if one.status is Status.APPROVED:
        if not one.ready and one.starts_at:
            return f"waits for its window, {one.starts_at:%a %H:%M} UTC"
        if state.held:
            return "held"
        return f"wave {one.wave}, about to begin" if one.wave else "waits for its wave"
    if one.status is Status.RUNNING:
        return "needs attention" if one.attention else f"running, {one.done:,} of {one.objects:,}"
    return _ENDED.get(one.status, str(one.status))


def outcome_words(one: Standing) -> str:
    """``12 of 14 removed, 2 kept``; empty where nothing began."""
    if not one.done:
        return ""
    removed = one.counts.get(Outcome.REMOVED, 0)
    others = [
        f"{count:,} {outcome}"
        for outcome in (Outcome.GONE, Outcome.KEPT, Outcome.FAILED)
        if (count := one.counts.get(outcome, 0))
    ]
    return ", ".join([f"{removed:,} of {one.objects:,} removed", *others])


def about_host(host: Host | None, now: datetime) -> AboutHost:
    """What to say of a host."""
    if host is None:
        return AboutHost(registered=False)
    opening = host.policy.windows.opening(now)
    return AboutHost(
        tags=host.tags, approvers=host.policy.entries(Right.APPROVE),
        self_approval=host.policy.self_approval, reasons=host.policy.reasons, opens=opening if opening > now else None,
    )  # fmt: skip


def freed_words(state: FleetState) -> str:
    """What was freed of what was predicted."""
    freed = sum(one.reclaimed for one in state.standings)
    high = sum(one.frees.high for one in state.counted)
    return f"{short_size(freed)} freed of {short_size(high)} planned"


def until_words(state: FleetState) -> str:
    """Until when the first of those that wait has to be decided."""
    moments = [one.expires_at for one in state.with_status(Status.PROPOSED) if one.expires_at]
    return date(min(moments)) if moments else ""


def hosts_words(count: int) -> str:
    return plural(count, "host")
