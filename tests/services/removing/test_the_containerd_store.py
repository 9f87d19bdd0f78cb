"""The containerd store: to the byte, and by its own manners with names."""

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome
from bot.core.plan.plan import Plan
from tests.services.bench import Bench, item
from tests.support.machines.engine import BUSYBOX
from tests.support.machines.registry import private_registry
from tests.universes import truth

pytestmark = pytest.mark.containerd

EXACT = "exact: counted blob by blob and layer by layer, shared ones once"


def made(bench: Bench, name: str, size: int = 10_000, *, buildkit: bool = True) -> str:
    """An image of its own layer."""
    files = {"f": name.encode() * size}
    return bench.engine.build(["FROM scratch", "COPY f /f"], name, files=files, buildkit=buildkit)


def promised_and_kept(bench: Bench, plan: Plan) -> None:
    """It said exactly what went and was reported."""
    before = truth.things(bench.engine)
    state = bench.run(plan)
    freed = truth.freed(before, truth.things(bench.engine))
    assert (plan.draft.frees.exact, plan.draft.frees.why) == (True, EXACT)
    assert plan.draft.frees.high == freed == state.reclaimed > 0


@pytest.mark.parametrize("kinds", [(), (Kind.IMAGE,), (Kind.BUILD_CACHE,)], ids=["all", "images", "cache"])
def test_what_is_promised_leaves_the_disk_and_is_reported(bench: Bench, kinds: tuple[Kind, ...]) -> None:
    engine = bench.engine
    engine.base()
    made(bench, "app:1")
    made(bench, "legacy:1", buildkit=False)
    engine.build(["FROM base:latest", "COPY f /f"], "on:1", files={"f": b"on" * 7_000}, buildkit=True)
    bench.engine.docker("builder", "prune", "--force", "--filter", "id=none")  # what builds hold for minutes
    promised_and_kept(bench, bench.approved("everything", *kinds))


def test_layers_of_one_size_whose_image_has_gone_are_counted_each(bench: Bench) -> None:
    engine = bench.engine
    files = {f"f{number}": str(number).encode() * 10_000 for number in range(8)}
    engine.build(
        ["FROM scratch", *(f"COPY {name} /f" for name in files)], "app:1", files=files, buildkit=True
    )
    engine.docker("rmi", "app:1")
    promised_and_kept(bench, bench.approved("everything", Kind.BUILD_CACHE))


def test_a_step_that_fills_a_folder_is_counted_once_though_its_folder_takes_more_room_in_one_place(
    bench: Bench,
) -> None:
    install = f'RUN ["{BUSYBOX}", "--install", "/bin"]'
    for name in ("one:1", "two:1"):
        lines = ["FROM scratch", "COPY busybox /bin/busybox", install, "COPY f /f"]
        bench.engine.build(lines, name, files={"f": name.encode()}, buildkit=True, options=["--no-cache"])
    promised_and_kept(bench, bench.approved("everything"))


def test_what_is_linked_into_an_image_that_stays_goes_with_all_that_it_joins(bench: Bench) -> None:
    lines = ["FROM scratch", "COPY f /f", "COPY --link g /g"]
    bench.engine.build(lines, "app:1", files={"f": b"f" * 9_000, "g": b"g" * 5_000}, buildkit=True)
    bench.engine.created("app:1", command=("/f",))
    promised_and_kept(bench, bench.approved("everything", Kind.BUILD_CACHE))


def test_what_a_record_shares_with_an_image_that_was_to_go_and_stays_is_reported_as_freed_by_nobody(
    bench: Bench,
) -> None:
    made(bench, "app:1")
    plan = bench.approved("everything")
    bench.engine.docker("tag", "app:1", "kept:1")
    before = truth.things(bench.engine)
    state = bench.run(plan)
    assert state.reclaimed == truth.freed(before, truth.things(bench.engine)) > 0
    stayed = {each.item.name for each in state.items if each.outcome is Outcome.KEPT}
    assert stayed == {"app:1", "[1/1] COPY f /f"}


def test_nothing_goes_whose_name_was_not_in_the_plan(bench: Bench) -> None:
    engine = bench.engine
    with private_registry() as registry:
        pulled, other = f"{registry.address}/app:1", f"{registry.address}/app:2"
        made(bench, pulled)
        made(bench, other)
        for name in (pulled, other):
            engine.docker("push", name)
            engine.docker("rmi", name)
            engine.docker("pull", name)
        engine.docker("tag", pulled, "also:1")
        plan = bench.approved("everything", Kind.IMAGE)
        engine.docker("tag", other, "kept:1")  # it gets another name before its turn
        state = bench.run(plan)
        names = set(engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split())
    assert names == {other, "kept:1"}
    ends = {each.item.name: each.outcome for each in state.items}
    assert sorted(ends.values()) == [Outcome.KEPT, Outcome.REMOVED]
    stayed = next(each for each in state.items if each.outcome is Outcome.KEPT)
    assert item(state, stayed.item.id).reason == "it has a new name: kept:1"
