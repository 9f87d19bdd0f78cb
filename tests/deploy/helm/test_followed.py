"""The manual's commands for Kubernetes, run word by word: by Helm and kubectl themselves, as far as they go without a
cluster.
"""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.helm.conftest import Rendered
from tests.deploy.helm.variants import CONFIG, ROOT
from tests.manual.pages import script, sections

BLOCKS = sections()["On Kubernetes"]
NOWHERE = "http://127.0.0.1:1"
SHIMS = {
    "docker": 'echo "$@" >>docker.said',
    "kubectl": """
[ "$1" != create ] || exec "$TOOLS/kubectl" "$@" --dry-run=client --output=json >"secret.$4.json"
finds_no_cluster "$TOOLS/kubectl" --server="$NOWHERE" "$@"
""",
    "helm": """
[ "$1" != install ] || { shift; exec "$TOOLS/helm" template "$@" >rendered.yaml; }
finds_no_cluster "$TOOLS/helm" "$@" --kube-apiserver="$NOWHERE"
""",
}
"""What would be sent is written down; what asks a cluster has to be understood, and then finds none."""
FINDS_NO_CLUSTER = """#!/bin/sh
finds_no_cluster() {
  ! "$@" 2>said || { echo "$NOWHERE answers" >&2; return 1; }
  grep -q "connection refused\\|was refused" said || { cat said >&2; return 1; }
}
"""


def followed(folder: Path, kubernetes: Path, *blocks: str) -> subprocess.CompletedProcess[str]:
    (folder / "bin").mkdir(exist_ok=True)
    for name, text in SHIMS.items():
        (folder / "bin" / name).write_text(f"{FINDS_NO_CLUSTER}{text}")
        (folder / "bin" / name).chmod(0o755)
    environment = {
        "PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "KUBECONFIG": "/dev/null",
        "TOOLS": str(kubernetes / "bin"), "NOWHERE": NOWHERE, "REPOSITORY": "example/tools/deckhand",
        "SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret",
    }  # fmt: skip
    return subprocess.run(
        ["bash", "-c", script(*blocks)], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout, with what the manual says is beside it."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "deckhand.toml").write_text(CONFIG)
    for name in ("id_ed25519", "deckhand.known_hosts"):
        (tmp_path / name).write_text("a key\n")
    return tmp_path


def test_every_command_is_understood_and_the_pod_finds_what_they_made(place: Path, kubernetes: Path) -> None:
    ended = followed(place, kubernetes, *BLOCKS)
    assert ended.returncode == 0, ended.stderr
    documents = yaml.safe_load_all((place / "rendered.yaml").read_text())
    pod = Rendered([each for each in documents if each]).pod("Deployment")
    made = [json.loads(file.read_text()) for file in place.glob("secret.*.json")]
    secrets = {each["metadata"]["name"]: each["data"] for each in made}
    mounted = [volume["secret"] for volume in pod.spec["volumes"] if "secret" in volume]
    assert {each["secretName"] for each in mounted} == secrets.keys()
    for each in mounted:
        assert {item["key"] for item in each.get("items", ())} <= secrets[each["secretName"]].keys()
    assert secrets["deckhand-ssh"].keys() == {"id_ed25519", "known_hosts"}
    pushed = (place / "docker.said").read_text().splitlines()[-1]
    assert pushed == f"push {pod.container['image']}"


def test_a_command_that_is_none_any_more_would_be_noticed(place: Path, kubernetes: Path) -> None:
    install, upgrade, _ = BLOCKS
    for command, wrong in (
        (upgrade, upgrade.replace("--reset-then-reuse-values", "--reset-values-then")),
        (install, install.replace("rollout status", "rollout state")),
        (install, install.replace("--set existingSecret=", "--set secret=")),
    ):
        assert command != wrong
        assert followed(place, kubernetes, wrong).returncode != 0, wrong
