"""A folder with a ``deckhand.toml`` whose host ``prod-3`` is a sample engine."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.trial.sample.server import SampleEngine

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
    (tmp_path / "deckhand.toml").write_text(CONFIGURATION.format(url=sample.url))
    return tmp_path
