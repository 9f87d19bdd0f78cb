"""How large each layer is: chain ids, the ways to read a history, and what images that share layers settle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.content.layers import MOST_ASSIGNMENTS, Sizes, chain_ids, layer_times, measure, readings
from bot.core.docker.inventory import Image
from tests.core.things import ago, image

# sha256sum of "a", "b" and "c"; then, per the OCI image specification, of "chain diff".
DIFFS = (
    "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
    "sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6",
)
CHAINS = (
    "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
    "sha256:51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676",
    "sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106",
)


def shaped(name: str, layers: str, history: tuple[int, ...] | None, size: int | None) -> Image:
    """An image with one layer per letter; equal beginnings are shared."""
    return image(name, *((letter, 0) for letter in layers), history=history, size=size)


def total(sizes: Sizes, of: Image, depth: int) -> list[int] | None:
    found = sizes.total(of, depth)
    return None if found is None else sorted(found)


def test_chain_ids_are_those_of_the_oci_specification() -> None:
    assert chain_ids(DIFFS) == CHAINS
    assert chain_ids(DIFFS[:1]) == CHAINS[:1]
    assert chain_ids(()) == ()


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_two_chains_agree_exactly_as_far_as_their_layers_do(one: list[str], two: list[str]) -> None:
    pairs = list(zip(one, two, strict=False))
    agree = next((n for n, (left, right) in enumerate(pairs) if left != right), len(pairs))
    shared = set(chain_ids(one)) & set(chain_ids(two))
    assert shared == set(chain_ids(one[:agree]))


@pytest.mark.parametrize(
    ("layers", "history", "size", "expected"),
    [
        ("ab", (5, 7), 12, {(5, 7)}),
        ("ab", (5, 0, 7, 0), 12, {(5, 7)}),
        ("ab", (5, 0), 5, {(5, 0)}),
        ("ab", (0, 5), 5, {(0, 5)}),
        ("ab", (0, 5, 0), 5, {(0, 5), (5, 0)}),
        ("abc", (0, 5, 0), 5, {(0, 5, 0)}),
        ("abc", (5, 0, 0, 7, 0), 12, {(5, 0, 7), (5, 7, 0)}),
        ("a", (5,), None, {(5,)}),
        ("", (0, 0), 0, {()}),
        ("a", (5, 7), 12, None),  # more sizes than layers
        ("abc", (5, 0), 5, None),  # fewer entries than layers
        ("a", (5,), 6, None),  # sizes that do not add up to the image's
        ("a", None, 5, None),
    ],
)  # fmt: skip
def test_a_history_is_read_in_every_possible_way(
    layers: str, history: tuple[int, ...] | None, size: int | None, expected: set[tuple[int, ...]] | None
) -> None:
    found = readings(shaped("x", layers, history, size))
    assert (None if found is None else set(found)) == expected


def test_a_history_with_too_many_readings_stays_unread() -> None:
    most = (0,) * MOST_ASSIGNMENTS
    assert readings(shaped("x", "a", most, 0)) == frozenset({(0,)})
    assert readings(shaped("x", "a", (*most, 0), 0)) is None


@pytest.mark.parametrize(("base_size", "read"), [(0, (0, 5)), (5, (5, 0))])
def test_an_image_that_ends_at_a_shared_layer_settles_an_ambiguous_history(
    base_size: int, read: tuple[int, ...]
) -> None:
    built = shaped("built", "ab", (0, 5, 0), 5)
    sizes = measure([built, shaped("base", "a", None, base_size)])
    assert sizes.by_image == {built.id: read}
    assert (total(sizes, built, 1), total(sizes, built, 2)) == ([base_size], [5])


@pytest.mark.parametrize("turned", [False, True])
def test_two_ambiguous_histories_that_share_layers_settle_each_other(*, turned: bool) -> None:
    one, two = shaped("one", "abx", (0, 5, 7, 0), 12), shaped("two", "aby", (0, 5, 0, 9), 14)
    assert total(measure([one]), one, 1) == total(measure([two]), two, 1) == [0, 5]
    sizes = measure([two, one] if turned else [one, two])
    assert sizes.by_image == {one.id: (0, 5, 7), two.id: (0, 5, 9)}
    assert [total(sizes, one, depth) for depth in (0, 1, 2, 3)] == [[0], [0], [5], [12]]


def test_what_one_image_settles_is_passed_on_through_the_images_between() -> None:
    first = shaped("first", "abx", (0, 5, 7, 0), 12)
    middle = shaped("middle", "abcy", (0, 5, 3, 0), 8)
    last = shaped("last", "abc", None, 8)
    assert measure([first, middle, last]).by_image == {first.id: (0, 5, 7), middle.id: (0, 5, 3, 0)}


def test_histories_that_contradict_each_other_leave_every_image_its_own_reading() -> None:
    base, built = shaped("base", "a", None, 5), shaped("built", "ab", (7, 1), 8)
    sizes = measure([base, built])
    assert sizes.by_image == {built.id: (7, 1)}
    assert (total(sizes, base, 1), total(sizes, built, 2)) == ([5], [8])


def test_layers_of_an_image_without_size_or_history_stay_unknown() -> None:
    unread = shaped("unread", "ab", None, None)
    assert total(measure([unread]), unread, 2) is None
    assert measure([unread, shaped("no-layers", "", (0,), 0)]).exact == {}


LAYERS = st.dictionaries(st.text("ab", min_size=1, max_size=4), st.integers(0, 3), min_size=1)


@given(LAYERS, st.data())
def test_the_true_size_is_always_among_those_that_were_worked_out(
    by_path: dict[str, int], data: st.DataObject
) -> None:
    """Each path is an image, each prefix of it a layer; entries without a layer stand anywhere between."""
    images = []
    for path in by_path:
        true = [by_path.get(path[:n], 0) for n in range(1, len(path) + 1)]
        history = [s for size in true for s in (*data.draw(st.lists(st.just(0), max_size=1)), size)]
        images.append(shaped(path, path, tuple(history), sum(true)))
    sizes = measure(images)
    for built, path in zip(images, by_path, strict=True):
        for depth in range(len(path) + 1):
            totals = sizes.total(built, depth)
            assert totals is not None
            assert sum(by_path.get(path[:n], 0) for n in range(1, depth + 1)) in totals
        assert sum(sizes.by_image[built.id]) == built.size


@pytest.mark.parametrize(
    ("history", "reading", "hours"),
    [
        ((5, 7), (5, 7), (1, 2)),
        ((0, 5, 0, 7, 0), (5, 7), (2, 4)),
        ((5, 0, 0, 7), (5, 0, 0, 7), (1, 2, 3, 4)),
        ((5, 0, 0, 7), (5, 0, 7), (1, None, 4)),
        ((0, 0), (0,), (None,)),
        ((5, 7), (7, 5), (None, None)),
    ],
)
def test_the_time_of_a_layer_is_that_of_its_step_as_far_as_that_is_clear(
    history: tuple[int, ...], reading: tuple[int, ...], hours: tuple[int | None, ...]
) -> None:
    of = image("app", history=history, history_at=tuple(ago(hours=n) for n in range(1, len(history) + 1)))
    assert layer_times(of, reading) == tuple(None if n is None else ago(hours=n) for n in hours)


def test_which_of_several_steps_of_one_time_made_a_layer_does_not_matter() -> None:
    of = image("app", history=(5, 0, 0), history_at=(ago(hours=2), ago(hours=1), ago(hours=1)))
    assert layer_times(of, (5, 0)) == (ago(hours=2), ago(hours=1))
