"""Containers: what ran since the plan was made is kept, and what is gone is called gone."""

from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from tests.services.bench import Bench, item, outcomes
from tests.services.held import look


def test_containers_that_ran_since_the_plan_are_kept_with_their_image_and_the_rest_goes(
    bench: Bench,
) -> None:
    engine = bench.engine
    base = engine.base()
    made = {
        name: engine.created(base, "--name", name, command=("/bin/busybox", "sleep", time))
        for name, time in (("started", "1000000"), ("ran", "0"), ("removed", "0"), ("created", "0"))
    }
    made["exited"] = engine.stopped(base, "--name", "exited")
    plan = bench.approved()
    assert {each.id for each in plan.draft.items} == {*made.values(), base}

    engine.docker("start", "started", "ran")
    engine.docker("wait", "ran")
    engine.docker("rm", "removed")
    before = look(engine)
    state = bench.run(plan)

    assert outcomes(state, Kind.CONTAINER) == {
        "started": Outcome.KEPT,
        "ran": Outcome.KEPT,
        "removed": Outcome.GONE,
        "created": Outcome.REMOVED,
        "exited": Outcome.REMOVED,
    }
    assert item(state, made["started"]).reason == "it is running now"
    assert item(state, made["ran"]).reason == "it has run since the plan was made"
    assert "not confirmed by us" in item(state, made["removed"]).reason
    assert item(state, base).outcome is Outcome.KEPT
    assert item(state, base).reason == "container ran uses it now"
    assert before.gone(look(engine)) == {
        (Kind.CONTAINER, made["created"]),
        (Kind.CONTAINER, made["exited"]),
    }
    assert state.status is Status.PARTIAL


def test_a_paused_or_restarted_container_is_kept(bench: Bench) -> None:
    engine = bench.engine
    base = engine.base()
    sleeping = ("/bin/busybox", "sleep", "1000000")
    for name in ("paused", "again"):
        engine.created(base, "--name", name, command=sleeping)
    plan = bench.approved()
    engine.docker("start", "paused", "again")
    engine.docker("pause", "paused")
    engine.docker("restart", "--time", "0", "again")
    state = bench.run(plan)
    assert [each.reason for each in state.items] == [
        "it is running now", "it is paused now", "container again uses it now",
    ]  # fmt: skip
    engine.docker("unpause", "paused")


@pytest.mark.overlay2
def test_what_a_container_wrote_is_freed_to_the_byte_and_its_volumes_stay(bench: Bench) -> None:
    engine = bench.engine
    base = engine.base()
    volume = engine.volume()
    wrote = engine.stopped(
        base, "--name", "wrote", "--volume", f"{volume}:/data", "--volume", "/anonymous",
        command=("/bin/busybox", "dd", "if=/dev/zero", "of=/file", "bs=1000", "count=321"),
    )  # fmt: skip
    plan = bench.approved()
    before = look(engine)
    assert len(before.ids[Kind.VOLUME]) == 2
    state = bench.run(plan)
    after = look(engine)
    assert item(state, wrote).bytes == 321_000
    assert after.ids[Kind.VOLUME] == before.ids[Kind.VOLUME]
    assert state.reclaimed == plan.draft.frees.low == plan.draft.frees.high
    assert state.reclaimed == 321_000 + before.layers_size
    assert after.layers_size == 0
    assert state.status is Status.DONE


def test_a_container_that_was_replaced_under_the_same_name_is_not_touched(bench: Bench) -> None:
    engine = bench.engine
    planned = engine.created(engine.base(), "--name", "web")
    plan = bench.approved("system")
    engine.docker("rm", "web")
    newer = engine.created("base", "--name", "web")
    state = bench.run(plan)
    assert item(state, planned).outcome is Outcome.GONE
    assert look(engine).ids[Kind.CONTAINER] == {newer}


def test_a_stopped_container_that_was_renamed_or_written_to_since_the_plan_is_kept(
    bench: Bench, tmp_path: Path
) -> None:
    engine = bench.engine
    base = engine.base()
    made = {name: engine.stopped(base, "--name", name) for name in ("renamed", "written", "same")}
    plan = bench.approved("everything", Kind.CONTAINER)
    engine.docker("rename", "renamed", "precious")
    (tmp_path / "file").write_text("precious")
    engine.docker("cp", str(tmp_path / "file"), "written:/file")
    state = bench.run(plan)
    now, then = ("16,384", "4,096") if engine.containerd_store else ("8", "0")
    assert {each.item.name: each.reason for each in state.with_outcome(Outcome.KEPT)} == {
        "renamed": "it was renamed to precious since the plan was made",
        "written": "it was written to since the plan was made: "
        f"it holds {now} bytes now, and held {then} then",
    }
    assert item(state, made["same"]).outcome is Outcome.REMOVED
