"""What plans free on overlay2 where images were forced away, records are alike, or what goes has changed since."""

from dataclasses import replace

import pytest

from bot.core.docker.content.orphans import lost
from bot.core.docker.inventory import CacheRecord, Container, Image, Inventory
from tests.core.things import NOW, ago, container, image, inventory, planned, record

BASE, APP = ("base", 100), ("app", 40)
EXACT = "exact: counted layer by layer, shared layers once"
CHANGED = "a lower bound: the engine measured some mounts and sources of builds once, and builds have used them since"


def stored(name: str, *layers: tuple[str, int], **more: object) -> Image:
    """An image whose layers lie in folders of their contents' names."""
    return image(name, *layers, tags=(f"{name}:1",), folders=tuple(content for content, _ in layers), **more)


def forced(name: str, *layers: tuple[str, int], state: str = "exited", size_rw: int = 3) -> Container:
    """A container from under which the image of these layers was removed."""
    return container(
        name, image("gone"), state, size_rw=size_rw, size_root_fs=size_rw + sum(size for _, size in layers),
        folders=tuple(content for content, _ in layers),
    )  # fmt: skip


def shared(name: str, size: int, **more: object) -> CacheRecord:
    return record(name, size, shared=True, **more)


def kept(name: str, size: int, **more: object) -> CacheRecord:
    return shared(name, size, **{"last_used_at": NOW, **more})


def figures(profile: str, *things: object) -> tuple[int, int, bool]:
    frees = planned(profile, inventory(*things)).frees  # type: ignore[arg-type] # things of any kind
    assert frees.exact is (frees.low == frees.high)
    return frees.low, frees.high, frees.exact


def test_a_container_whose_image_is_gone_frees_what_only_it_holds() -> None:
    base = stored("base", BASE)
    assert figures("system", forced("c", BASE, APP)) == (143, 143, True)
    assert figures("everything", base, forced("c", BASE, APP)) == (143, 143, True)
    web = container("web", base, "running")
    assert figures("everything", base, web, forced("c", BASE, APP)) == (43, 43, True)
    assert figures("system", forced("c", BASE, APP), forced("d", BASE, APP, size_rw=5)) == (148, 148, True)


def test_a_kept_container_whose_image_is_gone_holds_what_it_stands_on_and_nothing_else() -> None:
    base, other = stored("base", BASE), stored("other", BASE, ("more", 7))
    lost = forced("c", BASE, APP, state="running")
    assert figures("everything", base, other, lost) == (7, 7, True)
    cached = shared("r", 100)
    plan = planned("everything", inventory(base, lost, cached))
    assert (plan.frees.low, plan.frees.high) == (0, 0)


def test_a_record_that_may_be_what_such_a_container_stands_on_is_not_sure_to_free_anything() -> None:
    lost = forced("c", ("gone", 50), state="running")
    plan = planned("everything", inventory(lost, record("r", 50)))
    assert (plan.frees.low, plan.frees.high) == (0, 50)
    assert "a container's image is gone" in plan.frees.why
    assert figures("everything", lost, record("too large", 51)) == (51, 51, True)


def test_a_kept_record_that_may_be_a_layer_that_another_record_frees_makes_a_range() -> None:
    one, two = image("one", ("l1", 60), tags=("one:1",)), image("two", ("l2", 60), tags=("two:1",))
    plan = planned("routine", inventory(one, two, kept("either", 60)))
    assert (plan.frees.low, plan.frees.high) == (60, 120)
    three = image("three", ("l3", 60), ("l4", 5), tags=("three:1",))
    line = (shared("low", 60), shared("high", 5, parents=("low",)))
    low, high, exact = figures("routine", one, three, *line, kept("either", 60))
    assert (low, high, exact) == (65, 125, False)


def test_records_of_one_size_are_told_apart_by_the_second_they_were_made_in() -> None:
    one = image("one", ("l1", 60), tags=("one:1",), history_at=(ago(days=2),))
    two = image("two", ("l2", 60), tags=("two:1",), history_at=(ago(days=1),))
    record_of_one = kept("r", 60, created_at=ago(days=2, microseconds=-200_000))
    plan = planned("routine", inventory(one, two, record_of_one))
    assert (plan.frees.low, plan.frees.high, plan.frees.why) == (60, 60, EXACT)
    assert {item.id: item.bytes for item in plan.items} == {one.id: 0, two.id: 60}


def test_a_base_is_told_by_what_was_built_on_it_in_that_second() -> None:
    one = image("one", ("b1", 9), ("l1", 60), tags=("one:1",), history_at=(ago(days=9), ago(days=2)))
    two = image("two", ("b2", 8), ("l2", 60), tags=("two:1",), history_at=(ago(days=9), ago(days=1)))
    line = (kept("from", 0), kept("r", 60, parents=("from",), created_at=ago(days=2)))
    assert figures("routine", one, two, *line) == (68, 68, True)


@pytest.mark.parametrize("kind", ["exec.cachemount", "source.local", "source.git.checkout"])
def test_what_builds_have_written_to_since_it_was_measured_is_a_lower_bound(kind: str) -> None:
    own = record("own", 10)
    once = record("mount", 5_000, type=kind, used=1)
    assert figures("everything", own, once) == (5_010, 5_010, True)
    frees = planned("everything", inventory(own, record("mount", 5_000, type=kind, used=2))).frees
    assert (frees.low, frees.high, frees.exact, frees.why) == (10, 5_010, False, CHANGED)


def test_a_loaded_image_that_holds_one_layer_twice_may_leave_its_layers_behind() -> None:
    twice = image("twice", ("l1", 60), ("l1", 60), tags=("twice:1",), repeats=True)
    frees = planned("everything", inventory(twice)).frees
    assert (frees.low, frees.high) == (0, 120)
    assert frees.why.startswith("a range: a loaded image holds one layer twice")
    built = image("twice", ("l1", 60), ("l1", 60), tags=("twice:1",), repeats=True, tagged_at=ago(days=60))
    assert figures("everything", built) == (120, 120, True)


def test_loaded_images_that_share_layers_may_leave_those_behind() -> None:
    one = image("one", ("base", 60), ("a", 1), tags=("one:1",))
    two = image("two", ("base", 60), ("b", 2), tags=("two:1",))
    frees = planned("everything", inventory(one, two)).frees
    assert (frees.low, frees.high, frees.exact) == (3, 63, False)
    assert frees.why.startswith("a range: loaded images share layers")
    for other in (
        replace(two, tagged_at=ago(days=60)), replace(two, digests=("two@sha256:1",)), replace(two, tags=()),
        replace(two, chain_ids=("c1", "c2")),
    ):  # fmt: skip
        assert planned("everything", inventory(one, other)).frees.exact
    seen = inventory(one, two)
    old = replace(seen, engine=replace(seen.engine, api_version="1.41"))
    assert planned("everything", old).frees.exact


def test_an_image_without_a_history_names_the_layer_that_its_bytes_are_read_off() -> None:
    whole = image("whole", ("w1", 0), ("w2", 0), history=None, size=30, tags=("whole:1",))
    plan = planned("everything", inventory(whole))
    assert sum(plan.layers[chain] for chain in whole.chain_ids) == 30


def test_what_stands_on_images_that_are_gone_is_looked_for_once_however_many_records_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[Inventory] = []

    def looking(seen: Inventory) -> tuple[Container, ...]:
        looked.append(seen)
        return lost(seen)

    monkeypatch.setattr("bot.core.plan.layered.lost", looking)
    orphan = container("db", image("gone"), "exited", size_rw=3, size_root_fs=9)
    figures("everything", orphan, *(record(f"r{number}", number) for number in range(50)))
    assert len(looked) == 1
