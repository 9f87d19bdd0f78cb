"""deploy/helm, rendered by Helm: what Kubernetes takes, and what each way of running the bot gets."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.deploy.helm.conftest import Helm
from tests.deploy.helm.variants import (
    CHART,
    EVERYTHING,
    HTTP_MODE,
    MONITORED,
    POSTGRESQL,
    ROOT,
    SQLITE,
    VARIANTS,
)
from tests.support.schemas.kubernetes import Schemas

VARIANT = pytest.mark.parametrize("variant", VARIANTS)
PODS = pytest.mark.parametrize("kind", ["Deployment", "Job"])


def releases(kubernetes: Path) -> list[Path]:
    """The schemas of the oldest release that the chart is for, and of the newest that there is."""
    found = {tuple(map(int, file.stem.split("."))): file for file in (kubernetes / "schemas").glob("*.json")}
    wanted = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    oldest = re.fullmatch(r">=(\d+)\.(\d+)\.(\d+)-0", wanted)
    assert oldest is not None
    return [found[int(oldest[1]), int(oldest[2]), int(oldest[3])], found[max(found)]]


@VARIANT
def test_helm_finds_nothing_to_complain_about(helm: Helm, variant: str) -> None:
    ended = helm.run("lint", "--strict", values=VARIANTS[variant])
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "1 chart(s) linted, 0 chart(s) failed" in ended.stdout


def test_kubernetes_takes_every_document_to_the_last_key(helm: Helm, kubernetes: Path) -> None:
    rendered = {variant: helm.rendered(values).documents for variant, values in VARIANTS.items()}
    kinds = {document["kind"] for documents in rendered.values() for document in documents}
    assert {f"{kind}" for kind in kinds} == {
        "ConfigMap", "Deployment", "Job", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "Service",
        "ServiceMonitor",
    }  # fmt: skip
    for release in releases(kubernetes):
        schemas = Schemas(release)
        for variant, documents in rendered.items():
            found = [problem for document in documents for problem in schemas.problems(document)]
            assert found == [], f"{variant}, Kubernetes {release.stem}"


def test_a_key_that_kubernetes_does_not_know_and_a_value_of_another_kind_are_found(
    helm: Helm, kubernetes: Path
) -> None:
    schemas = Schemas(releases(kubernetes)[-1])
    text = json.dumps(helm.rendered(SQLITE).the("Deployment"))
    for right, wrong, said in (
        ('"runAsNonRoot"', '"runAsNoRoot"', "there is no such key as runAsNoRoot"),
        ('"containerPort": 9797', '"containerPort": "9797"', "'9797' is no integer"),
        ('"name": "deckhand", "image"', '"image"', "name is missing"),
    ):
        altered = text.replace(right, wrong)
        assert altered != text, right
        assert any(said in problem for problem in schemas.problems(json.loads(altered))), said


def test_the_chart_is_of_this_release() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (chart["version"], chart["appVersion"]) == (project["version"], project["version"])
    assert chart["description"] == project["description"]


def test_sqlite_has_one_bot_whose_disk_outlives_the_release(helm: Helm) -> None:
    rendered = helm.rendered(SQLITE)
    spec = rendered.the("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    claim = rendered.the("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert rendered.pod("Deployment").mounts()["/var/lib/deckhand"]["persistentVolumeClaim"] == {
        "claimName": claim["metadata"]["name"]
    }
    assert "PodDisruptionBudget" not in rendered.kinds()


def test_a_claim_that_is_there_already_is_taken(helm: Helm) -> None:
    rendered = helm.rendered(VARIANTS["claimed"])
    assert rendered.kinds() == ["ConfigMap", "Deployment"]
    state = rendered.pod("Deployment").mounts()["/var/lib/deckhand"]
    assert state["persistentVolumeClaim"]["claimName"] == "mine"


def test_postgresql_carries_several_that_are_replaced_one_by_one_and_never_all_gone(helm: Helm) -> None:
    rendered = helm.rendered(POSTGRESQL)
    spec = rendered.the("Deployment")["spec"]
    assert spec["replicas"] == 3
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    budget = rendered.the("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == spec["selector"]
    assert "PersistentVolumeClaim" not in rendered.kinds()


def test_what_is_done_before_an_upgrade_is_done_before_anything_is_replaced_and_leaves_nothing(
    helm: Helm,
) -> None:
    rendered = helm.rendered(POSTGRESQL)
    job, config = (rendered.the(kind, "deckhand-upgrade") for kind in ("Job", "ConfigMap"))
    for hook in (job, config):
        notes = hook["metadata"]["annotations"]
        assert notes["helm.sh/hook"] == "pre-install,pre-upgrade"
        assert notes["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    assert int(config["metadata"]["annotations"]["helm.sh/hook-weight"]) < 0, "the job needs it"
    assert job["spec"]["activeDeadlineSeconds"] > 0
    assert config["data"] == rendered.the("ConfigMap")["data"]


@VARIANT
@PODS
def test_no_pod_may_more_than_it_needs(helm: Helm, variant: str, kind: str) -> None:
    rendered = helm.rendered(VARIANTS[variant])
    if kind not in rendered.kinds():
        assert VARIANTS[variant]["upgradeJob"] == {"enabled": False}
        return
    pod = rendered.pod(kind)
    assert pod.spec["automountServiceAccountToken"] is False
    assert pod.spec["securityContext"]["runAsNonRoot"] is True
    assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod.container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert not pod.spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    assert not [volume for volume in pod.spec["volumes"] if "hostPath" in volume]


@VARIANT
def test_no_secret_is_the_charts_own_and_each_is_a_file(helm: Helm, variant: str) -> None:
    rendered = helm.rendered(VARIANTS[variant])
    assert "Secret" not in rendered.kinds()
    for each in rendered.pod("Deployment").container["env"]:
        assert each["name"].endswith("_FILE") or each["name"] in {"DECKHAND_CONFIG", "SLACK_API_URL"}


def test_services_and_monitors_are_there_only_where_they_are_asked_for(helm: Helm) -> None:
    assert not {"Service", "ServiceMonitor"} & set(helm.rendered(SQLITE).kinds())
    assert "ServiceMonitor" not in helm.rendered(HTTP_MODE).kinds()
    assert helm.rendered(MONITORED).kinds().count("Service") == 1
    assert helm.rendered(EVERYTHING).kinds().count("Service") == 2


def test_every_selector_finds_the_bot_and_every_named_port_is_one_of_its_own(helm: Helm) -> None:
    rendered = helm.rendered(EVERYTHING)
    template = rendered.the("Deployment")["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    ports = {port["name"] for port in rendered.pod("Deployment").container["ports"]}
    services = [rendered.the("Service"), rendered.the("Service", "deckhand-metrics")]
    for service in services:
        assert service["spec"]["selector"].items() <= labels
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    assert [port["name"] for port in services[0]["spec"]["ports"]] == ["slack"], "metrics are not published"
    monitor = rendered.the("ServiceMonitor")["spec"]
    wanted = monitor["selector"]["matchLabels"].items()
    assert [wanted <= service["metadata"]["labels"].items() for service in services] == [False, True]
    assert {end["port"] for end in monitor["endpoints"]} == {
        port["name"] for port in services[1]["spec"]["ports"]
    }
    policy = rendered.the("NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels
    assert [port["port"] for rule in policy["ingress"] for port in rule["ports"]] == ["metrics", "slack"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    upgrading = rendered.the("Job", "deckhand-upgrade")["spec"]["template"]["metadata"]["labels"].items()
    assert not services[0]["spec"]["selector"].items() <= upgrading


def test_nobody_reaches_a_bot_in_socket_mode_unless_somebody_is_named(helm: Helm) -> None:
    policy = helm.rendered(SQLITE).the("NetworkPolicy")["spec"]
    assert (policy["ingress"], policy["policyTypes"]) == ([], ["Ingress"])
    (rule,) = helm.rendered(MONITORED).the("NetworkPolicy")["spec"]["ingress"]
    assert rule["from"] == MONITORED["networkPolicy"]["metricsFrom"]


def test_a_digest_counts_instead_of_a_tag(helm: Helm) -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert helm.rendered(SQLITE).pod("Job").container["image"] == f"example/deckhand:{chart['appVersion']}"
    pinned = helm.rendered(EVERYTHING).pod("Job").container["image"]
    assert pinned == f"example/deckhand@{EVERYTHING['image']['digest']}"


@VARIANT
def test_whoever_installs_it_is_told_what_to_do_next(helm: Helm, variant: str) -> None:
    ended = helm.run(
        "install", "deckhand", "--namespace", "ops", "--dry-run=client", values=VARIANTS[variant]
    )
    assert ended.returncode == 0, ended.stderr
    notes = ended.stdout.partition("NOTES:")[2]
    assert "kubectl --namespace ops exec deployment/deckhand -- deckhand doctor --slack" in notes
    assert ("lead https://…/slack/events there" in notes) == ("slack" in VARIANTS[variant]["config"])
    assert ("outlives this release" in notes) == (VARIANTS[variant].get("database") != "postgresql")
