"""Bytes that an engine tells wrongly or not at all: each is exact by another sign, or said to be none."""

import io
import json
import tarfile
import time
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from tests.services.bench import Bench
from tests.services.truth import check_exact, cleaned
from tests.support.machines.engine import BUSYBOX, PrivateEngine

pytestmark = pytest.mark.overlay2

CHANGED = "a lower bound: the engine measured some mounts and sources of builds once, and builds have used them since"


def fill(engine: PrivateEngine, count: int) -> None:
    """A build that writes so many blocks into a mount that it shares with others."""
    script = f"{BUSYBOX} dd if=/dev/zero of=/c/{count} bs=1000 count={count}"
    lines = ["FROM base:latest", f'RUN --mount=type=cache,target=/c ["{BUSYBOX}", "sh", "-c", "{script}"]']
    engine.build(lines, "filled:1", buildkit=True)


def test_what_several_builds_wrote_to_is_a_lower_bound(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    fill(engine, 5)
    engine.docker("system", "df")  # measures it, and never again
    fill(engine, 2_000)
    time.sleep(1)  # a build that has ended lets go of its records a moment later
    told = cleaned(bench, "everything", Kind.BUILD_CACHE)
    assert not told.frees.exact
    assert CHANGED in told.frees.why
    assert told.measured > told.frees.low
    assert told.measured >= 2_005_000


def test_of_two_layers_of_one_size_the_cache_holds_the_one_that_was_made_in_its_second(bench: Bench) -> None:
    engine = bench.engine
    engine.build(["FROM scratch", "COPY f /f"], "one:1", files={"f": b"1" * 7_007}, buildkit=True)
    engine.docker("builder", "prune", "--all", "--force")
    time.sleep(1.1)
    engine.build(["FROM scratch", "COPY f /f"], "two:1", files={"f": b"2" * 7_007}, buildkit=True)
    told = cleaned(bench, "everything", Kind.IMAGE)
    check_exact(told, 7_007)
    assert {each.item.name: each.bytes for each in told.state.items} == {"one:1": 7_007, "two:1": 0}


def test_an_image_without_a_history_is_reported_as_it_was_promised(bench: Bench) -> None:
    engine = bench.engine
    engine.build(["FROM scratch", "COPY f /f"], "told:1", files={"f": b"t" * 6_006})
    saved = engine.directory / "saved.tar"
    engine.docker("save", "--output", str(saved), "told:1")
    engine.docker("rmi", "told:1")
    without_history(saved, engine.directory / "bare.tar")
    engine.docker("load", "--input", str(engine.directory / "bare.tar"))
    check_exact(cleaned(bench, "everything", Kind.IMAGE), 6_006)


def without_history(saved: Path, bare: Path) -> None:
    """The same image, as other tools than Docker's make it."""
    with tarfile.open(saved) as archive:
        members = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        contents = {name: file.read() for name, file in members.items() if file is not None}
    manifest = json.loads(contents["manifest.json"])
    config = json.loads(contents[manifest[0]["Config"]])
    config.pop("history")
    contents["bare.json"] = json.dumps(config).encode()
    manifest[0]["Config"] = "bare.json"
    contents["manifest.json"] = json.dumps(manifest).encode()
    kept = {"manifest.json", "bare.json", *manifest[0]["Layers"]}
    with tarfile.open(bare, "w") as archive:
        for name in sorted(kept):
            header = tarfile.TarInfo(name)
            header.size = len(contents[name])
            archive.addfile(header, io.BytesIO(contents[name]))


def test_images_that_one_archive_held_make_a_range_that_holds_the_truth_where_they_share_layers(
    bench: Bench,
) -> None:
    engine = bench.engine
    for name, under in (("base:1", "scratch"), ("one:1", "base:1"), ("two:1", "base:1")):
        files = {"f": name.encode() * 1_001}
        engine.build([f"FROM {under}", f"COPY f /{name[:3]}"], name, files=files)
    saved = str(engine.directory / "several.tar")
    engine.docker("save", "--output", saved, "one:1", "two:1")
    engine.docker("rmi", "one:1", "two:1", "base:1")
    engine.docker("load", "--input", saved)
    told = cleaned(bench, "everything", Kind.IMAGE)
    assert told.frees.low <= told.measured == told.state.reclaimed <= told.frees.high == 5_005 + 5_005 + 6_006
    assert told.frees.exact is (engine.version < (23, 0))


def test_a_loaded_image_that_holds_one_layer_twice_makes_a_range_that_holds_the_truth(bench: Bench) -> None:
    engine = bench.engine
    lines = ["FROM scratch", "COPY f /f", "COPY f /f"]
    engine.build(lines, "twice:1", files={"f": b"t" * 5_005}, buildkit=True)
    saved = str(engine.directory / "twice.tar")
    engine.docker("save", "--output", saved, "twice:1")
    engine.docker("rmi", "twice:1")
    engine.docker("builder", "prune", "--all", "--force")
    engine.docker("load", "--input", saved)
    told = cleaned(bench, "everything", Kind.IMAGE)
    assert told.frees.low <= told.measured <= told.frees.high == 2 * 5_005
    assert told.frees.why.startswith("a range: a loaded image holds one layer twice")
