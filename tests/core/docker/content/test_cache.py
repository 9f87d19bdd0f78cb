"""Which layers of images the build cache holds: sizes matched along the records' parents."""

import pytest

from bot.core.docker.content.cache import Holds, match_cache
from bot.core.docker.content.layers import measure
from bot.core.docker.inventory import CacheRecord, Image
from tests.core.things import image, record

BASE = ("base", 100)
APP = image("app", BASE, ("lib", 40), ("code", 2))
OTHER = image("other", ("else", 70), ("more", 40), ("code", 3))
IMAGES = (APP, OTHER)


def held(*records: CacheRecord, images: tuple[Image, ...] = IMAGES) -> dict[str, frozenset[str]]:
    return dict(match_cache(records, images, measure(images)).by_record)


def shared(name: str, size: int, *parents: str, **more: object) -> CacheRecord:
    return record(name, size, parents=parents, shared=True, **more)


def chains(*places: tuple[Image, int]) -> frozenset[str]:
    return frozenset(of.chain_ids[depth - 1] for of, depth in places)


def test_records_are_matched_by_their_sizes_and_those_of_their_parents() -> None:
    found = held(shared("r1", 100), shared("r2", 40, "r1"), shared("r3", 2, "r2"))
    assert found == {"r1": chains((APP, 1)), "r2": chains((APP, 2)), "r3": chains((APP, 3))}


def test_a_size_that_no_image_has_at_that_depth_matches_nothing() -> None:
    assert held(shared("r1", 40)) == {}
    assert held(shared("r1", 100), shared("r2", 41, "r1")) == {"r1": chains((APP, 1))}


def test_a_path_that_is_longer_than_every_image_matches_nothing() -> None:
    path = [shared("r1", 100), shared("r2", 40, "r1"), shared("r3", 2, "r2"), shared("r4", 0, "r3")]
    assert "r4" not in held(*path)


def test_a_record_of_size_0_may_be_any_layer_of_its_depth() -> None:
    assert held(shared("from", 0)) == {"from": chains((APP, 1), (OTHER, 1))}
    assert held(shared("f1", 0), shared("f2", 0, "f1")) == {
        "f1": chains((APP, 1), (OTHER, 1)),
        "f2": chains((APP, 2), (OTHER, 2)),
    }


@pytest.mark.parametrize(("size", "image_of"), [(2, APP), (3, OTHER)])
def test_a_child_narrows_all_records_of_size_0_below_it(size: int, image_of: Image) -> None:
    found = held(shared("f1", 0), shared("f2", 0, "f1"), shared("top", size, "f2"))
    assert found == {
        "f1": chains((image_of, 1)), "f2": chains((image_of, 2)), "top": chains((image_of, 3)),
    }  # fmt: skip


def test_a_child_that_may_be_of_both_images_narrows_nothing() -> None:
    found = held(shared("from", 0), shared("top", 40, "from"))
    assert found == {"from": chains((APP, 1), (OTHER, 1)), "top": chains((APP, 2), (OTHER, 2))}


@pytest.mark.parametrize("size", [0, 100])
def test_a_record_that_is_not_shared_holds_no_layer_of_an_image(size: int) -> None:
    """Measured on 20.10: the records of a removed base say size 0, and are shared no longer."""
    assert held(record("left", size)) == {}


def test_only_regular_records_on_a_single_line_of_known_parents_are_matched() -> None:
    assert held(shared("r", 100, type="frontend")) == {}
    assert held(shared("r", 40, "not-listed")) == {}
    merged = shared("merged", 40, "r1", "r2")
    assert set(held(shared("r1", 100), shared("r2", 70), merged)) == {"r1", "r2"}


def test_records_that_are_their_own_ancestors_match_nothing() -> None:
    assert held(shared("a", 100, "b"), shared("b", 100, "a")) == {}


def test_images_whose_layers_cannot_be_read_are_left_out() -> None:
    unread = image("unread", ("u", 100), history=None, size=None)
    assert held(shared("r", 100), images=(unread,)) == {}


def test_certain_and_possible_tell_one_candidate_from_several() -> None:
    holds = Holds({"one": frozenset({"a"}), "two": frozenset({"b", "c"})})
    assert holds.certain(["one", "two", "none"]) == {"a"}
    assert holds.possible(["one", "two", "none"]) == {"a", "b", "c"}
    assert holds.certain([]) == holds.possible([]) == holds.of("none") == frozenset()
