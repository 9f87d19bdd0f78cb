"""How long a look at a real engine takes: the second one need not ask again for what never changes."""

import hashlib
import io
import json
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.hosts import Host, SocketAddress
from bot.core.policy import Policy
from bot.engines.registry import DockerEngines
from tests.support.engine import PrivateEngine

HOST = "bench"
IMAGES, SHARED, OWN = 300, 10, 2
LOOKS = 5


def archive(path: Path) -> None:
    """What ``docker load`` takes: many images, most of their layers shared."""
    shared = [layer(f"shared-{number}") for number in range(SHARED)]
    manifest: list[dict[str, object]] = []
    files: dict[str, bytes] = {name: content for name, content in shared}
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
def test_the_second_look_at_an_engine_is_at_least_ten_times_faster_than_the_first(
    clean_engine: PrivateEngine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(tmp_path / "images.tar")
    clean_engine.docker("load", "--quiet", "--input", str(tmp_path / "images.tar"))
    host = Host(name=HOST, address=SocketAddress(url=clean_engine.url), policy=Policy(name="open"))
    with closing(DockerEngines({HOST: host})) as engines:
        engine = engines.connect(HOST)
        engine.disk_usage()  # the engine itself reads much from disk at its first df
        seconds: list[float] = []
        for _ in range(1 + LOOKS):
            start = time.perf_counter()
            survey = engine.survey()
            seconds.append(time.perf_counter() - start)
            assert len(survey.inventory.images) == IMAGES
    first, second = seconds[0], min(seconds[1:])
    with capsys.disabled():
        print(  # noqa: T201 - a measurement is read by people
            f"\n{IMAGES} images of {SHARED + OWN} layers: first look {first:.3f} s, "
            f"later ones {second:.3f} s (best of {LOOKS}), ratio {first / second:.1f}"
        )
    assert first / second >= 10
