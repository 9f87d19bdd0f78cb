"""The rows of ``docker system df``, by the formulas of Docker's own CLI."""

import pytest

from bot.core.docker.inventory import CacheRecord, Container, Image, Volume
from bot.core.docker.usage import (
    DiskUsage,
    UsageRow,
    build_cache_row,
    containers_row,
    images_row,
    volumes_row,
)
from tests.core.things import container, image, record

SOME = image("some")


def figures(row: UsageRow) -> tuple[str, int, int, int, int]:
    return row.type, row.total, row.active, row.size, row.reclaimable


def sized(size: int | None, shared: int | None, containers: int | None) -> Image:
    return image("i", size=size, shared_size=shared, containers=containers)


@pytest.mark.parametrize(
    ("images", "active", "reclaimable"),
    [
        ([], 0, 1000),
        ([sized(300, 100, 0)], 0, 1000),
        ([sized(300, 100, 2)], 1, 800),
        ([sized(300, 100, None)], 0, 800),
        ([sized(300, 0, 1), sized(50, 50, 1), sized(70, 0, 0)], 2, 700),
        ([sized(None, 0, 1), sized(300, None, 1)], 2, 1000),
        ([sized(1200, 0, 1)], 1, -200),
    ],
)
def test_images_are_reclaimable_but_for_the_unique_bytes_of_used_ones(
    images: list[Image], active: int, reclaimable: int
) -> None:
    assert figures(images_row(1000, images)) == ("Images", len(images), active, 1000, reclaimable)


def in_state(state: str, size_rw: int | None) -> Container:
    return container("c", SOME, state, size_rw=size_rw)


def test_containers_that_run_pause_or_restart_are_active_and_the_others_reclaimable() -> None:
    active = [in_state("running", 1), in_state("paused", 2), in_state("restarting", 4)]
    others = [in_state(state, 10) for state in ("created", "exited", "dead", "removing")]
    row = containers_row([*active, *others, in_state("exited", None), in_state("running", None)])
    assert figures(row) == ("Containers", 9, 4, 47, 40)


def counted(size: int | None, ref_count: int | None) -> Volume:
    return Volume(name="v", driver="local", size=size, ref_count=ref_count)


def test_volumes_of_unknown_size_are_counted_and_add_no_bytes() -> None:
    row = volumes_row([counted(5, 0), counted(7, 2), counted(None, 0), counted(None, 1), counted(9, None)])
    assert figures(row) == ("Local Volumes", 5, 2, 21, 5)


def cached(size: int | None, *, shared: bool = False, in_use: bool = False) -> CacheRecord:
    return record("r", size, shared=shared, in_use=in_use)


def test_shared_build_cache_adds_no_bytes_and_what_is_in_use_is_not_reclaimable() -> None:
    records = [cached(1), cached(2, in_use=True), cached(4, shared=True), cached(8, shared=True, in_use=True)]
    row = build_cache_row([*records, cached(None)])
    assert figures(row) == ("Build Cache", 5, 2, 3, 1)


def test_empty_rows_are_zero() -> None:
    rows = (images_row(0, ()), containers_row(()), volumes_row(()), build_cache_row(()))
    assert [figures(row)[1:] for row in rows] == [(0, 0, 0, 0)] * 4
    assert DiskUsage(rows=rows).size == 0


@pytest.mark.parametrize(
    ("of", "size", "reclaimable", "text"),
    [
        ("Images", 1000, 1000, "1kB (100%)"),
        ("Images", 1000, 999, "999B (99%)"),
        ("Images", 1000, 0, "0B (0%)"),
        ("Images", 1000, -5, "-5B (0%)"),
        ("Images", 1000, -15, "-15B (-1%)"),
        ("Containers", 3, 1, "1B (33%)"),
        ("Local Volumes", 0, 0, "0B"),
        ("Local Volumes", 200, 250, "250B (125%)"),
        ("Build Cache", 1000, 1000, "1kB"),
    ],
)
def test_reclaimable_has_a_percentage_cut_off_towards_zero_as_in_go(
    of: str, size: int, reclaimable: int, text: str
) -> None:
    row = UsageRow(type=of, total=1, active=0, size=size, reclaimable=reclaimable)
    assert row.reclaimable_text == text


def test_the_size_of_the_whole_is_that_of_its_rows() -> None:
    rows = (images_row(1000, ()), containers_row([in_state("exited", 5)]), build_cache_row([cached(2)]))
    assert DiskUsage(rows=rows).size == 1007
