"""What the chart sets is what the bot reads, asked of the bot's own code."""

import inspect
import re
from pathlib import Path

import pytest

from bot.app import Deckhand
from bot.config.environment import NAMES
from bot.config.environment import SECRETS as SECRET_NAMES
from bot.config.reloading import Reloading
from bot.config.settings import Settings, load
from bot.process.ending import AT_THE_LATEST
from bot.shell.commands import COMMANDS
from bot.telemetry import health
from bot.telemetry.listener import LIVE, METRICS, READY
from tests.deploy.helm.conftest import Helm
from tests.deploy.helm.variants import (
    CONFIG,
    EVERYTHING,
    HTTP_MODE,
    MONITORED,
    POSTGRESQL,
    ROOT,
    SECRETS,
    SQLITE,
    VARIANTS,
    over,
)
from tests.support.shell import deckhand
from tests.support.waiting import wait_until

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "deploy" / "deckhand.example.toml").read_text(encoding="utf-8")


def told(instruction: str) -> str:
    """What the image's last instruction of a kind says."""
    return str(re.findall(rf"^{instruction} (.*)$", DOCKERFILE, re.MULTILINE)[-1])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_bot_finds_its_configuration_and_every_secret_where_they_are_mounted(
    helm: Helm, tmp_path: Path, variant: str
) -> None:
    pod = helm.rendered(VARIANTS[variant]).pod("Deployment")
    environment = pod.laid_out(tmp_path, SECRETS)
    assert environment.keys() <= {*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)}
    settings = load(None, environment, for_slack=True)
    assert (settings.slack.mode == "http") == ("slack" in VARIANTS[variant]["config"])
    token = settings.slack.bot_token
    assert token is not None
    assert token.get_secret_value() == SECRETS["slack_bot_token"]
    of_secret = settings.database_url.get_secret_value() == SECRETS["database_url"]
    assert of_secret == (VARIANTS[variant].get("database") == "postgresql")
    assert repr(settings.audit.keys) == repr(load(None, environment).audit.keys)
    assert ("DECKHAND_AUDIT_KEY_FILE" in environment) == VARIANTS[variant].get("auditKey", False)


@pytest.mark.parametrize("variant", VARIANTS)
def test_probes_and_prometheus_ask_what_the_listener_answers_at_an_address_of_the_pods(
    helm: Helm, tmp_path: Path, variant: str
) -> None:
    pod = helm.rendered(VARIANTS[variant]).pod("Deployment")
    settings = load(None, pod.laid_out(tmp_path, SECRETS))
    ports = {port["name"]: port["containerPort"] for port in pod.container["ports"]}
    assert settings.metrics.listen == ("0.0.0.0", ports["metrics"])  # noqa: S104 - every address of the pod
    assert settings.metrics.wanted, "it does not start where nobody could probe it"
    if settings.slack.mode == "http":
        assert settings.slack.listen == ("0.0.0.0", ports["slack"])  # noqa: S104 - as above
    for name, path in {"startupProbe": LIVE, "livenessProbe": LIVE, "readinessProbe": READY}.items():
        probe = pod.container[name]
        assert probe["httpGet"] == {"path": path, "port": "metrics"}
        assert probe["timeoutSeconds"] > health.PATIENCE
    (end,) = helm.rendered(MONITORED).the("ServiceMonitor")["spec"]["endpoints"]
    assert end["path"] == METRICS


def test_a_port_of_the_configurations_own_is_probed(helm: Helm, tmp_path: Path) -> None:
    values = over(HTTP_MODE, {"config": f'{CONFIG}[metrics]\nlisten = "[::]:9000"\n'
                                        '[slack]\nmode = "http"\nlisten = "[::]:8000"\n'})  # fmt: skip
    pod = helm.rendered(values).pod("Deployment")
    assert [port["containerPort"] for port in pod.container["ports"]] == [9000, 8000]
    settings = load(None, pod.laid_out(tmp_path, SECRETS))
    assert (settings.metrics.listen, settings.slack.listen) == (("::", 9000), ("::", 8000))


def test_a_whole_configuration_means_the_same_in_the_chart(helm: Helm, tmp_path: Path) -> None:
    text = EXAMPLE.replace('"127.0.0.1:9797"', '"0.0.0.0:9797"')
    text = text.replace('archive_to = "archive"', 'archive_to = "/var/lib/deckhand/archive"')
    (tmp_path / "deckhand.toml").write_text(text)
    pod = helm.rendered(over(SQLITE, {"config": text})).pod("Deployment")
    mounted = load(None, pod.laid_out(tmp_path / "pod", SECRETS))
    direct = load(tmp_path / "deckhand.toml", {})
    assert mounted.rules == direct.rules
    assert (mounted.audit.archive_to, mounted.log, mounted.metrics) == (
        direct.audit.archive_to, direct.log, direct.metrics,
    )  # fmt: skip
    assert mounted.slack.remind_after == direct.slack.remind_after


def test_the_pod_runs_the_images_command_as_its_account_in_its_folder(helm: Helm) -> None:
    assert (told("ENTRYPOINT"), told("CMD")) == ('["deckhand"]', '["run"]')
    for values in VARIANTS.values():
        pod = helm.rendered(values).pod("Deployment")
        assert (pod.container["args"], "command" in pod.container) == (["run"], False)
        account = pod.spec["securityContext"]
        assert {account[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {int(told("USER"))}
        assert {told("WORKDIR"), "/tmp"} <= {  # noqa: S108 - the image's
            place
            for place, volume in pod.mounts().items()
            if volume.keys() & {"persistentVolumeClaim", "emptyDir"}
        }
    assert f"{told('WORKDIR')}/.ssh" in helm.rendered(SQLITE).pod("Deployment").mounts()


def test_the_time_to_end_is_longer_than_the_bot_ever_takes(helm: Helm) -> None:
    for values in (SQLITE, HTTP_MODE):
        pod = helm.rendered(values).pod("Deployment")
        before = (
            pod.container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", 0])
        )
        assert pod.spec["terminationGracePeriodSeconds"] >= int(before[1]) + AT_THE_LATEST + 5
        assert (int(before[1]) > 0) == (values is HTTP_MODE), (
            "requests arrive until everybody knows that it ends"
        )


def test_a_changed_configmap_is_taken_up_by_the_bot_that_runs(helm: Helm, tmp_path: Path) -> None:
    def lay_out(version: str, config: str) -> None:
        """As the kubelet does: all files of a version in a folder of their own, to which one link leads."""
        data = helm.rendered(over(SQLITE, {"config": config})).the("ConfigMap")["data"]
        (tmp_path / version).mkdir()
        (tmp_path / version / "deckhand.toml").write_text(data["deckhand.toml"])
        (tmp_path / "..next").symlink_to(version)
        (tmp_path / "..next").rename(tmp_path / "..data")

    lay_out("..1", CONFIG)
    file = tmp_path / "deckhand.toml"
    file.symlink_to("..data/deckhand.toml")
    adopted: list[Settings] = []
    reloading = Reloading(file, lambda: load(file, {}), adopted.append, look_every=0.05)
    reloading.start()
    lay_out("..2", CONFIG.replace("hosts.prod-3", "hosts.prod-4"))
    wait_until(lambda: bool(adopted))
    reloading.stop()
    assert list(adopted[-1].rules.hosts.by_name) == ["prod-4"]


@pytest.mark.parametrize(
    ("values", "said"), [(POSTGRESQL, "The database is up to date."), (SQLITE, "is in order: 1 host")]
)
def test_the_job_before_an_upgrade_does_its_work_with_what_is_mounted_for_it(
    helm: Helm, tmp_path: Path, values: dict[str, str], said: str
) -> None:
    pod = helm.rendered(values).pod("Job")
    assert " ".join(pod.container["args"]) in COMMANDS
    secrets = {"database_url": f"sqlite:///{tmp_path}/shared.db"}
    environment = pod.laid_out(tmp_path / "pod", secrets)
    ended = deckhand(*pod.container["args"], folder=tmp_path, **environment)
    assert ended.returncode == 0, ended.stderr
    assert said in ended.stdout
    assert (tmp_path / "shared.db").exists() == (values == POSTGRESQL)


def test_a_mistake_in_the_configuration_ends_the_upgrade_before_anything_is_replaced(
    helm: Helm, tmp_path: Path
) -> None:
    for number, values in enumerate((POSTGRESQL, SQLITE)):
        wrong = over(values, {"config": CONFIG.replace("quorum", "quorom")})
        pod = helm.rendered(wrong).pod("Job")
        environment = pod.laid_out(tmp_path / str(number), SECRETS)
        ended = deckhand(*pod.container["args"], folder=tmp_path, **environment)
        assert ended.returncode == 2
        assert "policies.default.quorom: there is no such key; did you mean quorum?" in ended.stderr


def test_pods_are_made_anew_for_what_counts_from_the_next_start_on_and_for_nothing_else(helm: Helm) -> None:
    def deployment(config: str) -> object:
        return helm.rendered(over(SQLITE, {"config": config})).the("Deployment")

    at_start = set(re.findall(r"\[(\w+)\]", inspect.getsource(Deckhand.adopt)))
    tables = {
        "slack": "pictures = false", "database": 'url = "sqlite:///other.db"', "audit": 'head_channel = "C0OPS"',
        "metrics": 'listen = "0.0.0.0:9000"', "log": 'level = "debug"', "watch": 'every = "5m"',
        "hosts.ci": 'ssh = "deckhand@ci.example.com"', "protect": "keep_last = 3",
    }  # fmt: skip
    assert at_start < tables.keys()
    before = deployment(CONFIG)
    changed = {name for name, line in tables.items() if deployment(f"{CONFIG}[{name}]\n{line}\n") != before}
    assert changed == at_start


def test_everything_that_can_be_set_reaches_the_bots_pod(helm: Helm) -> None:
    spec = helm.rendered(EVERYTHING).the("Deployment")["spec"]["template"]
    pod = spec["spec"]
    assert "ops" in {spec["metadata"]["labels"]["team"], spec["metadata"]["annotations"]["example.com/team"]}
    assert (pod["priorityClassName"], pod["nodeSelector"]) == ("high", {"disk": "local"})
    assert (pod["tolerations"], pod["affinity"]) == (EVERYTHING["tolerations"], EVERYTHING["affinity"])
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert EVERYTHING["extraEnv"][0] in pod["containers"][0]["env"]
    assert EVERYTHING["extraVolumeMounts"][0] in pod["containers"][0]["volumeMounts"]
