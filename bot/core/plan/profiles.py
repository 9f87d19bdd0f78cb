"""Profiles: what a cleanup may take, as data. The built-in ones, in order of aggression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import ORDER, Kind
from bot.core.docker.labels import ANY_OBJECT, LabelFilter
from bot.core.errors import UnknownProfileError
from bot.core.plan.target.target import Target
from bot.core.units import duration_text, duration_words


class Scope(StrEnum):
    """Which objects of a kind a rule may take, before age and protection are looked at."""

    STOPPED = "stopped"  # containers: created, exited or dead
    UNUSED = "unused"  # no container refers to it; for build cache: every record not in use
    DANGLING = "dangling"  # images without a tag; cache records that `builder prune` takes without -a
    ANONYMOUS = "anonymous"  # volumes that the engine itself named
    NAMED = "named"  # volumes that a person picked by name; no configured profile may have it


SCOPES: Mapping[Kind, frozenset[Scope]] = MappingProxyType(
    {
        Kind.CONTAINER: frozenset({Scope.STOPPED}),
        Kind.NETWORK: frozenset({Scope.UNUSED}),
        Kind.IMAGE: frozenset({Scope.DANGLING, Scope.UNUSED}),
        Kind.BUILD_CACHE: frozenset({Scope.DANGLING, Scope.UNUSED}),
        Kind.VOLUME: frozenset({Scope.ANONYMOUS}),
    }
)
"""The scopes that mean something for each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which objects of one kind are eligible, and how old they must be at least."""

    scope: Scope
    min_age: timedelta = timedelta()
    keep_last: int = 0
    """Images: how many versions of each repository stay, the newest first."""

    def words(self) -> str:
        """The rule as a person reads it: ``unused, at least 7 days old``."""
        age = f", at least {duration_words(self.min_age)} old" if self.min_age else ""
        last = f", but the last {self.keep_last} of each repository" if self.keep_last else ""
        return f"{self.scope}{age}{last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of rules, one per kind that it touches."""

    name: str
    rules: Mapping[Kind, Rule]
    labels: LabelFilter = ANY_OBJECT
    excluded: tuple[str, ...] = ()
    """Shell patterns of names and references that a person took out of it."""
    only: frozenset[str] | None = None
    """Ids of the only objects that it may take; None means any."""
    dropped: frozenset[str] = frozenset()
    """Ids, whole or their first twelve characters, of objects that a person took out of it one by one."""
    within: frozenset[str] | None = None
    """Ids of all that the plan listed which this one replaces; None means any."""
    restorable: frozenset[str] | None = None
    """Ids of the only objects that it may take since they can be brought back; None: that is not demanded."""
    arrival: Arrival = Arrival.SEEN
    """What stands for the arrival of images of which the engine does not tell it."""
    target: Target | None = None
    """What the disk needs, of which it takes no more; for display, and for who cuts its plan."""
    arguments: str = ""
    """What a person wrote behind the name to narrow it; for display, and to ask for the same again."""
    stands_for: tuple[str, ...] = ()
    """The Docker commands that it stands for, where its rules do not tell; for display only."""

    def words(self, left_out: Sequence[str] = ()) -> str:
        """The whole profile in one line; ``left_out`` are the names of what was dropped. For display only."""
        if self.only is not None:
            return f"nothing but {self.arguments}"
        parts = [f"{KIND_NAMES[kind]}: {self.rules[kind].words()}" for kind in ORDER if kind in self.rules]
        if self.arrival is Arrival.BUILD and Kind.IMAGE in self.rules:
            parts.append("images by their build date where nobody knows when they arrived")
        if self.labels != ANY_OBJECT:
            parts.append(f"only with {self.labels.words()}")
        if self.excluded:
            parts.append(f"not {', '.join(self.excluded)}")
        if self.dropped:
            parts.append(f"without {_named(left_out, len(self.dropped))}, left out by who adjusted the plan")
        if self.target:
            parts.append(f"no more than it takes until the disk is {self.target.words()}")
        return "; ".join(parts)

    def commands(self) -> tuple[str, ...]:
        """The Docker commands that the profile stands for; for display only, Deckhand never runs them."""
        if self.target:
            why = "# Docker cannot stop once a disk has room; these would go on, and take all that they find"
            return (why, *replace(self, target=None).commands())
        if self.stands_for:
            return self.stands_for
        built_in = BUILT_IN.get(self.name)
        if built_in is not None and built_in.rules == self.rules and self.name in _WHOLE_SYSTEM:
            return (_WHOLE_SYSTEM[self.name] + self.labels.options(),)
        return tuple(
            _command(kind, self.rules[kind]) + self.labels.options() for kind in ORDER if kind in self.rules
        )


KIND_NAMES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.CONTAINER: "containers",
        Kind.NETWORK: "networks",
        Kind.IMAGE: "images",
        Kind.BUILD_CACHE: "build cache",
        Kind.VOLUME: "volumes",
    }
)

_WHOLE_SYSTEM = {"system": "docker system prune", "everything": "docker system prune -a"}

DANGLING_MIN_AGE = timedelta(hours=1)
"""A running legacy build's intermediate images look dangling: younger ones are left alone (moby#39547)."""

_DANGLING = Rule(scope=Scope.DANGLING)


def _profile(name: str, rules: dict[Kind, Rule]) -> Profile:
    return Profile(name=name, rules=MappingProxyType(rules))


def _stopped(hours: int = 0) -> Rule:
    return Rule(scope=Scope.STOPPED, min_age=timedelta(hours=hours))


def _unused(hours: int = 0) -> Rule:
    return Rule(scope=Scope.UNUSED, min_age=timedelta(hours=hours))


BUILT_IN: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            _profile("dangling", {Kind.IMAGE: _DANGLING}),
            _profile(
                "ci", {Kind.CONTAINER: _stopped(1), Kind.IMAGE: _DANGLING, Kind.BUILD_CACHE: _unused(24)}
            ),
            _profile(
                "routine",
                {Kind.CONTAINER: _stopped(24), Kind.IMAGE: _unused(168), Kind.BUILD_CACHE: _unused(72)},
            ),
            _profile(
                "system",
                {
                    Kind.CONTAINER: _stopped(),
                    Kind.NETWORK: _unused(),
                    Kind.IMAGE: _DANGLING,
                    Kind.BUILD_CACHE: _DANGLING,
                },
            ),
            _profile(
                "everything",
                {
                    Kind.CONTAINER: _stopped(),
                    Kind.NETWORK: _unused(),
                    Kind.IMAGE: _unused(),
                    Kind.BUILD_CACHE: _unused(),
                },
            ),
            _profile("volumes", {Kind.VOLUME: Rule(scope=Scope.ANONYMOUS)}),
        )
    }
)

DEFAULT_PROFILE = "routine"
_NAMES_SHOWN = 5

_DIFFERS = {
    Kind.CONTAINER: "  # Docker counts from the creation, the plan from the end",
    Kind.IMAGE: "  # Docker counts from the build, the plan from the arrival too",
}
"""Where an age of Docker's own command is another one than the plan's."""


def find_profile(name: str, profiles: Mapping[str, Profile] = BUILT_IN) -> Profile:
    """The profile of that name; raises UnknownProfileError, with the nearest names."""
    if name in profiles:
        return profiles[name]
    raise UnknownProfileError(name, list(profiles), get_close_matches(name.lower(), profiles, n=2))


def _named(names: Sequence[str], count: int) -> str:
    """Some by name and how many more; all are counted where no name is known."""
    shown = list(names[:_NAMES_SHOWN])
    rest = count - len(shown)
    if not shown:
        return f"{count:,} object{'' if count == 1 else 's'}"
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")


def _command(kind: Kind, rule: Rule) -> str:
    verb = {
        Kind.CONTAINER: "docker container prune",
        Kind.NETWORK: "docker network prune",
        Kind.IMAGE: "docker image prune",
        Kind.BUILD_CACHE: "docker builder prune",
        Kind.VOLUME: "docker volume prune",
    }[kind]
    every = " -a" if rule.scope is Scope.UNUSED and kind is Kind.IMAGE else ""
    age = f" --filter until={duration_text(rule.min_age)}" if rule.min_age else ""
    return verb + every + age + (_DIFFERS.get(kind, "") if age else "")
