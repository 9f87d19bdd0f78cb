"""Values in writing: a plan and what is kept beside it as JSON, and the plan's digest.

The digest binds votes, the approval and the run to the very list that was proposed. Its canonical form is the line
``deckhand plan 1`` and one line of JSON, with sorted keys and without white space: every field of the plan and of what
it holds, moments in UTC with microseconds. A field that has its default is left out, so that a later release may add
fields without changing the digest of the plans before it; one that it gives another value changes the digest for an
earlier release too, which then does not run what it cannot read.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from bot.core.audit.events import time_text
from bot.core.audit.format import facts_text
from bot.core.docker.usage import DiskSpace, DiskUsage
from bot.core.json import Json, storable_json
from bot.core.life.fleets import Fleet
from bot.core.life.restoring import ImageRestored
from bot.core.plan.plan import Plan

T = TypeVar("T")

FACT = "plan_digest"
"""Under which events carry it: proposed, voted, approved, started."""
_FORM = "deckhand plan 1"
FLEET_FACT = "fleet_digest"
"""Under which events of a fleet carry the digest of all that it lists."""
_FLEET_FORM = "deckhand fleet 1"


def plan_digest(plan: Plan) -> str:
    """``sha256:`` and 64 hexadecimal digits; of a plan as the database gives it back, never as it went in."""
    return "sha256:" + hashlib.sha256(canonical(plan).encode()).hexdigest()


def canonical(plan: Plan) -> str:
    """What the digest is made of."""
    return _line(_FORM, plan)


def fleet_digest(fleet: Fleet) -> str:
    """The same of a fleet plan: it binds each host's plan by its own digest, and the waves in which they begin."""
    return "sha256:" + hashlib.sha256(_line(_FLEET_FORM, fleet).encode()).hexdigest()


def _line(form: str, value: Plan | Fleet) -> str:
    plain = _plain(value)
    assert isinstance(plain, dict)  # noqa: S101 - what becomes of a dataclass
    return f"{form}\n{facts_text(plain)}"


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


class Form(Generic[T]):
    """Values of one kind as JSON text that every database holds, and back."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        """Made when it is needed: that takes its time, and few commands write or read a plan."""
        return TypeAdapter(self._kind)

    def text(self, value: T) -> str:
        # A read-only mapping is a mapping too: pydantic would warn of it, and then ask what to do.
        plain = self._adapter.dump_python(value, mode="json", fallback=dict, warnings=False)
        return json.dumps(storable_json(plain), ensure_ascii=False, separators=(",", ":"))

    def read(self, text: str) -> T:
        """ValueError for what is none."""
        return self._adapter.validate_json(text)


PLAN, USAGE, DISK = Form[Plan](Plan), Form[DiskUsage](DiskUsage), Form[DiskSpace](DiskSpace)
IMAGES = Form[tuple[ImageRestored, ...]](tuple[ImageRestored, ...])
FLEET = Form[Fleet](Fleet)
NAMES = Form[tuple[str, ...]](tuple[str, ...])
