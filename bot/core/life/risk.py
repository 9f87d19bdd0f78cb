"""Which of a plan's objects an approver should look at: what is lost for good and most likely missed comes first.

For display: it orders what people read, and nothing is decided by it.
"""

from collections.abc import Iterable
from enum import IntEnum

from bot.core.docker.inventory import Kind
from bot.core.life.restoring import digests
from bot.core.plan.going import failed, may_be_wanted
from bot.core.plan.plan import Item


class Risk(IntEnum):
    """How much an approver should look at an object, the most first."""

    DATA = 0  # a volume
    WAY_BACK = 1  # a container or an image that somebody may want to go back to, lost for good
    TRACES = 2  # a container that failed: what it wrote may tell why
    WRITTEN = 3  # any other container
    BUILT_HERE = 4  # an image with a tag that no registry has
    AGAIN = 5  # an image to go back to that can be pulled again
    LITTLE = 6  # what is made again by itself, or was a leftover


def risk_of(item: Item) -> Risk:
    """An object's risk, by its kind and by the words that tell of it."""
    if item.kind is Kind.VOLUME:
        return Risk.DATA
    if item.kind is Kind.CONTAINER:
        wanted = may_be_wanted(item)
        return Risk.WAY_BACK if wanted else Risk.TRACES if failed(item) else Risk.WRITTEN
    if item.kind is not Kind.IMAGE:
        return Risk.LITTLE
    if digests(item):
        return Risk.AGAIN if may_be_wanted(item) else Risk.LITTLE
    if not item.references:
        return Risk.LITTLE
    return Risk.WAY_BACK if may_be_wanted(item) else Risk.BUILT_HERE


def by_risk(items: Iterable[Item]) -> list[Item]:
    """All of them, the riskiest first, of equal ones the largest."""
    return sorted(items, key=lambda item: (risk_of(item), -item.bytes, item.name))


def riskiest(items: Iterable[Item]) -> tuple[Item, ...]:
    """The objects to look at, the riskiest first; none of little risk."""
    return tuple(item for item in by_risk(items) if risk_of(item) is not Risk.LITTLE)
