"""Every golden, and both manifests, compiled against the types that Slack publishes: an outside word on each field."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.kit.native import data_table

ROOT = Path(__file__).parents[2]
PINNED = ROOT / "tests" / "support" / "published"
INSTALLED = Path(
    os.environ.get("DECKHAND_TEST_SLACK_TYPES", Path.home() / ".cache" / "deckhand-tests" / "slack-types")
)
COMPILER = INSTALLED / "node_modules" / "typescript" / "bin" / "tsc"
GOLDENS = sorted(
    [*ROOT.glob("tests/slack/goldens/*.json"), *ROOT.glob("tests/slack/plan/forms/goldens/*.json")]
)
MANIFESTS = sorted((ROOT / "deploy").glob("slack-manifest*.yaml"))
STRICT = ("--noEmit", "--strict", "--skipLibCheck", "--moduleResolution", "node16", "--module", "node16")
NEWER = frozenset({"data_visualization"})
"""Blocks that Slack documents and its types do not have yet: tests/slack/kit/test_native.py holds them to that."""
_HEAD = """import type {HomeView, KnownBlock, ModalView} from "@slack/types";
import type {Manifest} from "@slack/web-api/dist/types/request/manifest.js";
type Message = {text: string; blocks: KnownBlock[]};
"""


def why_not() -> str:
    """What is missing; empty where nothing is."""
    if shutil.which("node") is None:
        return "there is no node here; apt-get install nodejs npm, then tests/run"
    if not COMPILER.exists():
        return (
            f"the published types are not in {INSTALLED}: tests/run fetches them where npm reaches a registry"
        )
    if (INSTALLED / "package-lock.json").read_bytes() != (PINNED / "package-lock.json").read_bytes():
        return f"{INSTALLED} has other versions than {PINNED.relative_to(ROOT)} pins: tests/run fetches those"
    return ""


published = pytest.mark.skipif(bool(why_not()), reason=why_not())


def compiled(literals: Mapping[str, tuple[str, Any]], folder: Path) -> list[str]:
    """What the compiler says of each: a type, and what is to be one of it."""
    said = [
        f"export const {name} = {json.dumps(value)} satisfies {kind};"
        for name, (kind, value) in literals.items()
    ]
    (folder / "node_modules").symlink_to(INSTALLED / "node_modules")
    file = folder / "literals.ts"
    file.write_text(_HEAD + "\n".join(said) + "\n", encoding="utf-8")
    node = shutil.which("node")
    assert node is not None
    ended = subprocess.run(
        [node, COMPILER, *STRICT, file.name],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not ended.stderr
    first = 1 + _HEAD.count("\n")
    names = list(literals)
    return [
        f"{names[int(line.split('(')[1].split(',')[0]) - first]}: {line.partition(': ')[2]}"
        if line.startswith(file.name)
        else line
        for line in ended.stdout.splitlines()
    ]


def typed(golden: Path) -> tuple[str, Any]:
    """A golden with the type that it is to be of."""
    value = json.loads(golden.read_text(encoding="utf-8"))
    kind = {"home": "HomeView", "modal": "ModalView"}.get(value.get("type"), "Message")
    value["blocks"] = [block for block in value["blocks"] if block["type"] not in NEWER]
    return kind, value


@published
def test_every_golden_is_of_the_types_that_slack_publishes(tmp_path: Path) -> None:
    literals = {f"{golden.stem}_{number}": typed(golden) for number, golden in enumerate(GOLDENS)}
    fleet = data_table("2 hosts", ("HOST", "SIZE"), [("prod-3", "1GB"), ("ci-1", "2GB")])
    literals["fleet"] = ("Message", {"text": "2 hosts", "blocks": [fleet]})
    assert len(literals) > 70
    assert {kind for kind, _ in literals.values()} == {"HomeView", "ModalView", "Message"}
    assert compiled(literals, tmp_path) == []


@published
def test_both_manifests_are_of_the_type_that_slack_publishes(tmp_path: Path) -> None:
    literals = {
        f"manifest_{number}": ("Manifest", yaml.safe_load(manifest.read_text(encoding="utf-8")))
        for number, manifest in enumerate(MANIFESTS)
    }
    assert len(literals) == len(["socket", "http"])
    assert compiled(literals, tmp_path) == []


@published
def test_what_slack_would_refuse_is_no_such_type(tmp_path: Path) -> None:
    """So that the two above can fail."""
    wrong = {
        "misspelt": ("Message", {"text": "", "blocks": [{"type": "section", "txt": {"type": "mrkdwn", "text": ""}}]}),
        "unknown": ("Message", {"text": "", "blocks": [{"type": "sectoin"}]}),
        "no_scope": ("Manifest", {"display_information": {"name": "x"}, "oauth_config": {"scopes": {"bot": ["x:y"]}}}),
    }  # fmt: skip
    said = compiled(wrong, tmp_path)
    assert {line.partition(":")[0] for line in said if not line.startswith(" ")} == set(wrong)
