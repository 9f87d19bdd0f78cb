"""How many bytes a plan frees, whether that is exact, and the sentence that says why where it is not."""

from dataclasses import replace

import pytest

from bot.core.docker.inventory import Container, Image, Inventory, Kind
from bot.core.plan.plan import Frees
from bot.core.plan.prediction import Measured, Taken, predict
from tests.core.things import NOW, ago, container, image, inventory, planned, record, volume

EXACT = "exact: counted layer by layer, shared layers once"
ESTIMATE = "an estimate: the containerd image store does not tell what its layers share"
CACHE = "a range: build cache may hold some of these layers"
NO_IMAGE = "a range: the image of a stopped container is gone, and what it still holds is not reported"
HOLDS_UNKNOWN = "a range: a kept container's image is gone, and which layers it holds is not reported"
HISTORY = "a range: the layer sizes of some images are ambiguous"
LOST_BASE = "a lower bound: build cache keeps layers of a base image that is gone, and says 0 bytes of them"
UNKNOWN = "a lower bound: the engine does not say how large some objects are"

NO_CACHE_KNOWN = f"{CACHE}: which layers its records hold would have to be known"
NO_HISTORY_KNOWN = f"{HISTORY}: which of their steps made layers would have to be known"
ON_WHAT = "what that container stands on would have to be known"

ONE = image("one", ("l1", 60), tags=("one:1",))
TWO = image("two", ("l2", 40), tags=("two:1",))
LOST = image("lost", ("lost", 9))


def stopped(
    name: str, of: Image = LOST, size_rw: int | None = 3, size_root_fs: int | None = 103
) -> Container:
    return container(name, of, size_rw=size_rw, size_root_fs=size_root_fs)


def running(of: Image = LOST) -> Container:
    return container("web", of, "running", size_rw=1, size_root_fs=900)


def young(name: str, size: int = 0) -> object:
    return record(name, size, shared=True, last_used_at=NOW)


def unread(name: str) -> Image:
    return image(name, (name, 0), tags=(f"{name}:1",), size=None, history=None)


UNCLEAR = image("unclear", ("u1", 0), ("u2", 0), tags=("unclear:1",), history=(0, 5, 0), size=5)
BELOW = image("below", ("u1", 0), tags=("below:1",), history=None, size=None, tagged_at=ago(days=60))


@pytest.mark.parametrize(
    ("profile", "things", "expected"),
    [
        ("everything", (), (0, 0, EXACT)),
        ("everything", (ONE, TWO, volume("v")), (100, 100, EXACT)),
        ("volumes", (ONE, volume("v"), volume("w")), (14, 14, EXACT)),
        ("everything", (ONE, stopped("c", ONE)), (63, 63, EXACT)),
        ("everything", (ONE, running(ONE), TWO), (40, 40, EXACT)),
        ("routine", (ONE, TWO, young("from")), (40, 100, CACHE)),
        ("routine", (ONE, TWO, young("r", 60)), (40, 40, EXACT)),
        ("routine", (ONE, young("matches nothing", 77)), (0, 60, NO_CACHE_KNOWN)),
        ("routine", (ONE, record("f", 77, type="frontend", shared=True, last_used_at=NOW)), (60, 60, EXACT)),
        ("routine", (ONE, record("own", 77, last_used_at=NOW)), (60, 60, EXACT)),
        ("everything", (UNCLEAR, BELOW, running(BELOW)), (0, 5, NO_HISTORY_KNOWN)),
        ("everything", (UNCLEAR, BELOW), (5, 5, EXACT)),
        ("system", (stopped("c"),), (3, 103, NO_IMAGE)),
        ("system", (stopped("c", size_root_fs=None),), (3, 3, NO_IMAGE)),
        ("system", (stopped("c", size_rw=None),), (0, 103, f"{NO_IMAGE}: {ON_WHAT}; {UNKNOWN}")),
        ("system", (stopped("c", size_rw=5, size_root_fs=2),), (5, 5, EXACT)),
        ("system", (stopped("c"), stopped("d", size_rw=7, size_root_fs=8)), (10, 111, NO_IMAGE)),
        ("everything", (ONE, running()), (0, 60, f"{HOLDS_UNKNOWN}: {ON_WHAT}")),
        ("everything", (ONE, running(), stopped("c", ONE)), (3, 63, HOLDS_UNKNOWN)),
        ("everything", (ONE, running(), stopped("c")), (3, 163, f"{NO_IMAGE}; {HOLDS_UNKNOWN}")),
        ("system", (ONE, running(), stopped("c", ONE)), (3, 3, EXACT)),
        ("everything", (unread("x"), ONE), (60, 60, f"{UNKNOWN} (x:1)")),
        ("everything", tuple(map(unread, "dcba")), (0, 0, f"{UNKNOWN} (d:1, c:1, b:1)")),
        ("everything", (ONE, stopped("c", ONE, None)), (60, 60, UNKNOWN)),
        ("everything", (ONE, stopped("c", ONE, 0)), (60, 60, EXACT)),
        ("everything", (record("r", 10),), (10, 10, EXACT)),
    ],
)  # fmt: skip
def test_the_figure_and_its_reason(
    profile: str, things: tuple[Image, ...], expected: tuple[int, int, str]
) -> None:
    frees = planned(profile, inventory(*things)).frees
    assert (frees.low, frees.high, frees.why) == expected
    assert frees.exact is (frees.why == EXACT)


def test_volumes_and_records_of_unknown_size_make_a_lower_bound() -> None:
    seen = inventory(record("unknown", None), record("known", 10))
    assert planned("everything", seen).frees == Frees(low=10, high=10, exact=False, why=UNKNOWN)
    seen = inventory(volume("known"), replace(volume("unknown"), size=None))
    assert planned("volumes", seen).frees == Frees(low=7, high=7, exact=False, why=UNKNOWN)


def test_the_containerd_store_gives_unique_to_whole_sizes_as_an_estimate() -> None:
    mine = image("mine", tags=("m:1",), size=100, shared_size=30)
    alone = image("alone", tags=("a:1",), size=50, shared_size=None)
    wrong = image("wrong", tags=("w:1",), size=10, shared_size=40)
    unsized = image("unsized", tags=("u:1",), size=None, shared_size=5)
    frees = planned("everything", inventory(mine, alone, wrong, unsized, store="containerd")).frees
    assert frees == Frees(low=70, high=160, exact=False, why=ESTIMATE)


def test_a_plan_that_takes_no_image_is_no_estimate_on_the_containerd_store() -> None:
    frees = planned("system", inventory(ONE, stopped("c", ONE), store="containerd")).frees
    assert frees == Frees(low=3, high=3, exact=True, why=EXACT)


RAN = "mount / from exec /bin/true"


@pytest.mark.parametrize(
    ("things", "why"),
    [
        ((record("from", 0),), LOST_BASE),
        ((record("from", 0), record("code", 5, parents=("from",))), LOST_BASE),
        ((record("a", 0, in_use=True), record("b", 0, parents=("a",))), LOST_BASE),
        ((record("a", 0, parents=("b",)), record("b", 0, parents=("a",))), LOST_BASE),
        ((record("on what is not there", 0, parents=("gone",)),), LOST_BASE),
        ((record("code", 5), record("nothing more", 0, parents=("code",))), EXACT),
        ((record("code", 5), record("a", 0, parents=("code",)), record("b", 0, parents=("a",))), EXACT),
        ((record("ran", 0, description=RAN),), EXACT),
        ((record("a", 0, in_use=True), record("ran", 0, parents=("a",), description=RAN)), EXACT),
        ((record("from", 0, in_use=True),), EXACT),
        ((record("context", 0, type="source.local"),), EXACT),
        ((ONE, record("from", 0, shared=True)), EXACT),
    ],
)  # fmt: skip
def test_cache_of_a_base_that_is_gone_makes_a_lower_bound(things: tuple[Image, ...], why: str) -> None:
    plan = planned("everything", inventory(*things))
    assert (plan.frees.why, plan.frees.exact) == (why, why == EXACT)
    assert plan.frees.low == plan.frees.high == sum(item.bytes for item in plan.items)


# --- build cache that holds layers of images ----------------------------------------------------


def cache_bytes(seen: Inventory) -> dict[str, int]:
    plan = planned("everything", seen)
    return {item.id: item.bytes for item in plan.items if item.kind is Kind.BUILD_CACHE}


def test_layers_that_taken_records_hold_count_once_and_at_the_records() -> None:
    app = image("app", ("base", 100), ("code", 2), tags=("app:1",))
    base = record("from", 0, shared=True)
    code = record("code", 2, shared=True, parents=("from",))
    plan = planned("everything", inventory(app, base, code))
    assert {item.id: item.bytes for item in plan.items} == {app.id: 0, "code": 2, "from": 100}
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (102, 102, True)


def test_two_records_of_one_layer_count_it_once() -> None:
    assert cache_bytes(inventory(ONE, record("a", 60, shared=True), record("b", 60, shared=True))) == {
        "a": 60,
        "b": 0,
    }


def test_a_record_frees_nothing_while_a_kept_record_holds_the_same_layer() -> None:
    kept = record("kept", 60, shared=True, in_use=True)
    seen = inventory(ONE, record("gone", 60, shared=True), kept)
    assert cache_bytes(seen) == {"gone": 0}
    assert planned("everything", seen).frees.high == 0


@pytest.mark.parametrize("turned", [False, True])
def test_a_record_frees_nothing_while_any_image_that_stays_has_its_layer(*, turned: bool) -> None:
    more = image("more", ("l1", 60), ("more", 1), tags=("more:1",))
    images = (more, ONE) if turned else (ONE, more)
    held = record("held", 60, shared=True)
    measured = Measured.of(inventory(*images, held))
    frees, sizes, _ = predict(measured, Taken((), (ONE,), (held,), ()))
    assert (frees.high, sizes[Kind.BUILD_CACHE]["held"]) == (0, 0)
    frees, sizes, _ = predict(measured, Taken((), (more, ONE), (held,), ()))
    assert (frees.high, sizes[Kind.BUILD_CACHE]["held"]) == (61, 60)


def test_a_layer_of_an_image_that_cannot_be_read_is_counted_by_the_image_that_can() -> None:
    unclear = image("unclear", ("l1", 0), ("x", 0), tags=("u:1",), size=None, history=None)
    assert cache_bytes(inventory(unclear, ONE, record("held", 60, shared=True))) == {"held": 60}


def test_a_record_that_may_be_several_layers_counts_nothing_and_its_layers_count_at_the_images() -> None:
    plan = planned("everything", inventory(ONE, TWO, record("from", 0, shared=True)))
    assert {item.id: item.bytes for item in plan.items} == {ONE.id: 60, TWO.id: 40, "from": 0}
    assert (plan.frees.low, plan.frees.high, plan.frees.exact) == (100, 100, True)


def test_a_kept_record_keeps_the_layers_below_the_one_it_holds() -> None:
    app = image("app", ("base", 100), ("code", 2), ("top", 1), tags=("app:1",))
    base = record("from", 0, shared=True, last_used_at=NOW)
    code = record("code", 2, shared=True, parents=("from",), last_used_at=NOW)
    plan = planned("routine", inventory(app, base, code))
    assert [(item.id, item.bytes) for item in plan.items] == [(app.id, 1)]
    assert plan.frees == Frees(low=1, high=1, exact=True, why=EXACT)
    assert plan.layers == {app.chain_ids[2]: 1}


def test_layers_of_images_that_go_are_listed_for_reading_the_engines_answers() -> None:
    kept = image("kept", ("l1", 60), tags=("kept:1",))
    more = image("more", ("l1", 60), ("m", 5), ("n", 6), tags=("more:1",))
    plan = planned("everything", inventory(kept, more, running(kept)))
    assert plan.layers == {more.chain_ids[1]: 5, more.chain_ids[2]: 6}
