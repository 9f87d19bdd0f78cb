"""Mistakes between the keys of a policy that say who is told of a plan, each with its remedy."""

from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches

from bot.config.file import ConfigFile
from bot.config.tables import PolicyTable
from bot.core.rules.policy import EVERYONE, Tell, is_group
from bot.core.rules.windows import Windows
from bot.core.units import duration_text

_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_ON_CALL = '"S…" (a user group), or the name of an [on_call.NAME]'


def of_telling(table: PolicyTable, effective: PolicyTable, file: ConfigFile) -> Iterator[str]:
    """``effective`` is the policy with what it leaves out; what only ``default`` says is told there."""
    own = table.model_fields_set
    if {"tell", "on_call"} & own:
        yield from _of_on_call(effective, own, file)
    if {"escalate_to", "escalate_after", "expires"} & own:
        yield from _of_escalating(effective, own)
    if "quiet" in own and effective.quiet:
        quiet = Windows(windows=effective.quiet, zone=effective.time_zone)
        if quiet.closing(quiet.opening(_SOME_DAY)) is None:
            yield 'quiet: never ends, so nobody would ever be told; leave hours out, like ["22:00-07:00"]'


def _of_on_call(policy: PolicyTable, own: set[str], file: ConfigFile) -> Iterator[str]:
    if policy.tell is Tell.ON_CALL and not policy.on_call:
        if "on_call" not in own:  # else that mistake is told already
            yield f"tell: is on_call, and on_call names nobody; write on_call = {_ON_CALL}"
        return
    if policy.on_call and policy.tell is not Tell.ON_CALL and "on_call" in own:
        yield 'on_call: only means something beside tell = "on_call"; add that, or remove it'
    if "on_call" in own and policy.on_call not in file.on_call and not is_group(policy.on_call):
        nearest = get_close_matches(policy.on_call, file.on_call, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"write {_ON_CALL}"
        yield f"on_call: there is no [on_call.{policy.on_call}]; {hint}"


def _of_escalating(policy: PolicyTable, own: set[str]) -> Iterator[str]:
    if EVERYONE in policy.escalate_to and "escalate_to" in own:
        yield "escalate_to: “*” is nobody in particular; name users (U…), user groups (S…) or channels (C…)"
    if not policy.escalate_to:
        if "escalate_after" in own and "escalate_to" not in own:
            yield 'escalate_after: to whom? It only means something beside escalate_to; add escalate_to = ["U…"]'
    elif policy.escalate_after >= policy.expires:
        yield (
            f"escalate_after: is {duration_text(policy.escalate_after)}, and plans expire after "
            f"{duration_text(policy.expires)}, so it never comes; write less, or let plans wait longer (expires)"
        )
