"""What holds of every plan, on whole hosts made at random: nothing goes that is used, protected or young."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.docker.ages import Arrival
from bot.core.docker.inventory import (
    CONTAINERD_STORE,
    ORDER,
    CacheRecord,
    Container,
    Image,
    Inventory,
    Kind,
    Network,
    Volume,
    repository,
)
from bot.core.plan.arguments import Arguments, narrowed
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import Profile, Rule, Scope
from bot.core.plan.protection import Protection
from bot.core.plan.reasons import ARRIVAL_UNKNOWN
from tests.core.things import NOW
from tests.core.whole_hosts import WholeHost, protections, requests, whole_hosts

MANY = 3_000
STORES = ("overlay2", "overlay2", CONTAINERD_STORE)


@dataclass(frozen=True)
class Case:
    """One host, what was asked of it, and the plan; what goes and what stays is worked out from the ids."""

    host: WholeHost
    asked: tuple[Profile, Arguments]
    protection: Protection

    def plan_of(self, seen: Inventory) -> Draft:
        return draft(Measured.of(seen), narrowed(*self.asked), self.protection)

    @cached_property
    def plan(self) -> Draft:
        return self.plan_of(self.host.seen)

    @cached_property
    def gone(self) -> set[str]:
        """Ids; those of different kinds are never equal here."""
        return {item.id for item in self.plan.items}

    @property
    def rules(self) -> dict[Kind, Rule]:
        return dict(narrowed(*self.asked).rules)

    @property
    def containers(self) -> list[Container]:
        return [one for one in self.host.seen.containers if one.id in self.gone]

    @property
    def networks(self) -> list[Network]:
        return [one for one in self.host.seen.networks if one.id in self.gone]

    @property
    def images(self) -> list[Image]:
        return [one for one in self.host.seen.images if one.id in self.gone]

    @property
    def records(self) -> list[CacheRecord]:
        return [one for one in self.host.seen.cache if one.id in self.gone]

    @property
    def volumes(self) -> list[Volume]:
        return [one for one in self.host.seen.volumes if one.name in self.gone]

    @property
    def left(self) -> list[Container]:
        return [one for one in self.host.seen.containers if one.id not in self.gone]


def nothing_goes_that_is_in_use(case: Case) -> None:
    assert all(one.state in {"created", "exited", "dead"} for one in case.containers)
    assert not any(one.in_use for one in case.records)
    named = {reference for one in case.left for reference in one.networks}
    for network in case.networks:
        assert network.in_use is False
        assert not {network.id, network.name} & named
    mounted = {name for one in case.host.seen.containers for name in one.volumes}
    paths = [f"{path}/" for one in case.host.seen.containers for path in one.binds]
    for volume in case.volumes:
        assert volume.ref_count == 0
        assert volume.name not in mounted
        assert not any(f"/volumes/{volume.name}/" in path for path in paths)
    for image in case.images:
        assert image.id not in {one.image_id for one in case.left}
        if case.plan.engine.store == CONTAINERD_STORE:
            assert not set(image.references) & {one.image for one in case.left}


def nothing_goes_that_no_rule_is_about(case: Case) -> None:
    assert {item.kind for item in case.plan.items} <= case.rules.keys()
    assert not [one for one in case.networks if one.name == "bridge" or one.scope != "local"]
    assert all("com.docker.volume.anonymous" in one.labels and not one.options for one in case.volumes)
    if case.rules and case.rules.get(Kind.IMAGE, Rule(scope=Scope.UNUSED)).scope is Scope.DANGLING:
        assert not [one for one in case.images if one.references]
    if case.rules.get(Kind.BUILD_CACHE, Rule(scope=Scope.UNUSED)).scope is Scope.DANGLING:
        assert not [one for one in case.records if one.shared or one.type in {"frontend", "internal"}]


def nothing_goes_that_is_protected_or_left_out(case: Case) -> None:
    named: list[Container | Network | Volume] = [*case.containers, *case.networks, *case.volumes]
    asked = narrowed(*case.asked).labels
    assert not (case.records and asked.wanted)
    for thing in (*named, *case.images):
        carried = {*thing.labels, *(f"{key}={value}" for key, value in thing.labels.items())}
        assert not carried & {*case.protection.labels, *asked.refused}
        assert carried >= set(asked.wanted)
    excluded = narrowed(*case.asked).excluded
    for each in named:
        assert not any(fnmatchcase(each.name, pattern) for pattern in (*case.protection.names, *excluded))
    for image in case.images:
        names = {*image.references, *map(repository, image.references)}
        patterns = (*case.protection.images, *excluded)
        assert not any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def newness(image: Image) -> datetime:
    """Images of unknown age count as the newest."""
    return max(dates_of(image, Arrival.SEEN), default=NOW + timedelta(days=1))


def the_newest_versions_of_each_repository_stay(case: Case) -> None:
    count = max(case.protection.keep_last, case.rules.get(Kind.IMAGE, Rule(scope=Scope.UNUSED)).keep_last)
    tags = [(repository(tag), newness(one), one.id) for one in case.host.seen.images for tag in one.tags]
    for name, moment, image_id in tags:
        if image_id in case.gone:
            staying = {
                owner
                for other, at, owner in tags
                if other == name and owner not in case.gone and at >= moment
            }
            assert len(staying) >= count


def known(*moments: datetime | None) -> list[datetime]:
    return [moment for moment in moments if moment]


def ages(case: Case) -> Iterable[tuple[Kind, list[datetime], timedelta]]:
    """Of all that goes: the kind, the moments that are known of it, and the age that protection asks."""
    for container in case.containers:
        ended = known(container.ended_at)
        yield Kind.CONTAINER, [*ended, *known(container.created_at)] if ended else [], timedelta()
    for network in case.networks:
        yield Kind.NETWORK, known(network.created_at), timedelta()
    for volume in case.volumes:
        yield Kind.VOLUME, known(volume.created_at), timedelta()
    for image in case.images:
        least = timedelta() if image.references else case.protection.dangling_min_age
        yield Kind.IMAGE, dates_of(image, narrowed(*case.asked).arrival), least
    for record in case.records:
        yield Kind.BUILD_CACHE, known(record.last_used_at, record.created_at), timedelta()


def dates_of(image: Image, arrival: Arrival) -> list[datetime]:
    """All that is known of an image's age; nothing where nobody knows since when the engine has it."""
    built = [at for at in known(image.built_at) if at <= NOW]
    dates = [*built, *known(image.tagged_at, image.arrived_at, image.used_at)]
    if image.tagged_at or image.arrived_at or (arrival is Arrival.BUILD and built):
        return dates
    return [*dates, image.first_seen_at] if image.first_seen_at else []


def nothing_goes_that_is_younger_than_a_rule_asks_or_of_unknown_age(case: Case) -> None:
    building = timedelta(hours=any("What is younger than an hour stays." in note for note in case.plan.notes))
    for kind, moments, least in ages(case):
        asked = max(least, case.rules[kind].min_age, building)
        assert not asked or moments, f"a {kind} of unknown age"
        assert not asked or NOW - max(moments) >= asked
    for image in case.images if case.protection.unused_for else ():
        seen = known(image.first_seen_at, image.used_at)
        assert seen, "nobody knows when it was used"
        assert NOW - max(seen) >= case.protection.unused_for


def every_object_is_taken_or_kept_with_its_reason_and_once(case: Case) -> None:
    seen = case.host.seen
    plain: list[Container | Network | Image | CacheRecord] = [
        *seen.containers,
        *seen.networks,
        *seen.images,
        *seen.cache,
    ]
    everything = Counter([one.id for one in plain] + [one.name for one in seen.volumes])
    items, kept = case.plan.items, case.plan.kept
    assert Counter([item.id for item in items] + [one.id for one in kept]) == everything
    assert all(item.rule for item in items)
    assert all(one.rule and one.because for one in kept)


def images_of_unknown_arrival_are_counted_alike_wherever_a_plan_tells_of_them(case: Case) -> None:
    waiting = [one.id for one in case.plan.kept if one.because == ARRIVAL_UNKNOWN]
    told = case.plan.unarrived
    assert len(waiting) == (told.count if told else 0)
    assert bool(told) is any("arrival=build includes " in note for note in case.plan.notes)


def items_go_in_an_order_in_which_the_engine_lets_each_go(case: Case) -> None:
    place = {item.id: number for number, item in enumerate(case.plan.items)}
    kinds = [ORDER.index(item.kind) for item in case.plan.items]
    assert kinds == sorted(kinds)
    built_on = [(one.id, [one.parent]) for one in case.host.seen.images]
    for child, parents in (*built_on, *((one.id, one.parents) for one in case.host.seen.cache)):
        for parent in parents:
            assert parent not in place or place.get(child, len(place)) < place[parent]


def bytes_add_up(case: Case) -> None:
    frees, total = case.plan.frees, sum(item.bytes for item in case.plan.items)
    assert all(item.bytes >= 0 for item in case.plan.items)
    assert 0 <= frees.low <= total <= frees.high
    assert frees.low == frees.high or not frees.exact
    known = {one.id for one in case.host.seen.images}
    estimated = case.images and case.plan.engine.store == CONTAINERD_STORE
    if not estimated and all(one.image_id in known for one in case.containers):
        assert total == frees.high


def a_second_plan_finds_only_cache_that_images_of_the_first_shared(case: Case) -> None:
    after = case.host.without(case.gone)
    second = case.plan_of(after.seen)
    shared = {one.id for one in case.host.seen.cache if one.shared}
    assert {item.id for item in second.items} <= shared
    third = case.plan_of(after.without({item.id for item in second.items}).seen)
    assert not third.items


PROPERTIES: tuple[Callable[[Case], None], ...] = (
    nothing_goes_that_is_in_use,
    nothing_goes_that_no_rule_is_about,
    nothing_goes_that_is_protected_or_left_out,
    the_newest_versions_of_each_repository_stay,
    nothing_goes_that_is_younger_than_a_rule_asks_or_of_unknown_age,
    every_object_is_taken_or_kept_with_its_reason_and_once,
    images_of_unknown_arrival_are_counted_alike_wherever_a_plan_tells_of_them,
    items_go_in_an_order_in_which_the_engine_lets_each_go,
    bytes_add_up,
    a_second_plan_finds_only_cache_that_images_of_the_first_shared,
)
cases = st.builds(Case, whole_hosts(STORES), requests(), protections())


def all_hold(case: Case) -> None:
    for holds in PROPERTIES:
        holds(case)


@given(cases)
def test_what_holds_of_every_plan(case: Case) -> None:
    all_hold(case)


@pytest.mark.long
@settings(max_examples=MANY)
@given(cases)
def test_what_holds_of_very_many_plans(case: Case) -> None:
    all_hold(case)


T = TypeVar("T")


def in_any_order(things: tuple[T, ...], chance: Random) -> tuple[T, ...]:
    return tuple(chance.sample(things, len(things)))


@given(cases, st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_any_list(case: Case, chance: Random) -> None:
    seen = case.host.seen
    shuffled = replace(
        seen,
        images=in_any_order(seen.images, chance),
        containers=in_any_order(seen.containers, chance),
        networks=in_any_order(seen.networks, chance),
        volumes=in_any_order(seen.volumes, chance),
        cache=in_any_order(seen.cache, chance),
    )
    assert case.plan_of(shuffled) == case.plan


@given(cases)
def test_narrowing_and_protecting_never_add_an_item(case: Case) -> None:
    profile = replace(case.asked[0], arrival=case.asked[1].arrival)
    bare = Protection(dangling_min_age=timedelta())
    whole = draft(Measured.of(case.host.seen), profile, bare)
    protected = draft(Measured.of(case.host.seen), profile, case.protection)
    everything = {item.id for item in whole.items}
    assert case.gone <= {item.id for item in protected.items} <= everything
