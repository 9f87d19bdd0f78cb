"""Explaining: what a person may do on a host, which cleanups may run there, and by which rule."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.audit.events import time_text
from bot.core.errors import UsageError
from bot.core.json import Json
from bot.core.rules.hosts import Host
from bot.core.rules.people import Known, Standing, split_id
from bot.core.rules.policy import (
    EVERYONE,
    Policy,
    Right,
    belongs_to,
    deciding_entry,
    groups_to_read,
    is_channel,
    is_group,
)
from bot.core.units import duration_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Whether a person has a right, and why."""

    right: Right
    allowed: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose rights are asked for."""

    user_id: str
    who: Known
    """What is known of them: what the id says, until a directory says more."""
    channel: str = ""
    """Where the person would ask; empty means nowhere, and then channels give no right."""
    told: bool = False
    """Whether Slack has said who they are; else the id is taken at its word."""


_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")
_STANDINGS = {
    Standing.MEMBER: "a member of your own Slack",
    Standing.GUEST: "a guest of your own Slack",
    Standing.OUTSIDER: "of another company",
    Standing.BOT: "a bot, and bots have no rights",
    Standing.DEACTIVATED: "deactivated, and has no rights any more",
    Standing.UNKNOWN: "unknown: Slack does not say who that is, and so has no rights",
}


def asked(user_id: str, channel: str = "") -> Subject:
    """Whose rights are asked for; UsageError when that is no id of Slack's."""
    team, user = split_id(user_id)
    if not user:
        raise UsageError(
            f"“{user_id}” is no id of a Slack user, like U0123ABCD, or T0123ABCD/U0123ABCD for one of another "
            "company: “Copy member ID” in a profile."
        )
    if channel and not _CHANNEL.fullmatch(channel):
        raise UsageError(
            f"“{channel}” is no id of a Slack channel, like C0123ABCD: see “View channel details”."
        )
    member = Known(user=user, standing=Standing.MEMBER, teams=frozenset({"own"}))
    return Subject(user_id=user_id, who=member.seen_in(team), channel=channel)


def told(asked: Subject, known: Known) -> Subject:
    """The same, when Slack's directory has been asked."""
    return replace(asked, who=known.seen_in(split_id(asked.user_id)[0]), told=True)


def standing_words(asked: Subject) -> str:
    """What somebody is to the app's own Slack, as a person reads it."""
    words = _STANDINGS[asked.who.standing]
    return words if asked.told else f"taken for {words}: Slack is asked only with SLACK_BOT_TOKEN"


Lookup = Callable[[str], frozenset[str] | None]
"""The members of a user group; None when they cannot be known."""


def answers(host: Host, asked: Subject, lookup: Lookup, unknown: str) -> tuple[Explained, ...]:
    """Every right of a person on a host; ``unknown`` says why a group's members are not known."""
    return tuple(_answer(host.policy, right, asked, lookup, unknown) for right in Right)


def _answer(policy: Policy, right: Right, asked: Subject, lookup: Lookup, unknown: str) -> Explained:
    groups: dict[str, frozenset[str] | None] = {
        group: lookup(group) for group in groups_to_read(policy, right, asked.who, asked.channel)
    }
    known = {group: members for group, members in groups.items() if members is not None}
    entry = deciding_entry(policy, right, asked.who, known, asked.channel)
    borrowed = "as “look”, since “audit” is unset: " if right is Right.AUDIT and policy.audit is None else ""
    why = _yes(entry, asked) if entry else _no(policy, right, asked.who, groups, unknown)
    return Explained(right=right, allowed=entry is not None, why=borrowed + why)


def _yes(entry: str, asked: Subject) -> str:
    if entry == EVERYONE:
        return f"{EVERYONE} is everyone of your own Slack"
    if is_channel(entry):
        return f"asked in channel {entry}"
    return f"{asked.user_id} is a member of {entry}" if is_group(entry) else f"{entry} is named"


def _no(
    policy: Policy, right: Right, who: Known, groups: Mapping[str, frozenset[str] | None], unknown: str
) -> str:
    if not who.may_have_rights:
        return f"{who.id} is {_STANDINGS[who.standing]}"
    parts = []
    for entry in policy.entries(right):
        if not belongs_to(policy, who) and (entry == EVERYONE or is_channel(entry) or is_group(entry)):
            parts.append(f"{entry} means nobody who is {_STANDINGS[who.standing]}")
        elif is_channel(entry):
            parts.append(f"{entry} counts only when asked there")
        elif is_group(entry):
            parts.append(f"{entry} {unknown}" if groups.get(entry) is None else f"not a member of {entry}")
        else:
            parts.append(f"{entry} is somebody else")
    return "; ".join(parts) or "nobody: it is unset"


def policy_json(host: Host, asked: Subject, rights: tuple[Explained, ...], now: datetime) -> dict[str, Json]:
    """All of it, as ``deckhand policy explain --json`` prints it; bytes and counts are integers."""
    policy = host.policy
    opening = policy.windows.opening(now)
    return {
        "host": host.name,
        "user": asked.user_id,
        "channel": asked.channel or None,
        "standing": str(asked.who.standing),
        "standing_told": asked.told,
        "policy": policy.name,
        "policy_because": host.policy_because,
        "rights": {str(answer.right): {"allowed": answer.allowed, "why": answer.why} for answer in rights},
        "quorum": policy.quorum,
        "self_approval": policy.self_approval,
        "guests": policy.guests,
        "expires": duration_text(policy.expires),
        "start_within": duration_text(policy.start_within),
        "profiles": None if policy.profiles is None else list(policy.profiles),
        "volumes": str(policy.volumes),
        "arrival": str(policy.arrival),
        "windows": [window.text for window in policy.windows.windows],
        "time_zone": str(policy.windows.zone),
        "opens_at": None if opening <= now else time_text(opening),
        "max_bytes": policy.max_bytes,
        "max_objects": policy.max_objects,
        "quorum_above": policy.quorum_above,
        "auto_approve": list(policy.auto_approve),
        "auto_approve_to": {name: str(target) for name, target in policy.auto_approve_to.items()},
        "auto_on_pressure": policy.auto_on_pressure,
        "auto_windows": [window.text for window in policy.auto_windows.windows],
        "only_restorable": policy.only_restorable,
        "reasons": policy.reasons,
        "tell": None if policy.tell is None else str(policy.tell),
        "on_call": policy.on_call or None,
        "escalate_to": list(policy.escalate_to),
        "escalate_after": duration_text(policy.escalate_after),
        "quiet": [window.text for window in policy.quiet.windows],
        "protect": policy.protection.json(),
    }
