"""What holds of every plan to a target, on whole hosts made at random: exact, narrower, and no longer than it needs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Inventory, Kind
from bot.core.docker.usage import DiskSpace, DiskUsage
from bot.core.plan.arguments import narrowed
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft, listed
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN, Profile
from bot.core.plan.reasons import TARGET_MET, WOULD_FREE_NOTHING
from bot.core.plan.target.cutting import Goal, draft_to
from bot.core.plan.target.target import Target
from tests.core.plan import test_planner_properties as of_every_plan
from tests.core.plan.test_planner_properties import PROPERTIES, STORES, Case, in_any_order
from tests.core.whole_hosts import protections, requests, whole_hosts

DISK = DiskSpace(size=10_000, free=100)
LEVELS = tuple(one for one in BUILT_IN.values() if Kind.VOLUME not in one.rules)


@dataclass(frozen=True)
class Cut(Case):
    """A plan that is to free so much."""

    wanted: int

    @property
    def profile(self) -> Profile:
        return narrowed(*self.asked)

    @cached_property
    def whole(self) -> Draft:
        return draft(Measured.of(self.host.seen), self.profile, self.protection)

    def plan_of(self, seen: Inventory) -> Draft:
        target = Target(free=DISK.free + self.wanted)
        goal = Goal(target=target, disk=DISK, usage=DiskUsage(rows=()), levels=LEVELS)
        return draft_to(Measured.of(seen), self.profile, self.protection, goal)

    def only(self, ids: set[str]) -> Draft:
        """What the profile takes of these objects alone."""
        profile = replace(self.profile, within=frozenset(ids))
        return listed(Measured.of(self.host.seen), profile, self.protection)


def it_takes_nothing_that_the_profile_does_not_take(cut: Cut) -> None:
    assert cut.gone <= {item.id for item in cut.whole.items}
    assert not cut.volumes


def it_is_as_exact_as_the_plan_of_just_these_objects(cut: Cut) -> None:
    alone = cut.only(cut.gone)
    assert {item.id: item.bytes for item in cut.plan.items} == {item.id: item.bytes for item in alone.items}
    assert (cut.plan.frees, cut.plan.layers) == (alone.frees, alone.layers)


def it_gets_there_or_as_far_as_the_whole_profile(cut: Cut) -> None:
    reach = cut.plan.reach
    assert reach is not None
    assert (reach.wanted, reach.frees) == (cut.wanted, cut.plan.frees.low)
    assert cut.plan.frees.low >= min(cut.wanted, cut.whole.frees.low)
    assert bool(reach.lacking) is (cut.plan.frees.low < cut.wanted)


def without_the_last_in_line_it_is_not_there(cut: Cut) -> None:
    last = max(cut.plan.items, key=in_line, default=None)
    if last is None:
        assert cut.wanted == 0 or cut.whole.frees.low == 0
    else:
        assert cut.only(cut.gone - {last.id}).frees.low < cut.wanted


def what_stays_of_the_profile_says_that_it_is_not_needed(cut: Cut) -> None:
    whole = {item.id for item in cut.whole.items}
    reasons = Counter(one.because for one in cut.plan.kept if one.id in whole)
    assert reasons.keys() <= {TARGET_MET, WOULD_FREE_NOTHING}
    assert [one for one in cut.plan.kept if one.id not in whole] == [
        one for one in cut.whole.kept if one.id not in cut.gone
    ]


def in_line(item: object) -> int:
    """An object's number in line, as its reason tells it."""
    words = str(getattr(item, "rule", "")).rpartition("; ")[2].split()
    return int(words[0].rstrip("stndrh").replace(",", ""))


HOLD: tuple[Callable[[Cut], None], ...] = (
    it_takes_nothing_that_the_profile_does_not_take,
    it_is_as_exact_as_the_plan_of_just_these_objects,
    it_gets_there_or_as_far_as_the_whole_profile,
    without_the_last_in_line_it_is_not_there,
    what_stays_of_the_profile_says_that_it_is_not_needed,
)
OF_EVERY_PLAN = tuple(
    holds
    for holds in PROPERTIES
    if holds is not of_every_plan.a_second_plan_finds_only_cache_that_images_of_the_first_shared
)
asked = requests().filter(lambda each: Kind.VOLUME not in each[0].rules)
cuts = st.builds(
    Cut, whole_hosts(STORES), asked, protections(), st.sampled_from((0, 1, 2, 3, 5, 8, 13, 21, 60))
)


@given(cuts)
def test_what_holds_of_every_plan_to_a_target(cut: Cut) -> None:
    for holds in HOLD:
        holds(cut)


@given(cuts)
def test_a_plan_to_a_target_is_as_safe_as_every_plan(cut: Cut) -> None:
    for holds in OF_EVERY_PLAN:
        holds(cut)


@given(cuts, st.randoms(use_true_random=False))
def test_a_plan_to_a_target_does_not_depend_on_the_order_of_any_list(cut: Cut, chance: Random) -> None:
    seen = cut.host.seen
    shuffled = replace(
        seen,
        images=in_any_order(seen.images, chance),
        containers=in_any_order(seen.containers, chance),
        networks=in_any_order(seen.networks, chance),
        cache=in_any_order(seen.cache, chance),
    )
    assert cut.plan_of(shuffled) == cut.plan
