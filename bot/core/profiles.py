"""Profiles: what a cleanup may take, as data. The built-in ones, in order of aggression."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from types import MappingProxyType

from bot.core.errors import UnknownProfileError
from bot.core.inventory import ORDER, Kind
from bot.core.units import duration_text, duration_words


class Scope(StrEnum):
    """Which objects of a kind a rule may take, before age and protection are looked at."""

    STOPPED = "stopped"  # containers: created, exited or dead
    UNUSED = "unused"  # no container refers to it; for build cache: every record not in use
    DANGLING = "dangling"  # images without a tag; cache records that `builder prune` takes without -a
    ANONYMOUS = "anonymous"  # volumes that the engine itself named


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which objects of one kind are eligible, and how old they must be at least."""

    scope: Scope
    min_age: timedelta = timedelta()

    def words(self) -> str:
        """The rule as a person reads it: ``unused for 7 days``."""
        age = f", at least {duration_words(self.min_age)} old" if self.min_age else ""
        return f"{self.scope}{age}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A named set of rules, one per kind that it touches."""

    name: str
    rules: Mapping[Kind, Rule]

    def words(self) -> str:
        """The whole profile in one line; for display only."""
        return "; ".join(
            f"{KIND_NAMES[kind]}: {self.rules[kind].words()}" for kind in ORDER if kind in self.rules
        )

    def commands(self) -> tuple[str, ...]:
        """The Docker commands that the profile stands for; for display only, Deckhand never runs them."""
        return _WHOLE_SYSTEM.get(self.name) or tuple(
            _command(kind, self.rules[kind]) for kind in ORDER if kind in self.rules
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

_WHOLE_SYSTEM = {"system": ("docker system prune",), "everything": ("docker system prune -a",)}

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


def find_profile(name: str) -> Profile:
    """The profile of that name; raises UnknownProfileError, with the nearest names first."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    nearest = get_close_matches(name, BUILT_IN, n=2)
    raise UnknownProfileError(name, nearest + [known for known in BUILT_IN if known not in nearest])


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
    return verb + every + age
