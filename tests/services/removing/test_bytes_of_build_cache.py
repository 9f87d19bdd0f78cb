"""Build cache: what it holds of images that go, of images that stay, and of base images that have gone."""

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome
from tests.services.bench import Bench
from tests.services.held import look
from tests.services.truth import check_exact, cleaned
from tests.support.machines.engine import BUSYBOX, PrivateEngine

pytestmark = pytest.mark.overlay2

BASE = ["FROM scratch", "COPY f /base"]
CACHE = "a range: build cache may hold some of these layers"
LOST_BASE = "a lower bound: build cache keeps layers of a base image that is gone, and says 0 bytes of them"


def base(engine: PrivateEngine, name: str = "base", size: int = 50_001) -> str:
    """An image of one layer that the legacy builder made, tagged ``name:1``."""
    return engine.build(BASE, f"{name}:1", files={"f": name.encode() * size})


def on(engine: PrivateEngine, under: str, name: str, size: int) -> str:
    """An image of one more layer on ``under:1``, made by BuildKit, tagged ``name:1``."""
    lines = [f"FROM {under}:1", f"COPY f /{name}", "ENV A=1"]
    return engine.build(lines, f"{name}:1", files={"f": name.encode() * size}, buildkit=True)


def test_layers_that_images_and_cache_share_count_once_and_at_the_cache(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "app", 1_001)
    engine.build(
        ["FROM scratch", "COPY busybox /bin/busybox", f'RUN ["{BUSYBOX}", "touch", "/a"]', "LABEL a=b"],
        "scratch:1", buildkit=True,
    )  # fmt: skip
    told = cleaned(bench)
    check_exact(told)
    by_kind = {kind: sum(i.bytes for i in told.state.items if i.item.kind is kind) for kind in Kind}
    assert by_kind[Kind.IMAGE] == 0
    assert by_kind[Kind.BUILD_CACHE] == told.measured


def test_cache_of_images_that_stay_is_no_part_of_the_plan_and_that_of_others_is(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "stays", 2_002)
    on(engine, "base", "goes", 4_004)
    engine.created("stays:1", "--name", "user", command=("/f",))
    told = cleaned(bench, "everything", Kind.IMAGE, Kind.BUILD_CACHE)
    check_exact(told)
    assert told.names(Kind.IMAGE) == {"base:1", "goes:1"}
    assert max(each.bytes for each in told.state.items) == 4 * 4_004


def test_images_alone_free_only_what_no_cache_holds(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "cached", 2_002)
    base(engine, "free", 3_003)
    told = cleaned(bench, "everything", Kind.IMAGE)
    check_exact(told, 4 * 3_003)
    told = cleaned(bench, "everything", Kind.BUILD_CACHE)
    assert told.frees.why == LOST_BASE
    assert told.measured == told.frees.low + 4 * 50_001


def test_images_alone_make_a_range_where_the_cache_of_a_base_may_be_any_of_them(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    base(engine, "free", 3_003)
    engine.build(["FROM base:1", "ENV A=1"], "words:1", buildkit=True)
    told = cleaned(bench, "everything", Kind.IMAGE)
    assert (told.frees.exact, told.frees.why) == (False, CACHE)
    assert told.frees.low <= told.measured == told.state.reclaimed == 4 * 3_003 < told.frees.high


def test_cache_of_a_base_that_may_be_any_of_several_counts_when_all_of_them_go(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    base(engine, "free", 3_003)
    engine.build(["FROM base:1", "ENV A=1"], "words:1", buildkit=True)
    told = cleaned(bench)
    assert told.frees.exact
    assert told.frees.low == told.frees.high == told.planned == told.state.reclaimed == told.measured
    assert told.measured > 4 * (50_001 + 3_003)


def test_cache_that_may_be_either_of_two_layers_of_one_size_counts_when_both_go(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "app", 1_001)
    engine.build(["FROM base:1", "COPY f /old"], "old:1", files={"f": b"old" * 1_001})
    told = cleaned(bench)
    assert told.frees.exact
    assert told.frees.low == told.frees.high == told.state.reclaimed == told.measured


def test_cache_alone_says_that_it_frees_more_than_the_engine_tells_where_its_base_is_gone(
    bench: Bench,
) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "app", 1_001)
    engine.docker("rmi", "base:1", "app:1")
    told = cleaned(bench, "everything")
    assert (told.frees.exact, told.frees.why) == (False, LOST_BASE)
    assert told.frees.low == told.planned == told.state.reclaimed
    assert told.measured == told.frees.low + 4 * 50_001


def test_cache_of_a_base_that_an_image_still_holds_frees_its_own_bytes_exactly(bench: Bench) -> None:
    """A RUN that changed nothing leaves a record of size 0 too; it stands on the base and frees nothing."""
    engine = bench.engine
    engine.base()
    lines = ["FROM base:latest", f'RUN ["{BUSYBOX}", "true"]', "COPY f /f"]
    engine.build(lines, "app:1", files={"f": b"f" * 7_007}, buildkit=True)
    engine.docker("rmi", "app:1")
    engine.run("base:latest")
    check_exact(cleaned(bench))


def test_cache_of_a_lost_base_goes_exactly_where_an_image_on_it_still_tells_its_layers(bench: Bench) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "app", 1_001)
    engine.docker("rmi", "base:1")
    told = cleaned(bench)
    check_exact(told)
    assert told.measured > 4 * 50_001


def test_what_the_narrower_profiles_take_of_the_cache_is_exact_too(bench: Bench) -> None:
    engine = bench.engine
    lines = ["FROM scratch", "COPY busybox /bin/busybox", f'RUN ["{BUSYBOX}", "touch", "/a"]', "COPY f /f"]
    engine.build(lines, "app:1", files={"f": b"f" * 9_009}, buildkit=True)
    engine.build(lines, "app:1", files={"f": b"g" * 6_006}, buildkit=True)
    check_exact(cleaned(bench, "system"))
    check_exact(cleaned(bench))


def test_cache_of_a_planned_image_that_stays_after_all_stays_too_and_only_what_went_is_reported(
    bench: Bench,
) -> None:
    engine = bench.engine
    base(engine)
    on(engine, "base", "stays", 2_002)
    on(engine, "base", "goes", 4_004)
    plan = bench.approved()
    engine.created("stays:1", "--name", "user", command=("/f",))
    before = look(engine)
    state = bench.run(plan)
    assert state.reclaimed == before.on_disk - look(engine).on_disk > 4 * 4_004
    kept = {each.reason for each in state.with_outcome(Outcome.KEPT) if each.item.kind is Kind.BUILD_CACHE}
    assert kept == {"an image that stays holds it too: removing it would free nothing"}
