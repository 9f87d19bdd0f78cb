"""How long a look at a real engine takes: the second one need not ask again for what never changes.

`tests/run --long tests/bench -s` prints the figures.
"""

import hashlib
import io
import json
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.rules.hosts import Host, SocketAddress
from bot.core.rules.policy import Policy
from bot.engines.registry import DockerEngines
from bot.ports import Engine
from tests.support.machines.engine import PrivateEngine

HOST = "bench"
IMAGES, SHARED, OWN = 300, 5, 1
LOOKS = 5


def archive(path: Path) -> None:
    """What ``docker load`` takes: many images, most of their layers shared."""
    shared = [layer(f"shared-{number}") for number in range(SHARED)]
    manifest: list[dict[str, object]] = []
    files: dict[str, bytes] = dict(shared)
    for number in range(IMAGES):
        layers = [*shared, *(layer(f"own-{number}-{each}") for each in range(OWN))]
        files |= dict(layers)
        config = {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Labels": {"number": str(number)}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha(content)}" for _, content in layers]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": name} for name, _ in layers],
        }
        files[f"{number}.json"] = json.dumps(config).encode()
        tags = [f"registry.example/app-{number % 20}:{number}"]
        manifest.append(
            {"Config": f"{number}.json", "RepoTags": tags, "Layers": [name for name, _ in layers]}
        )
    files["manifest.json"] = json.dumps(manifest).encode()
    path.write_bytes(packed(files))


def layer(name: str) -> tuple[str, bytes]:
    return f"{name}.tar", packed({name: name.encode() * 20})


def packed(files: dict[str, bytes]) -> bytes:
    packed_up = io.BytesIO()
    with tarfile.open(fileobj=packed_up, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed_up.getvalue()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.long
def test_the_second_look_at_an_engine_costs_at_most_a_tenth_of_the_first(
    clean_engine: PrivateEngine, tmp_path: Path
) -> None:
    """Processor time is asserted: what the engine itself takes for its df is the same at every look."""
    archive(tmp_path / "images.tar")
    clean_engine.docker("load", "--quiet", "--input", str(tmp_path / "images.tar"))
    host = Host(name=HOST, address=SocketAddress(url=clean_engine.url), policy=Policy(name="open"))
    with closing(DockerEngines({HOST: host})) as engines:
        engine = engines.connect(HOST)
        engine.disk_usage()  # the engine itself reads much from disk at its first df
        looks = [look(engine) for _ in range(1 + LOOKS)]
    (wall, processor), later = looks[0], looks[1:]
    wall_later, processor_later = min(each[0] for each in later), min(each[1] for each in later)
    print(  # noqa: T201 - what the measurement is for
        f"\n{IMAGES} images of {SHARED + OWN} layers: first look {wall:.3f} s ({processor:.3f} s of our own), "
        f"later ones {wall_later:.3f} s ({processor_later:.3f} s of our own); "
        f"ratio {wall / wall_later:.1f} ({processor / processor_later:.1f})"
    )
    assert processor / processor_later >= 10


def look(engine: Engine) -> tuple[float, float]:
    """Seconds that one look took: by the clock, and of Deckhand's processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    survey = engine.survey()
    took = time.perf_counter() - wall, time.process_time() - processor
    assert len(survey.inventory.images) == IMAGES
    return took
