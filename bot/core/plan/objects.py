"""Objects by name: what a person means, and why each profile takes it or keeps it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import (
    Inventory,
    Kind,
    full_reference,
)
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, Pick, nearest
from bot.core.plan.plan import Draft, Item
from bot.core.plan.profiles import Profile, Rule, Scope

SHORTEST_ID = 6
"""Characters of an id that name an object; fewer are more likely a name that is mistyped."""
ALIKE = 0.75
"""From 0 to 1: what is less like the name that was written was hardly meant by it."""
_CANDIDATES_SHOWN = 5
_COMMANDS = {
    Kind.CONTAINER: "docker rm",
    Kind.IMAGE: "docker rmi",
    Kind.NETWORK: "docker network rm",
    Kind.VOLUME: "docker volume rm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One object that a name means."""

    kind: Kind
    id: str
    name: str
    references: tuple[str, ...] = ()


def things(inventory: Inventory) -> Iterable[Found]:
    """All objects of an engine, in the order of removal."""
    for container in inventory.containers:
        yield Found(kind=Kind.CONTAINER, id=container.id, name=container.name)
    for network in inventory.networks:
        yield Found(kind=Kind.NETWORK, id=network.id, name=network.name)
    for image in inventory.images:
        yield Found(kind=Kind.IMAGE, id=image.id, name=image.name, references=image.references)
    for record in inventory.cache:
        yield Found(kind=Kind.BUILD_CACHE, id=record.id, name=record.id)
    for volume in inventory.volumes:
        yield Found(kind=Kind.VOLUME, id=volume.name, name=volume.name)


def find(inventory: Inventory, name: str, kind: Kind | None = None) -> tuple[Found, ...]:
    """The objects that a name, a reference or the beginning of an id means; the exact names first.

    Names of several kinds may be equal. UsageError when nothing is meant.
    """
    among = [thing for thing in things(inventory) if kind in {None, thing.kind}]
    exact = [thing for thing in among if name in {thing.name, thing.id} or _is_reference(thing, name)]
    found = exact or [thing for thing in among if _begins(thing.id, name)]
    if not found:
        what = f"{kind.replace('_', ' ')} " if kind else ""
        names = {known for thing in among for known in (thing.name, *thing.references) if "@" not in known}
        near = nearest(name, sorted(names), ALIKE)
        hint = f" Did you mean {near}?" if near else ""
        raise UsageError(
            f"There is no {what}“{name}” on this host; write its name, tag or id.{hint}",
            wrong=name,
            right=near,
        )
    return tuple(found)


def _is_reference(thing: Found, name: str) -> bool:
    return thing.kind is Kind.IMAGE and full_reference(name) in thing.references


def _begins(object_id: str, start: str) -> bool:
    bare = start.removeprefix("sha256:")
    return len(bare) >= SHORTEST_ID and object_id.removeprefix("sha256:").startswith(bare)


# --- single objects as a plan -------------------------------------------------------------------


def picked(inventory: Inventory, picks: Sequence[Pick]) -> Profile:
    """The profile that takes these objects and no other, with all the checks of any plan but its ages.

    UsageError where a name means nothing, several objects, or one of several names of an image: taking that
    name off would free nothing.
    """
    ids = {_picked(inventory, pick, picks).id for pick in picks}
    return Profile(
        name=PICKED,
        rules=_rules({pick.kind for pick in picks}),
        only=frozenset(ids),
        arrival=Arrival.BUILD,  # whoever names an object does not ask when it arrived
        arguments=" ".join(map(str, picks)),
        stands_for=tuple(f"{_COMMANDS[pick.kind]} {pick.name}" for pick in picks),
    )


def picked_before(items: Iterable[Item]) -> Profile:
    """The profile that takes the objects of a plan of single objects, and no other."""
    items = tuple(items)
    return Profile(
        name=PICKED,
        rules=_rules({item.kind for item in items}),
        only=frozenset(item.id for item in items),
        arrival=Arrival.BUILD,
        arguments="what was picked",
    )


def _rules(kinds: Collection[Kind]) -> Mapping[Kind, Rule]:
    rules = {
        Kind.CONTAINER: Rule(scope=Scope.STOPPED),
        Kind.NETWORK: Rule(scope=Scope.UNUSED),
        Kind.IMAGE: Rule(scope=Scope.UNUSED),
        Kind.VOLUME: Rule(scope=Scope.NAMED),
    }
    return MappingProxyType({kind: rule for kind, rule in rules.items() if kind in kinds})


def _picked(inventory: Inventory, pick: Pick, picks: Sequence[Pick]) -> Found:
    found = find(inventory, pick.name, pick.kind)
    if pick.kind is Kind.VOLUME and found[0].name != pick.name:  # its name is all that a volume has
        raise UsageError(f"There is no volume “{pick.name}” on this host any more.")
    if len(found) > 1:
        names = ", ".join(f"{thing.name} ({thing.id})" for thing in found[:_CANDIDATES_SHOWN])
        raise UsageError(f"“{pick.name}” may be any of {len(found)}: {names}. Write the whole id.")
    thing = found[0]
    if not _is_reference(thing, pick.name):
        return thing
    named = {full_reference(other.name) for other in picks}
    others = [tag for tag in thing.references if "@" not in tag and tag not in named]
    if others:
        raise UsageError(
            f"{pick.name} is also tagged {', '.join(others)}: taking one name off frees nothing. To remove the "
            f"image with all its names, write image={thing.id}."
        )
    return thing


# --- why ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one profile does with an object, and the rule that decided."""

    profile: str
    takes: bool
    rule: str
    due: datetime | None = None
    """When the profile's age rule would let it go, if nothing else changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why each profile takes an object or keeps it."""

    thing: Found
    reasons: tuple[Reason, ...]


def explain(thing: Found, drafts: Iterable[Draft]) -> Explanation:
    """Read each draft's verdict over the object."""
    return Explanation(thing=thing, reasons=tuple(_reason(thing, draft) for draft in drafts))


def _reason(thing: Found, draft: Draft) -> Reason:
    for item in draft.items:
        if (item.kind, item.id) == (thing.kind, thing.id):
            return Reason(profile=draft.profile, takes=True, rule=item.rule)
    for kept in draft.kept:
        if (kept.kind, kept.id) == (thing.kind, thing.id):
            return Reason(profile=draft.profile, takes=False, rule=kept.rule, due=kept.due)
    raise ValueError(f"{thing.kind} {thing.id} is not of this draft's inventory")
