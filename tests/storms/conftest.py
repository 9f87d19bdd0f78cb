"""Storms: processes against engines in a process of their own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A folder for engines; pytest's own can be longer than a unix socket's path may be."""
    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        yield Path(folder)
