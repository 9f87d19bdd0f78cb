"""Protection: what no profile may take, whatever its rules say."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Image, repository
from bot.core.docker.labels import carries
from bot.core.json import Json
from bot.core.plan.profiles import DANGLING_MIN_AGE, Profile
from bot.core.units import duration_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Patterns of image references and of names, labels on any kind of object, and ages."""

    images: tuple[str, ...] = ()
    """Shell patterns, held against each reference and each repository (``postgres``, ``*:stable``)."""
    names: tuple[str, ...] = ()
    """Shell patterns of the names of containers, networks and volumes."""
    labels: tuple[str, ...] = ()
    """``key``, or ``key=value``."""
    keep_last: int = 0
    """How many versions of each repository stay, the newest first."""
    keep_ran: int = 0
    """How many of the last different images that a service ran stay: a container's name, a Compose or Swarm service."""
    unused_for: timedelta = timedelta()
    """How long nobody must have seen an image in use; what Deckhand sees for the first time counts as seen."""
    dangling_min_age: timedelta = DANGLING_MIN_AGE
    """How old an image without any reference must be."""

    def of_labels(self, labels: Mapping[str, str]) -> str | None:
        """The protecting label that an object carries; None when it carries none."""
        return next((label for label in self.labels if carries(labels, label)), None)

    def of_image(self, image: Image) -> str | None:
        """The first pattern that one of the image's references matches; None when none does."""
        return next((pattern for pattern in self.images if matches_image(pattern, image)), None)

    def of_name(self, name: str) -> str | None:
        """The first pattern that the name of a container, network or volume matches; None when none does."""
        return first_match(self.names, name)

    def and_also(self, more: "Protection") -> "Protection":
        """Both together: what either protects is protected."""
        both = {name: (getattr(self, name), getattr(more, name)) for name in RULES}
        return Protection(**{name: _and(*values) for name, values in both.items()})

    def json(self) -> dict[str, Json]:
        """Each rule by its key in the configuration."""
        return {name: _json(getattr(self, name)) for name in RULES}


RULES = tuple(each.name for each in fields(Protection))
"""The rules, as the configuration names them; how two of them add up follows from what they are made of."""

NOTHING_MORE = Protection(dangling_min_age=timedelta())
"""What changes nothing beside another protection."""


def _and(one: Any, other: Any) -> Any:
    """Patterns and labels of both; of numbers and ages the one that protects more."""
    return (*one, *other) if isinstance(one, tuple) else max(one, other)


def _json(value: Any) -> Json:
    if isinstance(value, timedelta):
        return duration_text(value)
    return list(value) if isinstance(value, tuple) else value


def first_match(patterns: Iterable[str], name: str) -> str | None:
    return next((pattern for pattern in patterns if fnmatchcase(name, pattern)), None)


def matches_image(pattern: str, image: Image) -> bool:
    """Whether a shell pattern matches one of the image's references, or the repository of one."""
    return any(
        fnmatchcase(reference, pattern) or fnmatchcase(repository(reference), pattern)
        for reference in image.references
    )


def rules_digest(profile: Profile | None, protection: Protection) -> str:
    """Names a profile's rules and a protection: other rules have another name. A profile of no name has none."""
    rules = sorted(profile.rules.items()) if profile else []
    said = [f"{kind}: {rule.scope} {rule.min_age} {rule.keep_last}" for kind, rule in rules]
    said += [repr(profile.labels), repr(profile.excluded), repr(sorted(profile.dropped))] if profile else []
    said += [str(profile.arrival)] if profile and profile.arrival is not Arrival.SEEN else []
    return hashlib.sha256("\n".join([*said, repr(protection)]).encode()).hexdigest()
