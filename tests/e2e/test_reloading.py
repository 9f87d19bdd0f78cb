"""A configuration that changes while Deckhand runs: taken up when it is right, refused when it is not."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.config.reloading import Reloading
from bot.config.settings import Settings, load
from bot.core.errors import HostUnreachableError
from bot.engines.registry import DockerEngines
from bot.engines.targets import Ssh
from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.conftest import StartSshd
from tests.e2e.conftest import write_configuration
from tests.support.conversation import private_answer, with_text
from tests.support.machines.hosts import HOST, registered
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until


@pytest.fixture
def sample() -> Iterator[SampleEngine]:
    with TemporaryDirectory(prefix="dh-", dir="/tmp") as folder, SampleEngine(
        socket_path=Path(folder) / "sample.sock"
    ) as engine:  # fmt: skip
        yield engine


def test_hosts_policies_and_profiles_change_while_the_bot_runs_and_a_broken_file_changes_nothing(
    workspace: Workspace, sample: SampleEngine, tmp_path: Path
) -> None:
    file = write_configuration(tmp_path, f'docker = "{sample.url}"')
    whole, log = file.read_text(), tmp_path / "log"

    def said(text: str, times: int = 1) -> None:
        wait_until(lambda: log.exists() and log.read_text().count(text) >= times)

    with started(DECKHAND, "run", folder=tmp_path, log=log, **workspace.environment) as process:
        said(" ready: ")
        workspace.command("U0ANN", "/docker-df", "prod-3")
        with_text(workspace, "prod-3: ")

        file.write_text(whole + f'[hosts.prod-4]\ndocker = "{sample.url}"\ntags = ["new"]\n')
        said("read again: 2 hosts")  # by itself
        workspace.command("U0ANN", "/docker-df", "@new")
        with_text(workspace, "@new: 1 host, 1 answered")

        file.write_text(whole.replace('look = ["*"]', 'look = ["U0BOB"]\nloook = 1'))
        process.send_signal(signal.SIGHUP)
        said("loook: there is no such key; did you mean look?")
        workspace.command("U0ANN", "/docker-df", "prod-4")
        with_text(workspace, "prod-4: ")

        file.write_text(whole.replace('look = ["*"]', 'look = ["U0BOB"]'))
        process.send_signal(signal.SIGHUP)
        said("read again: 1 host")
        workspace.command("U0ANN", "/docker-df", "prod-3")
        private_answer(workspace, "U0ANN", "you may not look at it here")
        assert process.poll() is None


class Adopted:
    """What a Reloading handed over."""

    def __init__(self) -> None:
        self.settings: list[Settings] = []

    def __call__(self, settings: Settings) -> None:
        self.settings.append(settings)


@pytest.fixture
def reloading(tmp_path: Path) -> Iterator[Callable[[Adopted], Path]]:
    watching: list[Reloading] = []

    def start(adopted: Adopted) -> Path:
        file = write_configuration(tmp_path, 'docker = "unix:///nowhere.sock"')
        watching.append(Reloading(file, lambda: load(file, {}), adopted, look_every=0.05))
        watching[-1].start()
        return file

    yield start
    for each in watching:
        each.stop()


def test_a_file_that_is_removed_or_replaced_is_noticed(reloading: Callable[[Adopted], Path]) -> None:
    adopted = Adopted()
    file = reloading(adopted)
    text = file.read_text()
    file.unlink()
    file.with_suffix(".new").write_text(text.replace("prod-3", "prod-9"))
    file.with_suffix(".new").replace(file)
    wait_until(lambda: bool(adopted.settings))
    assert list(adopted.settings[-1].rules.hosts.by_name) == ["prod-9"]


def test_a_configuration_that_cannot_be_taken_up_does_not_end_the_watching(
    reloading: Callable[[Adopted], Path], caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Adopted):
        def __call__(self, settings: Settings) -> None:
            super().__call__(settings)
            if len(self.settings) == 1:
                raise RuntimeError("broken")

    adopted = Failing()
    file = reloading(adopted)
    for number in (1, 2):
        file.write_text(file.read_text() + "\n# changed\n" * number)
        wait_until(lambda number=number: len(adopted.settings) >= number)  # type: ignore[misc] # a default binds the loop's value
    assert "could not be taken up" in caplog.text


def test_connections_of_hosts_that_are_gone_or_reached_in_another_way_end(sshd: StartSshd) -> None:
    server = sshd()
    kept, changed, gone = (
        {name: registered(server.ssh_address)[HOST]} for name in ("kept", "changed", "gone")
    )
    with closing(DockerEngines({**kept, **changed, **gone})) as engines:
        links = {}
        for name in ("kept", "changed", "gone"):
            place = engines._clients._place(name)
            (place.link,) = engines._clients.ssh.hops(Ssh(address=server.ssh_address))
            links[name] = place.link
            place.link.connect()
        engines.adopt({**kept, "changed": registered(sshd().ssh_address)[HOST]})
        assert {name: link.active for name, link in links.items()} == {
            "kept": True, "changed": False, "gone": False,
        }  # fmt: skip
        with pytest.raises(HostUnreachableError, match="no such host"):
            engines.connect("gone")
