"""A folder with a ``deckhand.toml`` that has the hosts of the README and of the manual, each a sample engine."""

from contextlib import closing
from pathlib import Path

import pytest

from bot.core.audit import facts
from bot.core.life.states import Status
from bot.store.opening import open_store
from bot.trial.sample.server import SampleEngine
from tests.shell.conftest import configure, sample
from tests.store.samples import running, the

__all__ = ["sample"]

HOSTS = {"prod-3": ["prod", "web"], "web-1": ["prod"], "ci-1": ["ci"]}


@pytest.fixture
def folder(tmp_path: Path, sample: SampleEngine) -> Path:
    """With one cleanup in its database, too."""
    configure(tmp_path, sample)
    tables = "".join(
        f'[hosts.{name}]\ndocker = "{sample.url}"\ntags = {tags}\n' for name, tags in HOSTS.items()
    )
    (tmp_path / "deckhand.toml").write_text(f'{tables}[policies.default]\nlook = ["*"]\n')
    with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}")) as store:
        run = running(store, "p1", "prod-3")
        store.runs.finish(run, Status.DONE, facts.finished(the(store), None))
    return tmp_path
