"""Which layers the records of a FROM hold, of which the engine says 0 bytes."""

from datetime import datetime, timedelta

import pytest

from bot.core.docker.inventory import CacheRecord, Image
from tests.core.docker.content.test_cache import chains, held, shared
from tests.core.things import ago, image

LOCAL = "from local docker.io/library/base:latest"
EARLY, LATE = ago(hours=9), ago(hours=3)


def of(name: str, *layers: tuple[str, int], at: datetime = EARLY) -> Image:
    return image(name, *layers, history_at=tuple(at for _ in layers), built_at=at)


def of_from(
    name: str, *parents: str, description: str = LOCAL, at: datetime = LATE, **more: object
) -> CacheRecord:
    return shared(name, 0, *parents, description=description, created_at=at, **more)


OLD, NEW = of("old", ("a", 100), ("b", 20)), of("new", ("c", 70), ("d", 30), at=LATE + timedelta(hours=1))


def test_a_layer_that_was_made_after_a_record_is_not_the_one_that_it_holds() -> None:
    assert held(of_from("from"), images=(OLD, NEW)) == {"from": chains((OLD, 1))}
    assert held(of_from("from", at=ago(hours=1)), images=(OLD, NEW)) == {"from": chains((OLD, 1), (NEW, 1))}


def test_where_every_layer_is_younger_none_of_the_times_is_believed() -> None:
    assert held(of_from("from", at=ago(days=1)), images=(OLD, NEW)) == {"from": chains((OLD, 1), (NEW, 1))}


def test_of_an_image_that_does_not_tell_its_times_nothing_is_too_young() -> None:
    silent = image("silent", ("c", 70))
    assert held(of_from("from"), images=(OLD, silent)) == {"from": chains((OLD, 1), (silent, 1))}


def test_the_record_of_a_step_and_an_image_of_one_step_tell_more_of_a_second() -> None:
    second = ago(hours=5)
    two = image("two", ("c", 70), history_at=(second,), built_at=ago(hours=4))
    made = shared("made", 70, description="[1/1] COPY f /f", created_at=second + timedelta(milliseconds=700))
    before = of_from("from", at=second + timedelta(milliseconds=300))
    assert held(before, images=(OLD, two))["from"] == chains((OLD, 1), (two, 1))
    assert held(before, made, images=(OLD, two))["from"] == chains((OLD, 1))
    whole = image("two", ("c", 70), history_at=(second,), built_at=second + timedelta(milliseconds=700))
    assert held(before, images=(OLD, whole))["from"] == chains((OLD, 1))


def test_two_records_of_images_that_were_here_hold_different_layers() -> None:
    one, two = of("one", ("a", 100)), of("two", ("c", 70), ("d", 30))
    first, top = of_from("first"), shared("top", 30, "first", description="[2/2] COPY f /f")
    assert held(first, top, of_from("second"), images=(one, two)) == {
        "first": chains((two, 1)), "top": chains((two, 2)), "second": chains((one, 1)),
    }  # fmt: skip


def test_records_that_were_pulled_may_hold_the_same_layer_as_others() -> None:
    one, two = of("one", ("a", 100)), of("two", ("c", 70), ("d", 30))
    first, top = of_from("first"), shared("top", 30, "first", description="[2/2] COPY f /f")
    pulled = of_from("pulled", description="pulled from docker.io/library/base:latest")
    assert held(first, top, pulled, images=(one, two))["pulled"] == chains((one, 1), (two, 1))


def test_what_is_told_of_a_record_is_told_of_those_above_and_below_it() -> None:
    one, two = of("one", ("a", 100), ("b", 20)), of("two", ("c", 70), ("d", 30), at=LATE - timedelta(hours=1))
    low, high = of_from("low", at=LATE - timedelta(hours=2)), of_from("high", "low")
    assert held(low, high, images=(one, two)) == {"low": chains((one, 1)), "high": chains((one, 2))}


@pytest.mark.parametrize("description", ["mount / from exec /bin/true", "[2/2] COPY nothing /"])
def test_a_step_that_changed_nothing_made_a_layer_of_no_bytes(description: str) -> None:
    one, two = of("one", ("a", 100), ("b", 20)), of("two", ("a", 100), ("e", 0))
    low = shared("low", 100, description="[1/2] COPY f /f")
    empty = shared("empty", 0, "low", description=description)
    assert held(low, empty, images=(one, two))["empty"] == chains((two, 2))


def test_of_images_on_one_layer_those_count_too_that_do_not_tell_when_it_was_made() -> None:
    at, later = ago(hours=5), ago(hours=4)
    one = image("one", ("a", 100), ("b", 0), ("c", 7), history=(100, 0, 7), history_at=(EARLY, at, at))
    two = image(
        "two", ("a", 100), ("b", 0), ("d", 0), history=(100, 0, 0, 0), history_at=(EARLY, at, at, later)
    )
    low = shared("low", 100, description="[1/3] COPY f /f", created_at=EARLY)
    empty = shared("empty", 0, "low", description="[2/3] WORKDIR /srv", created_at=at)
    top = shared("top", 0, "empty", description="[3/3] COPY nothing /", created_at=later)
    assert held(low, empty, top, images=(one, two))["top"] == chains((two, 3))
