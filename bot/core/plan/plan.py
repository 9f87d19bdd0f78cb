"""The plan: a value that lists exactly what would be removed, and why everything else is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.docker.inventory import EngineInfo, Kind
from bot.core.docker.usage import DiskUsage
from bot.core.plan.target.target import Reach
from bot.core.units import duration_words, human_size

CAREFUL = "Careful: "
"""How a note begins of what an approver could come to regret; all others only say what a plan is like."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A Slack user (or the shell); ``name`` is for display only and steers nothing."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object that the plan removes, pinned by id.

    ``bytes`` is what its removal frees when the items run in their order: layers that several items share
    are counted at the last of them, so the items add up to the plan's upper figure. One thing is in that
    figure alone: what a container whose image is gone may hold of it, which nobody reports when it goes.
    """

    kind: Kind
    id: str
    name: str
    references: tuple[str, ...] = ()
    bytes: int = 0
    rule: str
    created_at: datetime | None = None
    """Pins a volume, whose name alone could be that of a newer one."""
    shared: bool = False
    """A build cache record that was a layer of a planned image when the plan was made."""
    measured: bool = True
    """Of a volume: whether the engine told its size, by which it is noticed at the run that it was written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One object that stays, with the rule that decided."""

    kind: Kind
    id: str
    name: str
    rule: str
    because: str
    """The rule's short name, under which kept objects are counted."""
    due: datetime | None = None
    """When the rule would no longer keep it, if nothing else changes; None when time changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frees:
    """What a plan frees, in bytes: exact when ``low`` equals ``high`` and nothing is estimated."""

    low: int
    high: int
    exact: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unarrived:
    """Images that are left out since nobody knows when they arrived; their build date alone would let them go.

    For display, and to offer the plan that includes them.
    """

    count: int
    bytes: int
    """What the plan would free more with them."""
    older_than: timedelta
    """How old they have to be."""
    due: datetime | None
    """When Deckhand will have watched the last of them for so long; None: nobody can say."""

    def words(self) -> str:
        """``14 images, 9.1GB: built over 7 days ago, and nobody knows when they arrived; they count as old from …``."""
        many = self.count > 1
        text = (
            f"{self.count} image{'s' if many else ''}, {human_size(self.bytes)}: built over "
            f"{duration_words(self.older_than)} ago, and nobody knows when {'they' if many else 'it'} arrived"
        )
        if self.due is None:
            return text
        when = f"{self.due.day} {self.due:%B}" + (
            f" {self.due:%H:%M} UTC" if self.older_than < _A_DAY else ""
        )
        return f"{text}; {'they count' if many else 'it counts'} as old from {when} on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the planner decides: a plan that nobody has asked for yet."""

    profile: str
    engine: EngineInfo
    taken_at: datetime
    """The engine's clock when the inventory was taken: what changed later is kept."""
    items: tuple[Item, ...]
    kept: tuple[Kept, ...]
    frees: Frees
    layers: Mapping[str, int] = field(default_factory=dict)
    """Sizes of the layers that the plan frees, by chain id, to read the engine's answers with."""
    notes: tuple[str, ...] = ()
    """What else a person should know before approving, some of it behind ``CAREFUL``; for display only."""
    unarrived: Unarrived | None = None
    reach: Reach | None = None
    """How far it gets, of a plan to a target; for display only."""
    words: str = ""
    """The profile in one line; for display only."""
    commands: tuple[str, ...] = ()
    """The Docker commands that it stands for; for display only."""
    arguments: str = ""
    """How the profile was narrowed; for display, and to ask for the same again."""
    rules: str = ""
    """Names the profile and the protection that it was made by: others are asked again before an object goes."""

    @property
    def request(self) -> str:
        """What to write behind a host to ask for the same again."""
        return f"{self.profile} {self.arguments}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A draft that a person asked for; it never changes."""

    id: str
    host: str
    draft: Draft
    requester: Person
    policy: str
    """The name of the policy in force when it was proposed; rights are read afresh at each click."""
    profile_words: str
    commands: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    usage: DiskUsage
    """``system df`` when the plan was made."""
