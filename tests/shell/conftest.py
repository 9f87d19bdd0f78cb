"""A folder with a ``deckhand.toml`` whose host ``prod-3`` is a sample engine, and with a migrated database."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.trial.sample.server import SampleEngine
from tests.support.databases import migrated_sqlite

CONFIGURATION = """
[database]
url = "sqlite:///deckhand.db"

[hosts.prod-3]
docker = "{url}"
tags = ["prod", "web"]

[hosts.build]
context = "build"

[hosts.db-1]
ssh = "deploy@db-1.example.com:2222"
policy = "prod"

[policies.default]
look = ["*"]

[policies.prod]
approve = ["S0OPS"]
quorum = 2
"""


@pytest.fixture(scope="session")
def sample() -> Iterator[SampleEngine]:
    # A unix socket's path must stay below 108 bytes, which pytest's own folders do not.
    with TemporaryDirectory(prefix="dh-", dir="/tmp") as folder, SampleEngine(
        socket_path=Path(folder) / "sample.sock"
    ) as engine:  # fmt: skip
        yield engine


@pytest.fixture
def folder(tmp_path: Path, sample: SampleEngine) -> Path:
    configure(tmp_path, sample)
    return tmp_path


def configure(folder: Path, sample: SampleEngine) -> None:
    (folder / "deckhand.toml").write_text(CONFIGURATION.format(url=sample.url))
    shutil.copy(migrated_sqlite(), folder / "deckhand.db")
