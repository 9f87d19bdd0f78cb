"""What a cleanup set free for the next one: volumes that no container refers to any more, in the closing report."""

from dataclasses import replace

import pytest

from bot.core.docker.usage import VOLUMES, DiskUsage, UsageRow
from bot.slack.plan.message import plan_message
from tests.slack.place import shown
from tests.slack.states import STATES

GB = 10**9


def volumes(total: int, active: int, reclaimable: int, *, known: bool = True) -> DiskUsage:
    row = UsageRow(
        type=VOLUMES, total=total, active=active, size=9 * GB, reclaimable=reclaimable, known=known
    )
    return DiskUsage(rows=(row,))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (volumes(5, 5, 0), volumes(5, 2, 4 * GB), "now free: 4GB in 3 volumes"),
        (
            volumes(5, 4, GB),
            volumes(5, 3, 3_456_000_000),
            "now free: 2.46GB in 1 volume",
        ),  # one was free before
        (volumes(5, 2, 4 * GB), volumes(5, 2, 4 * GB), ""),
        (volumes(5, 2, 4 * GB), volumes(2, 2, 0), ""),  # they went with it
        (volumes(5, 5, 0), volumes(5, 2, 4 * GB, known=False), ""),
        (volumes(5, 5, 0), DiskUsage(rows=()), ""),
    ],
)
def test_volumes_that_came_free_are_counted_and_those_that_were_free_before_are_not(
    before: DiskUsage, after: DiskUsage, said: str
) -> None:
    told = shown(plan_message(replace(STATES["done"], usage_before=before, usage_after=after)))  # type: ignore[arg-type] # both have text and blocks
    assert (said or "now free") in told if said else "now free" not in told
