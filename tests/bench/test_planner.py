"""How long planning takes: on a large host, and on ones ten times smaller and larger.

`tests/run --long tests/bench -s` prints the figures.
"""

import time

import pytest

from bot.core.inventory import Inventory
from bot.core.planner import draft
from bot.core.prediction import Measured
from bot.core.profiles import find_profile
from bot.core.protection import Protection
from tests.bench.hosts import host

ROUNDS = 5


def seconds(inventory: Inventory) -> float:
    """Processor time of one plan from scratch: the shortest of several, since other programs only add to it."""

    def once() -> float:
        began = time.process_time()
        draft(Measured.of(inventory), find_profile("everything"), Protection())
        return time.process_time() - began

    return min(once() for _ in range(ROUNDS))


@pytest.mark.long
def test_ten_times_the_objects_take_at_most_twelve_times_the_time() -> None:
    small, large = (host(images=n, records=2 * n, containers=n // 2) for n in (1_000, 10_000))
    took = {len(one.images): seconds(one) for one in (small, large)}
    ratio = took[10_000] / took[1_000]
    print(f"\n1,000 images: {took[1_000]:.3f} s; 10,000 images: {took[10_000]:.3f} s; ratio {ratio:.1f}")  # noqa: T201 - what the measurement is for
    assert ratio <= 12
