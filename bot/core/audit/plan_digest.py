"""The digest of a plan: what binds votes, the approval and the run to the very list that was proposed.

The canonical form is the line ``deckhand plan 1`` and one line of JSON, with sorted keys and without white space: every
field of the plan and of what it holds, moments in UTC with microseconds. A field that has its default is left out, so
that a later release may add fields without changing the digest of the plans before it; one that it gives another
value changes the digest for an earlier release too, which then does not run what it cannot read.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any

from bot.core.audit.events import time_text
from bot.core.audit.format import facts_text
from bot.core.json import Json
from bot.core.plan.plan import Plan

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
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if is_dataclass(value):
        kind: Any = type(value)
        given = [(name, default, getattr(value, name)) for name, default in _fields(kind)]
        return {name: _plain(each) for name, default, each in given if each != default}
    raise TypeError(f"a plan holds no {type(value).__name__}")


@cache
def _fields(of: Any) -> tuple[tuple[str, object], ...]:
    """The fields of a dataclass, each with its default, or with what equals nothing."""
    return tuple(
        (one.name, one.default if one.default_factory is MISSING else one.default_factory())
        for one in fields(of)
    )
