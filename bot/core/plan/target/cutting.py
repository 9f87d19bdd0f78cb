"""Plans to a target: of what a profile takes no more than the disk needs, counted byte by byte as every plan is.

Layers that several objects share go with the last of them, so bytes do not add up: a length of the line is planned as
a whole, and the shortest that is enough is the plan.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bot.core.docker.inventory import Kind
from bot.core.docker.usage import DiskSpace, DiskUsage, Survey
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft, listed
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.protection import Protection
from bot.core.plan.target.line import Place, in_line, key, useful_of
from bot.core.plan.target.target import Reach, Target
from bot.core.plan.target.telling import Cut, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What is to hold of a disk, and what is known of that disk and of the profiles."""

    target: Target
    disk: DiskSpace
    usage: DiskUsage
    """For display only."""
    levels: Sequence[Profile]
    """Profiles in order of aggression: an object is as aggressive to take as the first of them that takes it."""


def drafted(
    survey: Survey, measured: Measured, profile: Profile, protection: Protection, known: Mapping[str, Profile]
) -> Draft:
    """What a profile takes of an engine, as far as its target needs it where it has one.

    ``known`` are all profiles; the built-in ones as they count there, in their order, say how aggressive a removal is.
    """
    if profile.target is None:
        return draft(measured, profile, protection)
    if survey.disk is None:
        raise ValueError(
            "nobody can plan towards a target on a disk that nobody sees: check_reach comes first"
        )
    levels = [one for name, one in known.items() if name in BUILT_IN and Kind.VOLUME not in one.rules]
    goal = Goal(target=profile.target, disk=survey.disk, usage=survey.usage, levels=levels)
    return draft_to(measured, profile, protection, goal)


def draft_to(measured: Measured, profile: Profile, protection: Protection, goal: Goal) -> Draft:
    """Of what the profile would remove no more than the target needs; all that frees anything where it is beyond."""
    whole = draft(measured, profile, protection)

    def of(places: Sequence[Place]) -> Draft:
        ids = frozenset(place.item.id for place in places)
        return listed(measured, replace(profile, within=ids), protection)

    line = in_line(measured, profile, whole, partial(_drafts, measured, goal.levels, protection, whole))
    nothing = Reach(target=goal.target, disk=goal.disk, frees=0)
    count = _shortest(line, of, nothing.wanted)
    made = of(line[:count])
    useful = useful_of(measured, made)
    fewer = of([place for place in line[:count] if key(place.item) in useful])
    if fewer.frees.low >= made.frees.low:
        made = fewer
    last = of(line[: count - 1]).frees.low if count else 0
    reach = replace(nothing, frees=made.frees.low)
    return told(Cut(whole=whole, made=made, line=line, reach=reach, without_last=last), goal.usage)


def _drafts(
    measured: Measured, levels: Sequence[Profile], protection: Protection, whole: Draft
) -> Sequence[Draft]:
    """The plans of these profiles, as many as it takes to know the first that takes each object of a plan."""
    left = {key(item) for item in whole.items}
    found: list[Draft] = []
    for each in levels:
        if not left:
            break
        found.append(listed(measured, each, protection))
        left -= {key(item) for item in found[-1].items}
    return found


def _shortest(line: Sequence[Place], of: Callable[[Sequence[Place]], Draft], wanted: int) -> int:
    """How many of the line are enough, where one fewer is not; all of it where even that is not enough."""
    too_few, enough = 0, len(line)
    if not wanted:
        return 0
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if of(line[:middle]).frees.low >= wanted:
            enough = middle
        else:
            too_few = middle
    return enough
