"""The container image: built on a Debian of this machine's own, and run as deploy/compose.yaml says."""

import functools
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.support.conversation import with_text
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
USER = "10001"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as started:
        yield started


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for the account of the image, as its volume."""
    with TemporaryDirectory(prefix="dh-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        (Path(name) / "data").mkdir()
        subprocess.run(["chown", USER, f"{name}/data"], check=True)
        yield Path(name)


@pytest.fixture
def sample(folder: Path) -> Iterator[SampleEngine]:
    with SampleEngine(socket_path=folder / "sample.sock") as started:
        (folder / "sample.sock").chmod(0o666)
        yield started


Start = Callable[[str], str]


@pytest.fixture
def start(engine: PrivateEngine, folder: Path, workspace: Workspace, sample: SampleEngine) -> Iterator[Start]:
    """Runs the image with all that the compose file's service sets, but on this machine's network."""
    service = COMPOSE["services"]["deckhand"]
    values = {
        "slack_bot_token": workspace.bot_token, "slack_app_token": workspace.app_token,
        "database_url": "sqlite:///deckhand.db",
    }  # fmt: skip
    options = ["--network=host", "--env", f"SLACK_API_URL={workspace.api_url}"]
    for secret in service["secrets"]:
        (folder / secret).write_text(f"{values[secret]}\n")
        (folder / secret).chmod(0o444)
        options += ["--volume", f"{folder / secret}:/run/secrets/{secret}:ro"]
    for name, value in service["environment"].items():
        options += ["--env", f"{name}={value}"]
    assert service["read_only"] is True
    options += ["--read-only", *(f"--tmpfs={place}" for place in service["tmpfs"])]
    options += [f"--cap-drop={each}" for each in service["cap_drop"]]
    options += [f"--security-opt={each}" for each in service["security_opt"]]
    options += ["--volume", f"{folder / 'data'}:{service['volumes'][0].partition(':')[2]}"]
    options += ["--volume", f"{sample.url.removeprefix('unix://')}:/run/sample.sock"]
    (folder / "data" / "deckhand.toml").write_text(
        '[hosts.prod-3]\ndocker = "unix:///run/sample.sock"\n[policies.default]\nlook = ["*"]\n'
        f'[metrics]\nlisten = "127.0.0.1:{free_port()}"\n'
    )
    started = []

    def run(image: str) -> str:
        started.append(engine.docker("run", "--detach", "--health-interval=1s", *options, image))
        return started[-1]

    yield run
    engine.docker("rm", "--force", *started)


def inspected(engine: PrivateEngine, container: str, form: str) -> str:
    return engine.docker("inspect", "--format", form, container)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_image_runs_without_root_on_a_root_that_it_cannot_write(
    engine: PrivateEngine, image: str, start: Start, workspace: Workspace
) -> None:
    container = start(image)
    wait_until(lambda: inspected(engine, container, "{{.State.Health.Status}}") == "healthy")
    inside = functools.partial(engine.docker, "exec", container)
    assert inside("id", "-u") == USER
    with pytest.raises(AssertionError, match="Read-only file system"):
        inside("touch", "/opt/deckhand/new")
    status = inside("cat", "/proc/1/status")
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    for left_out in ("hatchling", "pip"):
        with pytest.raises(AssertionError, match="No module named"):
            inside("python3", "-c", f"import {left_out}")
    environment = json.loads(inspected(engine, container, "{{json .Config.Env}}"))
    assert not [each for each in environment if each.startswith(("SLACK_BOT_TOKEN=", "SLACK_APP_TOKEN="))]
    workspace.command("U0ANN", "/docker-df", "prod-3")
    with_text(workspace, "can go now")


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_next_image_takes_up_what_the_one_before_left_and_both_end_in_order(
    engine: PrivateEngine, image: str, start: Start, folder: Path
) -> None:
    for _ in range(2):
        container = start(image)
        wait_until(lambda: " ready: " in logs(engine, container))  # noqa: B023 - asked for at once
        engine.docker("stop", "--time", "30", container)
        assert inspected(engine, container, "{{.State.ExitCode}}") == "0"
        assert "INFO bot.shell.serving: stopped" in logs(engine, container)
    assert (folder / "data" / "deckhand.db").exists()


def logs(engine: PrivateEngine, container: str) -> str:
    """What it wrote to standard error."""
    path = Path(inspected(engine, container, "{{.LogPath}}"))
    return "".join(json.loads(line)["log"] for line in path.read_text().splitlines())
