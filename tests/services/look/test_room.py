"""Which cleanup is recommended, and where the bytes are that no plan on offer frees."""

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.docker.usage import DiskUsage, build_cache_row, containers_row, images_row, volumes_row
from bot.core.plan.plan import Draft
from bot.services.look.room import Room, Share, recommended, room
from tests.core.things import container, image, inventory, planned, record, volume

USED = image("used", ("u", 400), tags=("used:1",), size=400)
OLD = image("old", ("o", 60), tags=("old:1",), size=60)
NEW = image("new", ("n", 30), tags=("new:1",), size=30, built_at=None)
SEEN = inventory(
    USED, OLD, NEW, container("web", USED, "running", size_rw=5, volumes=("mounted",)),
    record("cache", 20), volume("v1"), volume("v2"), volume("pg", anonymous=False), volume("mounted", ref_count=1),
)  # fmt: skip


def usage(seen: Inventory) -> DiskUsage:
    layers = sum(one.size or 0 for one in seen.images)
    rows = (
        images_row(layers, seen.images), containers_row(seen.containers), volumes_row(seen.volumes),
        build_cache_row(seen.cache),
    )  # fmt: skip
    return DiskUsage(rows=rows)


def offers(*names: str, seen: Inventory = SEEN) -> list[Draft]:
    return [planned(name, seen) for name in names]


def name(draft: Draft | None) -> str:
    return draft.profile if draft else ""


ALL = ("dangling", "ci", "routine", "system", "everything", "volumes")


@pytest.mark.parametrize(
    ("on_offer", "preferred", "chosen"),
    [
        (ALL, None, "routine"),
        (ALL, ("everything", "routine"), "routine"),
        (("ci", "everything", "volumes"), ("everything", "ci"), "everything"),
        (("ci", "system", "everything"), None, "everything"),
        (("ci", "system"), None, "ci"),
        (("volumes",), None, ""),
        (("dangling",), None, ""),
        ((), None, ""),
    ],
)
def test_one_cleanup_is_recommended_and_never_one_that_takes_data(
    on_offer: tuple[str, ...], preferred: tuple[str, ...] | None, chosen: str
) -> None:
    assert name(recommended(offers(*on_offer), preferred)) == chosen


def test_every_byte_that_docker_holds_has_its_place() -> None:
    held = usage(SEEN)
    found = room(SEEN, held, offers("routine", "volumes"), unused=110)
    assert found == Room(
        most=80, most_by="routine", anonymous=Share(count=2, bytes=14), named=Share(count=1, bytes=7), spared=30,
        used=held.size - 80 - 14 - 7 - 30,
    )  # fmt: skip
    assert found.used == 400 + 5 + 7


def test_what_only_a_person_may_pick_is_what_no_container_mounts_and_the_engine_counts_nobody_on() -> None:
    seen = inventory(volume("pg", anonymous=False), volume("odd", anonymous=False, ref_count=None))
    assert room(seen, usage(seen), [], unused=0).named == Share(count=1, bytes=7)


def test_where_no_rule_frees_anything_all_is_in_use_or_spared() -> None:
    seen = inventory(USED, container("web", USED, "running"))
    found = room(seen, usage(seen), offers(*ALL, seen=seen), unused=0)
    assert (found.most, found.most_by, found.spared, found.used) == (0, "", 0, 400)
    assert not [draft for draft in offers(*ALL, seen=seen) if any(i.kind is Kind.IMAGE for i in draft.items)]
