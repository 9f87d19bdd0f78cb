"""Images: removed by id when nothing about them has changed, and kept whole when something has."""

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from tests.services.bench import Bench, item, outcomes
from tests.services.held import look

COPY = ["FROM scratch", "COPY busybox /bin/busybox"]


def made(bench: Bench, name: str, size: int = 10_000) -> str:
    """An image of its own layer, tagged ``name:1``."""
    return bench.engine.build(["FROM scratch", "COPY f /f"], f"{name}:1", files={"f": name.encode() * size})


def test_an_image_that_has_changed_or_come_into_use_is_kept_and_the_record_says_why(bench: Bench) -> None:
    engine = bench.engine
    names = ("moved", "tagged", "retagged", "used", "two", "untouched", "went")
    ids = {name: made(bench, name) for name in names}
    engine.docker("tag", "two:1", "two:2")
    plan = bench.approved()
    assert {each.id for each in plan.draft.items} == set(ids.values())

    newer = made(bench, "moved", size=20_000)
    engine.docker("tag", "tagged:1", "tagged:stable")
    engine.docker("tag", "retagged:1", "aside:1")
    engine.docker("rmi", "retagged:1", "went:1")
    engine.docker("tag", "aside:1", "retagged:1")
    engine.docker("rmi", "aside:1", "two:1")
    engine.created("used:1", "--name", "user", command=("/f",))
    before = look(engine)
    state = bench.run(plan)
    after = look(engine)

    reasons = {name: item(state, ids[name]).reason for name in names}
    # The containerd store counts the name that went as a tag of the older image.
    named = "it has been tagged or pulled again since the plan was made"
    assert reasons["moved"] == (named if engine.containerd_store else "moved:1 no longer names it")
    assert reasons["tagged"] == "it has a new name: tagged:stable"
    assert reasons["retagged"] == "it has been tagged or pulled again since the plan was made"
    assert reasons["used"] == "container user uses it now"
    assert reasons["two"] == "two:1 no longer names it"
    assert outcomes(state) == {
        **{f"{name}:1": Outcome.KEPT for name in ("moved", "tagged", "retagged", "used", "two")},
        "untouched:1": Outcome.REMOVED,
        "went:1": Outcome.GONE,
    }
    assert before.gone(after) == {(Kind.IMAGE, ids["untouched"])}
    assert before.tags.items() - after.tags.items() == {("untouched:1", ids["untouched"])}
    assert after.tags["moved:1"] == newer
    assert state.status is Status.PARTIAL


@pytest.mark.overlay2
def test_an_image_with_many_names_goes_with_all_of_them_and_frees_its_layers_to_the_byte(
    bench: Bench,
) -> None:
    engine = bench.engine
    base = engine.base()
    engine.run(base)
    many = engine.build(
        ["FROM base", "COPY f /f", 'RUN ["/bin/busybox", "mkdir", "/empty"]', "COPY f /g"],
        "many:1",
        files={"f": b"x" * 54_321},
    )
    for name in ("many:2", "other/name:3", "localhost:5000/many:4"):
        engine.docker("tag", many, name)
    plan = bench.approved()
    before = look(engine)
    calls: list[tuple[str, ...]] = []
    bench.execute(engines=bench.watched(lambda call, ids: calls.append((call, *ids))))(plan.id)
    state, after = bench.state(plan), look(engine)

    assert item(state, many).outcome is Outcome.REMOVED
    assert [call for call in calls if call[1] == many] == [("remove_image", many)]
    assert [call[0] for call in calls].count("untag") == 3
    assert after.tags == {"base:latest": base}
    assert after.ids[Kind.IMAGE] == {base}
    delta = before.layers_size - after.layers_size
    assert delta == before.on_disk - after.on_disk == 2 * 54_321
    assert state.reclaimed == delta
    assert (plan.draft.frees.low, plan.draft.frees.high, plan.draft.frees.exact) == (delta, delta, True)
    assert {each.item.id: each.bytes for each in state.items} == {
        each.id: each.bytes for each in plan.draft.items
    }


@pytest.mark.overlay2
def test_layers_that_a_kept_image_shares_are_not_counted_and_not_freed(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    for name, size in (("kept", 1_000), ("gone", 2_345)):
        engine.build(
            ["FROM base", "COPY shared /shared", f"COPY own /{name}"],
            f"{name}:1",
            files={"shared": b"s" * 70_001, "own": b"o" * size},
        )
    engine.created("kept:1")
    plan = bench.approved("everything")
    engine.docker("start", engine.docker("ps", "--all", "--quiet"))
    before = look(engine)
    state = bench.run(plan)
    after = look(engine)
    assert "gone:1" not in after.tags
    assert {"kept:1", "base:latest"} <= after.tags.keys()
    assert state.reclaimed == before.layers_size - after.layers_size == 2_345


@pytest.mark.overlay2
def test_an_image_on_which_another_was_built_since_is_kept_for_the_engines_reason(bench: Bench) -> None:
    engine = bench.engine
    parent = made(bench, "parent")
    plan = bench.approved()
    child = engine.build(["FROM parent:1", "LABEL a=b"], "child:1")
    before = look(engine)
    state = bench.run(plan)
    assert item(state, parent).outcome is Outcome.KEPT
    assert "dependent child images" in item(state, parent).reason
    assert look(engine) == before
    assert before.tags == {"parent:1": parent, "child:1": child}


def test_an_image_that_the_engine_would_refuse_to_delete_loses_none_of_its_names(bench: Bench) -> None:
    engine = bench.engine
    parent = made(bench, "parent")
    engine.docker("tag", "parent:1", "parent:2")
    plan = bench.approved()
    engine.build(["FROM parent:1", "LABEL a=b"], "child:1")
    before = look(engine)
    state = bench.run(plan)
    assert item(state, parent).outcome is Outcome.KEPT
    assert look(engine) == before


def test_a_name_that_moves_while_the_image_is_being_untagged_is_not_touched(bench: Bench) -> None:
    engine = bench.engine
    planned = made(bench, "app")
    for name in ("app:2", "app:3"):
        engine.docker("tag", "app:1", name)
    plan = bench.approved()
    newer = made(bench, "newer")

    def move(call: str, ids: object) -> None:
        if ids == ["app:1"]:
            engine.docker("tag", "newer:1", "app:2")

    bench.execute(engines=bench.watched(move))(plan.id)
    state = bench.state(plan)
    assert item(state, planned).outcome is Outcome.KEPT
    assert item(state, planned).reason == "app:2 names another image now (untagged and tagged again: app:1)"
    assert look(engine).tags == {"app:1": planned, "app:2": newer, "newer:1": newer, "app:3": planned}


def test_an_image_that_comes_into_use_while_it_is_being_untagged_is_kept(bench: Bench) -> None:
    engine = bench.engine
    planned = made(bench, "app")
    engine.docker("tag", "app:1", "app:2")
    plan = bench.approved()

    def use(call: str, ids: object) -> None:
        if call == "remove_image":
            engine.created(planned, command=("/f",))

    bench.execute(engines=bench.watched(use))(plan.id)
    state = bench.state(plan)
    assert item(state, planned).outcome is Outcome.KEPT
    assert "being used by stopped container" in item(state, planned).reason
    assert item(state, planned).reason.endswith(" (untagged and tagged again: app:1)")
    assert look(engine).ids[Kind.IMAGE] == {planned}
    assert look(engine).tags == {"app:1": planned, "app:2": planned}


@pytest.mark.overlay2
def test_of_a_dangling_line_of_images_exactly_the_planned_ones_go(bench: Bench) -> None:
    engine = bench.engine
    top = engine.build([*COPY, "LABEL keep=yes", "COPY busybox /again", "LABEL keep=no"])
    line = [top]
    while parent := engine.docker("image", "inspect", "--format", "{{.Parent}}", line[-1]):
        line.append(parent)
    assert len(line) == 4
    bench.protected = ("keep=yes",)
    plan = bench.approved("dangling")
    assert [each.id for each in plan.draft.items] == [top]
    before = look(engine)
    state = bench.run(plan)
    after = look(engine)
    assert after.ids[Kind.IMAGE] == before.ids[Kind.IMAGE] - {top}
    assert state.reclaimed == before.layers_size - after.layers_size == 0

    bench.protected = ()
    rest = bench.approved("dangling")
    assert [each.id for each in rest.draft.items] == line[1:]
    state = bench.run(rest)
    assert set(outcomes(state).values()) == {Outcome.REMOVED}
    assert look(engine).ids[Kind.IMAGE] == frozenset()
    assert state.reclaimed == before.layers_size == rest.draft.frees.low
