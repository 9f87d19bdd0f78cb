"""deploy/compose.yaml: read by Compose itself, and brought up as the manual says."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bot.trial.workspace.server import Workspace
from tests.manual.pages import ROOT, script, sections
from tests.support.machines.debian import debian, imported
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.needs import free_port, program
from tests.support.waiting import wait_until

FILE = ROOT / "deploy" / "compose.yaml"
UP = sections()["As a container"][1]
POSTGRES = """
set -eu
data=/var/lib/postgresql/data
programs=$(echo /usr/lib/postgresql/*/bin)
if [ ! -e "$data/PG_VERSION" ]; then
  chown postgres "$data"; chmod 700 "$data"
  install --owner postgres --mode 600 "$POSTGRES_PASSWORD_FILE" /tmp/password
  runuser --user postgres -- "$programs/initdb" --username="$POSTGRES_USER" --pwfile=/tmp/password \
    --encoding=UTF8 --auth=scram-sha-256 --auth-local=trust "$data"
  echo "CREATE DATABASE $POSTGRES_USER" | runuser --user postgres -- "$programs/postgres" --single -D "$data" postgres
fi
exec runuser --user postgres -- "$programs/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c "port=$PGPORT"
"""
"""What the official image's entry point does with these variables."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A checkout's deploy folder, as far as Compose reads it."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(FILE, tmp_path / "deploy")
    yield tmp_path
    subprocess.run(["chown", "--recursive", str(os.getuid()), tmp_path], check=True)


def test_compose_understands_the_file_and_every_secret_is_a_file(place: Path) -> None:
    ended = subprocess.run(
        [program("docker-compose"), "--file", place / "deploy" / FILE.name, "config"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    read = yaml.safe_load(ended.stdout)
    assert {"deckhand", "db"} <= set(read["services"])
    for service in read["services"].values():
        for name, value in service["environment"].items():
            assert name.endswith("_FILE") or name == "POSTGRES_USER", f"{name}={value}"
    assert all("file" in secret for secret in read["secrets"].values())


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_manual_brings_the_bot_up_with_its_database_and_what_it_keeps_outlives_both(
    engine: PrivateEngine, image: str, place: Path
) -> None:
    base = imported(engine, debian("postgresql"))
    postgres = engine.build(
        [f"FROM {base}", "COPY start /start", 'ENTRYPOINT ["sh", "/start"]'],
        files={"start": POSTGRES.encode()},
    )
    port, listen = free_port(), free_port()
    (place / "deckhand.toml").write_text(
        f'[hosts.prod-3]\ndocker = "tcp://127.0.0.1:1"\n[metrics]\nlisten = "127.0.0.1:{listen}"\n'
    )
    (place / "bin").mkdir()
    shim = place / "bin" / "docker"  # Debian's older Compose is a command of its own
    shim.write_text(
        '#!/bin/sh\n[ "$1" = compose ] && shift && exec docker-compose "$@"\nexec /usr/bin/env -i false\n'
    )
    shim.chmod(0o755)
    with Workspace() as workspace:
        # On this machine's own network: the tests' engine has no other, and the local Slack is there.
        override = {
            "services": {
                "deckhand": {
                    "network_mode": "host", "extra_hosts": ["db:127.0.0.1"],
                    "environment": {"PGPORT": str(port), "SLACK_API_URL": workspace.api_url},
                },
                "db": {"network_mode": "host", "environment": {"PGPORT": str(port)}},
            }
        }  # fmt: skip
        (place / "deploy" / "compose.override.yaml").write_text(yaml.safe_dump(override))
        environment = {
            "PATH": f"{place}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DOCKER_HOST": engine.url, "HOME": str(place),
            "SLACK_BOT_TOKEN": workspace.bot_token, "SLACK_APP_TOKEN": workspace.app_token,
            "COMPOSE_INTERACTIVE_NO_CLI": "1", "DECKHAND_IMAGE": image, "POSTGRES_IMAGE": postgres,
        }  # fmt: skip
        *start, asks = UP.strip().splitlines()

        def shell(commands: str, folder: Path = place / "deploy") -> str:
            ended = subprocess.run(
                ["bash", "-c", script(commands)], cwd=folder, env=environment, capture_output=True, text=True,
                check=False, timeout=600,
            )  # fmt: skip
            assert ended.returncode == 0, ended.stderr[-3000:] + ended.stdout[-2000:]
            return ended.stdout

        try:
            shell("\n".join(start), place)
            wait_until(lambda: workspace.connections == 1)
            assert "ready" in shell(asks)
            shell("docker compose down")
            wait_until(lambda: not workspace.connections)
            shell("docker compose up --detach")
            wait_until(lambda: bool(workspace.connections))
            assert "ready" in shell(asks)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{shell('docker compose logs --tail=50 --no-color')}") from error
        finally:
            shell("docker compose down --volumes")
