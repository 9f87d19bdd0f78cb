"""How long planning takes: on a large host, and on one with ten times its objects.

`tests/run --long tests/bench -s` prints the figures.
"""

import cProfile
import pstats
import time

import pytest

from bot.core.docker.inventory import Inventory
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import find_profile
from bot.core.plan.protection import Protection
from tests.bench.hosts import host

IMAGES = 10_000
ROUNDS = 3


def planned(inventory: Inventory) -> Draft:
    return draft(Measured.of(inventory), find_profile("everything"), Protection())


def seconds(inventory: Inventory) -> float:
    """Processor time of one plan from scratch: the shortest of several, since other programs only add to it."""

    def once() -> float:
        began = time.process_time()
        planned(inventory)
        return time.process_time() - began

    return min(once() for _ in range(ROUNDS))


def calls(inventory: Inventory) -> int:
    """How many function calls one plan takes: the same on every machine."""
    with cProfile.Profile() as profile:
        planned(inventory)
    total: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined] # typeshed leaves it out
    return total


@pytest.mark.long
def test_ten_times_the_objects_take_at_most_twelve_times_the_work() -> None:
    """The work is asserted; the time grows a little faster, since what does not fit a processor's cache is slow."""
    large, huge = (host(images=n, records=2 * n, containers=n // 2) for n in (IMAGES, 10 * IMAGES))
    took, took_huge = seconds(large), seconds(huge)
    work, work_huge = calls(large), calls(huge)
    print(  # noqa: T201 - what the measurement is for
        f"\n{IMAGES:,} images of 20 layers, {2 * IMAGES:,} cache records, {IMAGES // 2:,} containers: {took:.2f} s; "
        f"ten times as many: {took_huge:.2f} s, {took_huge / took:.1f} times the time and "
        f"{work_huge / work:.1f} times the calls"
    )
    assert work_huge / work <= 12
