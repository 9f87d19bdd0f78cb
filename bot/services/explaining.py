"""Explaining: what a person may do on a host, which cleanups may run there, and by which rule."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.audit import Json, time_text
from bot.core.errors import UsageError
from bot.core.hosts import Host
from bot.core.policy import (
    EVERYONE,
    Policy,
    Right,
    deciding_entry,
    groups_to_read,
    is_channel,
    is_group,
)
from bot.core.protection import Protection
from bot.core.units import duration_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether a person has a right, and why."""

    right: Right
    allowed: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Whose rights are asked for."""

    user_id: str
    channel: str = ""
    """Where the person would ask; empty means nowhere, and then channels give no right."""


_USER, _CHANNEL = re.compile(r"[UW][A-Z0-9]{2,}"), re.compile(r"[CG][A-Z0-9]{2,}")


def asked(user_id: str, channel: str = "") -> Asked:
    """Whose rights are asked for; UsageError when that is no id of Slack's."""
    if not _USER.fullmatch(user_id):
        raise UsageError(
            f"“{user_id}” is no id of a Slack user, like U0123ABCD: “Copy member ID” in a profile."
        )
    if channel and not _CHANNEL.fullmatch(channel):
        raise UsageError(
            f"“{channel}” is no id of a Slack channel, like C0123ABCD: see “View channel details”."
        )
    return Asked(user_id=user_id, channel=channel)


Lookup = Callable[[str], frozenset[str] | None]
"""The members of a user group; None when they cannot be known."""


def answers(host: Host, asked: Asked, lookup: Lookup, unknown: str) -> tuple[Answer, ...]:
    """Every right of a person on a host; ``unknown`` says why a group's members are not known."""
    return tuple(_answer(host.policy, right, asked, lookup, unknown) for right in Right)


def _answer(policy: Policy, right: Right, asked: Asked, lookup: Lookup, unknown: str) -> Answer:
    groups: dict[str, frozenset[str] | None] = {
        group: lookup(group) for group in groups_to_read(policy, right, asked.user_id, asked.channel)
    }
    known = {group: members for group, members in groups.items() if members is not None}
    entry = deciding_entry(policy, right, asked.user_id, known, asked.channel)
    borrowed = "as “look”, since “audit” is unset: " if right is Right.AUDIT and policy.audit is None else ""
    why = _yes(entry, asked) if entry else _no(policy, right, groups, unknown)
    return Answer(right=right, allowed=entry is not None, why=borrowed + why)


def _yes(entry: str, asked: Asked) -> str:
    if entry == EVERYONE:
        return f"{EVERYONE} is everyone"
    if is_channel(entry):
        return f"asked in channel {entry}"
    return f"{asked.user_id} is a member of {entry}" if is_group(entry) else f"{entry} is named"


def _no(policy: Policy, right: Right, groups: Mapping[str, frozenset[str] | None], unknown: str) -> str:
    parts = []
    for entry in policy.entries(right):
        if is_channel(entry):
            parts.append(f"{entry} counts only when asked there")
        elif is_group(entry):
            parts.append(f"{entry} {unknown}" if groups.get(entry) is None else f"not a member of {entry}")
        else:
            parts.append(f"{entry} is somebody else")
    return "; ".join(parts) or "nobody: it is unset"


def policy_json(host: Host, asked: Asked, rights: tuple[Answer, ...], now: datetime) -> dict[str, Json]:
    """All of it, as ``deckhand policy explain --json`` prints it; bytes and counts are integers."""
    policy = host.policy
    opening = policy.windows.opening(now)
    return {
        "host": host.name,
        "user": asked.user_id,
        "channel": asked.channel or None,
        "policy": policy.name,
        "policy_because": host.policy_because,
        "rights": {str(answer.right): {"allowed": answer.allowed, "why": answer.why} for answer in rights},
        "quorum": policy.quorum,
        "self_approval": policy.self_approval,
        "expires": duration_text(policy.expires),
        "start_within": duration_text(policy.start_within),
        "profiles": None if policy.profiles is None else list(policy.profiles),
        "volumes": str(policy.volumes),
        "windows": [window.text for window in policy.windows.windows],
        "time_zone": str(policy.windows.zone),
        "opens_at": None if opening <= now else time_text(opening),
        "max_bytes": policy.max_bytes,
        "max_objects": policy.max_objects,
        "quorum_above": policy.quorum_above,
        "auto_approve": list(policy.auto_approve),
        "protect": protection_json(policy.protection),
    }


def protection_json(protection: Protection) -> dict[str, Json]:
    """A protection with the keys of the configuration."""
    return {
        "images": list(protection.images),
        "names": list(protection.names),
        "labels": list(protection.labels),
        "keep_last": protection.keep_last,
        "unused_for": duration_text(protection.unused_for),
        "dangling_min_age": duration_text(protection.dangling_min_age),
    }
