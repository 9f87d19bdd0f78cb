"""Hosts that this machine knows already: in the SSH configuration, and in Docker's contexts."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

DEPTH = 16
"""As OpenSSH follows Include."""


def ssh_aliases(config: Path = Path("~/.ssh/config")) -> Sequence[str]:
    """The names behind Host in an SSH configuration and what it includes; patterns are no names."""
    path = config.expanduser()
    found = dict.fromkeys(_aliases(path, path.parent, 0))
    return [alias for alias in found if not set(alias) & set("*?!")]


def _aliases(path: Path, folder: Path, depth: int) -> Iterator[str]:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        key, _, rest = line.strip().replace("=", " ", 1).partition(" ")
        words = _words(rest)
        if key.lower() == "host":
            yield from words
        elif key.lower() == "include" and depth < DEPTH:
            for pattern in words:
                for each in _files(pattern, folder):
                    yield from _aliases(each, folder, depth + 1)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return []


def _files(pattern: str, folder: Path) -> Sequence[Path]:
    """A relative one is below the folder of the SSH configuration."""
    path = Path(pattern).expanduser()
    base = Path(path.anchor) if path.is_absolute() else folder
    return sorted(base.glob(str(path.relative_to(path.anchor))))
