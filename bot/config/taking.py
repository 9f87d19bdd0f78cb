"""The tables of ``deckhand.toml`` that say what cleanups take and what they never do."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field, field_validator

from bot.config.types import Duration, Table, Texts
from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import Kind
from bot.core.plan.profiles import SCOPES, Scope
from bot.core.plan.protection import NOTHING_MORE, Protection


class ProtectTable(Table):
    """The fields of Protection, by their names."""

    images: Texts = ()
    """Patterns of references or repositories that no cleanup takes: `postgres`, `*:stable`."""
    names: Texts = ()
    """Patterns of names of containers, networks and volumes."""
    labels: Texts = ()
    """Labels of objects: `keep`, `env=production`."""
    keep_last: Annotated[int, Field(ge=0)] = 0
    """How many of the newest versions of each repository stay."""
    keep_ran: Annotated[int, Field(ge=0)] = 0
    """How many of the last images stay that a container's name, a Compose or Swarm service ran."""
    unused_for: Duration = timedelta()
    """How long Deckhand must not have seen an image in use."""
    dangling_min_age: Duration = Protection().dangling_min_age
    """How old a dangling image must be: those of a running build look dangling."""

    def value(self) -> Protection:
        return Protection(**dict(self))


class PolicyProtectTable(ProtectTable):
    """What is protected beside ``[protect]``; it can only add."""

    dangling_min_age: Duration = NOTHING_MORE.dangling_min_age
    """How old a dangling image must be, where that is older than `[protect]` says."""


class RuleTable(Table):
    """One kind of object in a profile."""

    kind: ClassVar[Kind]
    take: Annotated[Scope, Field(strict=False)]
    """Which objects: of containers `stopped`, of networks `unused`, of images and build cache
    `dangling` or `unused`, of volumes `anonymous`."""
    min_age: Duration = timedelta()
    """How old they must be at least."""

    @field_validator("take")
    @classmethod
    def _means_something(cls, take: Scope) -> Scope:
        scopes = sorted(SCOPES[cls.kind])
        if take not in scopes:
            key = next(key for key, table in RULES.items() if table is cls)
            raise ValueError(f"means nothing for {key}; write {' or '.join(scopes)}")
        return take


class ContainersTable(RuleTable):
    kind = Kind.CONTAINER


class NetworksTable(RuleTable):
    kind = Kind.NETWORK


class ImagesTable(RuleTable):
    kind = Kind.IMAGE
    keep_last: Annotated[int, Field(ge=0)] = 0
    """How many of the newest versions of each repository stay."""


class BuildCacheTable(RuleTable):
    kind = Kind.BUILD_CACHE


class VolumesTable(RuleTable):
    kind = Kind.VOLUME


RULES: Mapping[str, type[RuleTable]] = MappingProxyType(
    {
        "containers": ContainersTable,
        "networks": NetworksTable,
        "images": ImagesTable,
        "build_cache": BuildCacheTable,
        "volumes": VolumesTable,
    }
)
"""The keys of a profile that hold a rule."""


class ProfileTable(Table):
    """A profile of one's own, or in the place of a built-in one."""

    containers: ContainersTable | None = None
    """The rule for containers: `{ take = "stopped", min_age = "12h" }`. Unset here and below: none of that kind."""
    networks: NetworksTable | None = None
    """The rule for networks."""
    images: ImagesTable | None = None
    """The rule for images; it may have `keep_last`."""
    build_cache: BuildCacheTable | None = None
    """The rule for build cache."""
    volumes: VolumesTable | None = None
    """The rule for volumes; they are in no profile but their own."""
    labels: Texts = ()
    """Only what carries all of these labels."""
    without_labels: Texts = ()
    """And none of these."""
    exclude: Texts = ()
    """Nothing whose name, tag or repository matches one of these patterns."""
    arrival: Annotated[Arrival, Field(strict=False)] = Arrival.SEEN
    """`seen`, or `build`: images of unknown arrival are as old as their build says."""

    def rules(self) -> Mapping[str, RuleTable | None]:
        """The rules that are written, by their keys; None for one that could not be read."""
        return {key: getattr(self, key) for key in RULES if key in self.model_fields_set}
