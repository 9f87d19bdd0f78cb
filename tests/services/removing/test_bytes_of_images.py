"""Images, and the containers on them: a plan says exactly what leaves the disk, or a range that holds it."""

import os
from collections.abc import Iterator

import pytest

from bot.core.docker.inventory import Kind
from tests.services.bench import Bench, imported
from tests.services.truth import check_exact, cleaned
from tests.support.machines.engine import BUSYBOX, PrivateEngine
from tests.support.machines.registry import PrivateRegistry, private_registry

pytestmark = pytest.mark.overlay2

IMPORTED_BYTES = 1_000
BUSYBOX_BYTES = os.path.getsize(BUSYBOX)  # noqa: PTH202 - a figure
ON_BASE = ["FROM base:latest"]


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry() as started:
        yield started


def on_base(engine: PrivateEngine, name: str, size: int, *more: str, buildkit: bool = False) -> str:
    """An image of one file on the base, tagged ``name:1``."""
    files = {"f": name[-1].encode() * size}
    return engine.build([*ON_BASE, f"COPY f /{name}", *more], f"{name}:1", files=files, buildkit=buildkit)


def runs(command: str) -> str:
    return f'RUN ["{BUSYBOX}", {command}]'


def test_a_base_counts_once_with_the_last_that_goes_and_not_at_all_while_one_on_it_stays(
    bench: Bench,
) -> None:
    engine = bench.engine
    base = imported(engine, "base:latest")
    on_base(engine, "a", 1_001)
    on_base(engine, "b", 2_002)
    on_base(engine, "c", 4_004)
    user = engine.created("c:1", command=("/c",))
    check_exact(cleaned(bench, "everything", Kind.IMAGE), 1_001 + 2_002)
    assert engine.docker("image", "inspect", "--format", "{{.Id}}", "base:latest") == base
    engine.docker("rm", user)
    check_exact(cleaned(bench), 4_004 + IMPORTED_BYTES)


def test_layers_in_the_middle_that_two_images_share_count_once(bench: Bench) -> None:
    engine = bench.engine
    imported(engine, "base:latest")
    files = {"shared": b"s" * 30_003, "a": b"a" * 101, "b": b"b" * 202}
    for name in ("a", "b"):
        lines = [*ON_BASE, "COPY shared /shared", "ENV E=1", f"COPY {name} /{name}"]
        engine.build(lines, f"{name}:1", files=files)
    check_exact(cleaned(bench), IMPORTED_BYTES + 30_003 + 101 + 202)


def test_an_image_of_many_names_counts_once_and_one_whose_name_moved_on_counts_as_dangling(
    bench: Bench,
) -> None:
    engine = bench.engine
    imported(engine, "base:latest")
    on_base(engine, "app", 5_005)
    for name in ("app:stable", "other/app:2", "localhost:5000/app:3"):
        engine.docker("tag", "app:1", name)
    engine.build([*ON_BASE, "COPY f /f"], "moving:1", files={"f": b"1" * 7_007})
    engine.build([*ON_BASE, "COPY f /f"], "moving:1", files={"f": b"2" * 9_009})
    told = cleaned(bench, "dangling")
    check_exact(told, 7_007)
    told = cleaned(bench)
    check_exact(told, IMPORTED_BYTES + 5_005 + 9_009)
    assert {"app:1", "moving:1", "base:latest"} <= told.names(Kind.IMAGE)


def test_an_image_pulled_by_digest_alone_goes_whole_and_a_base_that_stays_is_not_counted(
    bench: Bench, registry: PrivateRegistry
) -> None:
    engine = bench.engine
    base = imported(engine, "base:latest")
    on_base(engine, "pulled", 6_006)
    digests = []
    for repository in ("app", "team/copy"):
        name = f"{registry.address}/{repository}"
        engine.docker("tag", "pulled:1", f"{name}:1")
        engine.docker("push", f"{name}:1")
        (digest,) = (
            each for each in engine.docker("inspect", "--format", '{{join .RepoDigests " "}}', "pulled:1").split()
            if each.startswith(f"{name}@")
        )  # fmt: skip
        digests.append(digest)
    engine.docker("rmi", "pulled:1", *(f"{each.partition('@')[0]}:1" for each in digests))
    engine.docker("image", "prune", "--force")
    for digest in digests:
        engine.docker("pull", digest)
    (pulled,) = {line for line in engine.docker("images", "--quiet", "--no-trunc").split() if line != base}
    assert engine.docker("inspect", "--format", "{{.RepoTags}}", pulled) == "[]"
    engine.created(base, command=("/file",))
    told = cleaned(bench, "everything", Kind.IMAGE)
    check_exact(told, 6_006)
    assert [each.item.id for each in told.state.items] == [pulled]
    assert set(told.state.items[0].item.references) == set(digests)


def test_containers_that_go_free_their_image_in_the_same_plan(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    on_base(engine, "job", 8_008)
    written = (BUSYBOX, "dd", "if=/dev/zero", "of=/written", "bs=1", "count=333")
    engine.stopped("job:1", "--name", "wrote", command=written)
    engine.created("job:1", "--name", "never")
    told = cleaned(bench)
    check_exact(told, 333 + 8_008 + BUSYBOX_BYTES)
    assert told.names(Kind.CONTAINER) == {"wrote", "never"}
    assert told.names(Kind.IMAGE) >= {"job:1"}


@pytest.mark.long
def test_stopped_containers_alone_free_what_they_wrote(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    written = (BUSYBOX, "dd", "if=/dev/zero", "of=/written", "bs=1", "count=4444")
    engine.stopped("base:latest", command=written)
    told = cleaned(bench, "system")
    check_exact(told, 4_444)
    assert (told.count(Kind.CONTAINER), told.count(Kind.IMAGE)) == (1, 0)


@pytest.mark.long
def test_a_container_whose_image_was_forced_away_frees_what_only_it_holds(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    forced = on_base(engine, "forced", 12_012)
    engine.stopped("forced:1", command=(BUSYBOX, "dd", "if=/dev/zero", "of=/w", "bs=1", "count=55"))
    engine.docker("rmi", "--force", "--no-prune", forced)
    engine.docker("image", "prune", "--force")
    check_exact(cleaned(bench, "system"), 55 + 12_012)


def test_all_that_containers_without_an_image_hold_goes_with_the_last_of_them(bench: Bench) -> None:
    engine = bench.engine
    forced = engine.build(["FROM scratch", "COPY f /f"], "forced:1", files={"f": b"f" * 3_210})
    for _ in range(2):
        engine.created("forced:1", command=("/f",))
    engine.docker("rmi", "--force", forced)
    told = cleaned(bench)
    check_exact(told, 3_210)
    assert sorted(each.bytes for each in told.state.items) == [0, 3_210]


def test_a_kept_container_without_its_image_holds_what_it_stands_on_and_nothing_else(bench: Bench) -> None:
    engine = bench.engine
    shared = engine.build(["FROM scratch", "COPY f /shared"], "shared:1", files={"f": b"s" * 20_020})
    engine.build(["FROM shared:1", "COPY f /own"], "own:1", files={"f": b"o" * 1_212}, buildkit=True)
    engine.created("shared:1", command=("/f",))
    engine.docker("builder", "prune", "--all", "--force")
    engine.docker("rmi", "--force", shared)
    check_exact(cleaned(bench, "everything", Kind.IMAGE), 1_212)


@pytest.mark.parametrize("profile", [pytest.param("dangling", marks=pytest.mark.long), "everything"])
def test_untagged_parents_of_a_legacy_build_go_with_it_to_the_byte(bench: Bench, profile: str) -> None:
    engine = bench.engine
    lines = [
        "FROM scratch", "COPY busybox /bin/busybox", "ENV A=1", "COPY f /f", runs('"mkdir", "/d"'), "COPY f /g",
    ]  # fmt: skip
    engine.build(lines, "app:1", files={"f": b"f" * 15_151})
    if profile == "dangling":
        engine.docker("rmi", "--no-prune", "app:1")
    last = 15_151 if profile == "everything" else 0
    told = cleaned(bench, profile)
    check_exact(told, BUSYBOX_BYTES + 15_151 + last)
    assert told.count(Kind.IMAGE) >= 4


@pytest.mark.long
@pytest.mark.parametrize("buildkit", [False, True])
def test_histories_with_steps_that_changed_nothing_are_read_right(bench: Bench, *, buildkit: bool) -> None:
    """A RUN that changes nothing is a layer of no bytes or none at all; ENV and LABEL never are."""
    engine = bench.engine
    engine.base()
    nothing, empty = runs('"true"'), runs('"mkdir", "/empty"')
    steps = ("ENV A=1", nothing, "LABEL l=1", "COPY f /f", nothing, empty, "ENV B=2", "COPY f /g", nothing)
    engine.build([*ON_BASE, *steps], "all:1", files={"f": b"f" * 2_020}, buildkit=buildkit)
    engine.build([*ON_BASE, *steps[:5]], "some:1", files={"f": b"f" * 2_020}, buildkit=buildkit)
    engine.build([*ON_BASE, "ENV A=1", "LABEL l=1"], "words:1", buildkit=buildkit)
    engine.build([*ON_BASE, nothing, nothing], "nothing:1", buildkit=buildkit)
    if buildkit:
        engine.docker("builder", "prune", "--all", "--force")
    user = engine.run("some:1")
    check_exact(cleaned(bench), 2_020)
    engine.docker("rm", "--force", user)
    check_exact(cleaned(bench), BUSYBOX_BYTES + 2_020)
