"""The chart, rendered by Helm itself, and a pod's files as its mounts lay them out."""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.helm.variants import CHART, Values
from tests.support.machines.kubernetes import tools

Document = Mapping[str, Any]


class Helm:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rendered: dict[str, Rendered] = {}

    def run(self, *arguments: str | Path, values: Values) -> subprocess.CompletedProcess[str]:
        """Run it on the chart with these values, and with no cluster."""
        return subprocess.run(
            [self._folder / "bin" / "helm", *arguments, CHART, "--values", "/dev/stdin"],
            env={"HOME": "/nonexistent", "KUBECONFIG": "/dev/null"}, input=yaml.safe_dump(values),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def rendered(self, values: Values) -> "Rendered":
        """What the chart makes of these values; asked of Helm once."""
        named = json.dumps(values)
        if named not in self._rendered:
            ended = self.run("template", "deckhand", values=values)
            assert (ended.returncode, ended.stderr) == (0, "")
            documents = yaml.load_all(ended.stdout, yaml.CSafeLoader)
            self._rendered[named] = Rendered([each for each in documents if each])
        return self._rendered[named]

    def refused(self, values: Values) -> str:
        """What Helm says, and makes nothing."""
        ended = self.run("template", "deckhand", values=values)
        assert ended.returncode == 1, ended.stdout
        return ended.stderr


@dataclass(frozen=True)
class Rendered:
    documents: Sequence[Document]

    def kinds(self) -> list[str]:
        return sorted(document["kind"] for document in self.documents)

    def the(self, kind: str, name: str = "deckhand") -> Document:
        (found,) = (
            document
            for document in self.documents
            if (document["kind"], document["metadata"]["name"]) == (kind, name)
        )
        return found

    def pod(self, kind: str) -> "Pod":
        name = "deckhand" if kind == "Deployment" else "deckhand-upgrade"
        return Pod(self, self.the(kind, name)["spec"]["template"]["spec"])


@dataclass(frozen=True)
class Pod:
    rendered: Rendered
    spec: Document

    @property
    def container(self) -> Document:
        (only,) = self.spec["containers"]
        found: Document = only
        return found

    def mounts(self) -> Mapping[str, Document]:
        """What is mounted where: each path with its volume."""
        volumes = {volume["name"]: volume for volume in self.spec["volumes"]}
        places = {mount["mountPath"]: volumes[mount["name"]] for mount in self.container["volumeMounts"]}
        assert {volume["name"] for volume in places.values()} == volumes.keys(), "each volume is mounted"
        return places

    def laid_out(self, root: Path, secrets: Mapping[str, str]) -> Mapping[str, str]:
        """Lay the files out that its volumes have, below a folder; its environment, which leads there."""
        for place, volume in self.mounts().items():
            folder = root / place.removeprefix("/")
            folder.mkdir(parents=True)
            if "configMap" in volume:
                for name, text in self.rendered.the("ConfigMap", volume["configMap"]["name"])["data"].items():
                    (folder / name).write_text(text)
            for item in volume.get("secret", {}).get("items", ()):
                (folder / item["path"]).write_text(secrets[item["key"]])
        ours = re.compile(rf"^(?={'|'.join(map(re.escape, self.mounts()))})")
        return {each["name"]: ours.sub(str(root), each["value"]) for each in self.container["env"]}


@pytest.fixture(scope="session")
def kubernetes() -> Path:
    return tools()


@pytest.fixture(scope="session")
def helm(kubernetes: Path) -> Helm:
    return Helm(kubernetes)
