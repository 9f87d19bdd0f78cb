"""A small Debian of this machine's own release and mirror, and the packages that Deckhand is made of.

Both are made once and kept in ``~/.cache/deckhand-tests``; nothing in them is this checkout's.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import missing, program, root

ROOT = Path(__file__).parents[3]
CACHE = Path("~/.cache/deckhand-tests").expanduser()
LOCK = ROOT / "requirements.txt"


def os_release() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    found = dict(line.partition("=")[::2] for line in lines)
    return found.get("VERSION_CODENAME") or missing("Debian")


def mirror(release: str) -> str:
    """Where this machine's apt has the release from."""
    listed = subprocess.run(
        [program("apt-get"), "indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(REPO_URI)"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    found = [line.split()[2] for line in listed if line.startswith(f"Packages {release} ")]
    return found[0] if found else missing(f"a mirror of {release} in apt's configuration")


def debian(*packages: str) -> Path:
    """A tree with these packages; it stays as it is, so whoever changes it copies it first."""
    root()
    release = os_release()
    named = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:12]
    tree = CACHE / f"debian-{release}-{named}"
    if not tree.exists():
        building = CACHE / f".{tree.name}.{os.getpid()}"
        command = [
            program("debootstrap"), "--variant=minbase", f"--include={','.join(packages)}", release, str(building),
            mirror(release),
        ]  # fmt: skip
        try:
            _done(command)
            building.rename(tree)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return tree


def imported(engine: PrivateEngine, tree: Path) -> str:
    """The tree as an image of an engine, by its name."""
    name, file = f"{tree.name}:1", engine.directory / f"{tree.name}.tar"
    _done(["tar", "--create", f"--file={file}", f"--directory={tree}", "."])
    try:
        engine.docker("import", str(file), name, seconds=300)
    finally:
        file.unlink()
    return name


def python_of(tree: Path) -> str:
    """Which Python a tree has: 3.11."""
    return (tree / "usr/bin/python3").readlink().name.removeprefix("python")


def wheels(python: str) -> Path:
    """A folder with every package of the lock file, for that Python."""
    folder = CACHE / f"wheels-{python}-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        building = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            _done([
                *pip(), "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:",
                f"--python-version={python}", f"--requirement={LOCK}", f"--dest={building}",
            ])  # fmt: skip
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder


def pip() -> list[str]:
    """The machine's own pip: the tests' environment has none."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [str(python), "-m", "pip", "--disable-pip-version-check"]


def _done(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if ended.returncode:
        pytest.fail(
            f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stderr[-2000:]}", pytrace=False
        )
