"""The digest of a plan: what binds votes, the approval and the run to the very list that was proposed.

The canonical form is the line ``deckhand plan 1`` and one line of JSON, with sorted keys and without white space: every
field of the plan and of what it holds, moments in UTC with microseconds. A field that has its default is left out, so
that a later release may add fields without changing the digest of the plans before it; one that it gives another
value changes the digest for an earlier release too, which then does not run what it cannot read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from typing import Any

from bot.core.audit import Json, time_text
from bot.core.audit_format import facts_text
from bot.core.plans import Plan

FACT = "plan_digest"
"""Under which events carry it: proposed, voted, approved, started."""
_FORM = "deckhand plan 1"


def plan_digest(plan: Plan) -> str:
    """``sha256:`` and 64 hexadecimal digits; of a plan as the database gives it back, never as it went in."""
    return "sha256:" + hashlib.sha256(canonical(plan).encode()).hexdigest()


def canonical(plan: Plan) -> str:
    """What the digest is made of."""
    plain = _plain(plan)
    assert isinstance(plain, dict)  # noqa: S101 - what becomes of a dataclass
    return f"{_FORM}\n{facts_text(plain)}"


def _plain(value: object) -> Json:
    """TypeError for what has no canonical form."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        given = ((one, getattr(value, one.name)) for one in fields(value))
        return {one.name: _plain(each) for one, each in given if not _is_default(one, each)}
    raise TypeError(f"a plan holds no {type(value).__name__}")


def _is_default(one: "Field[Any]", value: object) -> bool:
    if one.default_factory is not MISSING:
        return bool(value == one.default_factory())
    return bool(one.default is not MISSING and value == one.default)
