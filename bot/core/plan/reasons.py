"""Reasons: why an object goes or stays, as a clause about it that people read, and what like ones are counted under.

What an object is counted under is written into the audit, so these few words stay as they are; ``counted_as`` puts
them into those that people read, of plans that are stored too.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from bot.core.units import duration_words

NOT_IN_PROFILE = "not in this profile"
NOT_IN_PLAN_BEFORE = "not in the plan before"
SERVICES_UNKNOWN = "a Swarm service may need it: the engine is in a swarm and does not tell of its services"
ARRIVAL_UNKNOWN = "arrival unknown"
BY_BUILD = "; it goes by its build date, since nobody knows when it arrived"
NOT_RESTORABLE = "cannot be brought back"
NOT_ASKED_FOR = "not asked for"
"""Why all stay that a plan of single objects does not name."""
LEFT_OUT = "left out"
TARGET_MET, WOULD_FREE_NOTHING = "not needed for the target", "would free nothing"
"""Why a plan to a target leaves alone what its profile takes."""
NAMED = "named"
"""Of a volume that only a person may pick."""
LAST_USED, SEEN_IN_USE, FIRST_SEEN, STOPPED = (
    "last used", "last seen in use", "first seen by Deckhand", "stopped",
)  # fmt: skip
"""What may have happened to an object at the moment that its age counts from, beside that it was made."""

_COUNTED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        NOT_IN_PLAN_BEFORE: ("came up after the plan before this one", "came up after the plan before this one"),
        NOT_ASKED_FOR: ("nobody picked it", "nobody picked them"),
        TARGET_MET: ("not needed for the target", "not needed for the target"),
        WOULD_FREE_NOTHING: ("would free nothing", "would free nothing"),
        NOT_IN_PROFILE: ("the profile does not take it", "the profile does not take them"),
        "a service's task": ("a Swarm service runs it", "Swarm services run them"),
        "predefined": ("Docker's own", "Docker's own"),
        "not local": ("may be used from elsewhere", "may be used from elsewhere"),
        "a service needs it": ("a Swarm service needs it", "Swarm services need them"),
        "services unknown": ("a Swarm service may need it", "Swarm services may need them"),
        NAMED: ("has a name: yours to pick", "have a name: yours to pick"),
        "parent of a kept image": ("an image that stays is built on it", "images that stay are built on them"),
        "among the last versions": ("among the newest versions", "among the newest versions"),
        "ran lately": ("ran lately: there to go back to", "ran lately: there to go back to"),
        "tagged": ("has a tag", "have a tag"),
        "pulled by digest": ("was pulled by its digest", "were pulled by their digests"),
        ARRIVAL_UNKNOWN: ("nobody knows when it arrived", "nobody knows when they arrived"),
        "age unknown": ("of an age that nobody knows", "of an age that nobody knows"),
        "not dangling": ("only profiles that take all cache take it", "only profiles that take all cache take them"),
        "shared": ("an image that stays holds it too", "images that stay hold them too"),
        "no id": ("has no id to remove it by", "have no ids to remove them by"),
        "for a running build": ("a build that runs may need it", "a build that runs may need them"),
        "a kept record builds on it": ("cache that stays builds on it", "cache that stays builds on them"),
    }
)  # fmt: skip
"""For one object, and for several; what is not here is read as it is counted."""


class Verdict(NamedTuple):
    """Take it or keep it; ``rule`` is the sentence, ``because`` the few words it is counted under."""

    take: bool
    rule: str
    because: str = ""
    due: datetime | None = None
    """When the rule that keeps it will no longer, if nothing else changes; None when time changes nothing."""


def take(rule: str) -> Verdict:
    """Take the object, for this reason."""
    return Verdict(True, rule)  # noqa: FBT003 - the field's name stands in the class, once


def keep(because: str, rule: str = "", due: datetime | None = None) -> Verdict:
    """Keep the object, for this reason."""
    return Verdict(False, rule or because, because, due)  # noqa: FBT003 - as above


def counted_as(because: str, count: int) -> str:
    """What people read of so many objects that are counted under ``because``: ``images that stay hold them too``."""
    one, many = _COUNTED.get(because, (because, because))
    return one if count == 1 else many


def old_enough(min_age: timedelta, born: datetime | None, now: datetime, what: str) -> Verdict | None:
    """None when the object is as old as it must be; ``what`` says which moment its age counts from."""
    if not min_age:
        return None
    if born is None:
        return keep("age unknown", f"the engine does not say when it was {what}")
    age = now - born
    if age >= min_age:
        return None
    because = _too_young(what, duration_words(min_age))
    # An age of thousands of years is asked for when nothing at all is to go: it is never due.
    due = born + min_age if min_age < datetime.max.replace(tzinfo=born.tzinfo) - born else None
    return keep(because, f"{what} {ago(age)}: {because}", due)


def _too_young(what: str, least: str) -> str:
    """Why something stays for a time: what was in use is not called young for that."""
    if what in {LAST_USED, SEEN_IN_USE}:
        return f"used within {least}"
    if what == FIRST_SEEN:
        return f"known for less than {least}"
    return f"stopped for less than {least}" if what == STOPPED else f"younger than {least}"


def ago(age: timedelta) -> str:
    """``41 days ago``; what is not a second ago, or of a clock that went back, is just now."""
    return f"{duration_words(age)} ago" if age >= timedelta(seconds=1) else "just now"
