"""The wheel of this checkout, and what a machine without a package index is given beside it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPENDENCIES = ROOT / "requirements.txt"


def tracked(*folders: str) -> list[str]:
    """The files of the checkout below these folders, as git knows them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def build_wheel(into: Path) -> Path:
    """Build it with the tools that are here, from what is here."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", into],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = into.glob("deckhand-*.whl")
    return wheel
