"""The bot itself on a pod's files: nothing can be written but its volumes, and its own probes ask it."""

import signal
from http.client import HTTPConnection
from pathlib import Path

from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.deploy.helm.conftest import Helm, Pod
from tests.deploy.helm.variants import SQLITE, over
from tests.shell.conftest import sample
from tests.support.conversation import with_text
from tests.support.machines.needs import free_port, program, root
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until

__all__ = ["sample"]

CONFIG = """
[hosts.prod-3]
docker = "{sample}"
[policies.default]
look = ["*"]
[metrics]
listen = "0.0.0.0:{port}"
"""
READ_ONLY = """
for each in "$STATE" "$TMPDIR"; do mount --bind "$each" "$each"; done
mount --options remount,bind,ro /
cd "$STATE"
exec "$@"
"""
"""A root that cannot be written, but for the two volumes that can; in a namespace of mounts of its own."""


def answered(pod: Pod, probe: str) -> int:
    ports = {port["name"]: port["containerPort"] for port in pod.container["ports"]}
    asks = pod.container[probe]["httpGet"]
    connection = HTTPConnection("127.0.0.1", ports[asks["port"]], timeout=10)
    try:
        connection.request("GET", asks["path"])
        return connection.getresponse().status
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


def test_the_bot_works_on_a_root_that_it_cannot_write_and_ends_in_order(
    helm: Helm, tmp_path: Path, sample: SampleEngine
) -> None:
    root()
    with Workspace() as workspace:
        values = over(
            SQLITE,
            {
                "config": CONFIG.format(sample=sample.url, port=free_port()),
                "extraEnv": [{"name": "SLACK_API_URL", "value": workspace.api_url}],
            },
        )
        pod = helm.rendered(values).pod("Deployment")
        secrets = {"slack_bot_token": workspace.bot_token, "slack_app_token": workspace.app_token}
        environment = pod.laid_out(tmp_path, secrets)
        state, log = tmp_path / "var/lib/deckhand", tmp_path / "log"
        with started(
            program("unshare"), "--mount", "sh", "-euc", READ_ONLY, "sh", DECKHAND, *pod.container["args"],
            folder=tmp_path, log=log, STATE=str(state), TMPDIR=str(tmp_path / "tmp"), **environment,
        ) as process:  # fmt: skip
            wait_until(lambda: answered(pod, "readinessProbe") == 200 or process.poll() is not None)
            assert process.poll() is None, log.read_text()
            assert answered(pod, "livenessProbe") == answered(pod, "startupProbe") == 200
            workspace.command("U0ANN", "/docker-df", "prod-3")
            with_text(workspace, "can go now")
            process.send_signal(signal.SIGTERM)
            assert process.wait(pod.spec["terminationGracePeriodSeconds"]) == 0
        assert (state / "deckhand.db").exists()
        assert "Read-only file system" not in log.read_text()
        assert "INFO bot.shell.serving: stopped" in log.read_text()
