"""Look, plan, approve, remove, audit: the unchanged bot over Socket Mode, on a real engine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import Deckhand
from bot.config import load
from bot.trial.workspace.messages import Message
from bot.trial.workspace.server import Workspace
from tests.support.engine import PrivateEngine

CONFIGURATION = """
[database]
url = "sqlite:///{folder}/deckhand.db"
[protect]
dangling_min_age = "0s"
[hosts.prod-3]
docker = "{url}"
tags = ["prod"]
[policies.default]
look = ["*"]
request = ["*"]
approve = ["U0ANN", "U0BOB"]
self_approval = false
"""


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with Workspace() as started:
        yield started


@pytest.fixture
def deckhand(workspace: Workspace, clean_engine: PrivateEngine, tmp_path: Path) -> Iterator[Deckhand]:
    file = tmp_path / "deckhand.toml"
    file.write_text(CONFIGURATION.format(folder=tmp_path, url=clean_engine.url))
    environment = {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": workspace.api_url,
    }
    bot = Deckhand(load(file, environment, for_slack=True))
    bot.start()
    workspace.wait_connected()
    yield bot
    bot.stop()


def shown(message: Message) -> str:
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


def with_text(workspace: Workspace, text: str) -> Message:
    def found() -> Message | None:
        return next((m for m in workspace.messages() if text in shown(m)), None)

    try:
        message = workspace.wait_for(found, timeout=8)
    except TimeoutError:
        said = [m.text for user in ("U0ANN", "U0BOB") for m in workspace.ephemerals(user)]
        pytest.fail(
            f"no message says {text!r}; privately: {said}; all: {[m.text for m in workspace.messages()]}"
        )
    assert message is not None
    return message


def private_answer(workspace: Workspace, user: str, text: str) -> None:
    workspace.wait_for(lambda: any(text in m.text for m in workspace.ephemerals(user)), timeout=8)


def images(engine: PrivateEngine) -> set[str]:
    return set(engine.docker("image", "ls", "-aq", "--no-trunc").split())


def test_what_was_approved_is_removed_and_nothing_else_and_the_audit_says_so(
    workspace: Workspace, deckhand: Deckhand, clean_engine: PrivateEngine, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    engine = clean_engine
    engine.build(["FROM scratch", "COPY busybox /bin/busybox", "LABEL keep=no"], "old:1")
    engine.docker("tag", "old:1", "old:2")
    engine.build(["FROM scratch", "COPY busybox /bin/busybox", "LABEL keep=yes"], "web:1")
    engine.docker("create", "--name", "web-1", "--network", "none", "web:1", "/bin/busybox", "true")
    before = images(engine)

    workspace.command("U0ANN", "/docker-df", "prod-3")
    report = with_text(workspace, "RECLAIMABLE")
    cli_rows = engine.docker(
        "system", "df", "--format", "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}"
    )
    table = next(block for block in report.blocks if block["type"] == "table")
    ours = [[cell["text"] for cell in row] for row in table["rows"][1:]]
    assert ours == [[cell.strip() for cell in line.split("|")] for line in cli_rows.strip().splitlines()]

    engine.docker("rm", "web-1")
    workspace.command("U0ANN", "/docker-prune", "prod-3 everything")
    proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
    engine.run("web:1")  # comes into use between plan and approval
    plan_id = next(
        element["value"]
        for block in proposed.blocks if block["type"] == "actions"
        for element in block["elements"] if element["action_id"] == "approve"
    )  # fmt: skip

    workspace.click("U0ANN", proposed.ts, "approve")
    private_answer(workspace, "U0ANN", "somebody else has to approve")
    workspace.click("U0BOB", proposed.ts, "approve")
    ended = with_text(workspace, "Cleanup done")
    assert ended.ts == proposed.ts
    assert "approve" not in [e.get("action_id") for b in ended.blocks for e in b.get("elements", [])]

    left = images(engine)
    assert left < before
    assert engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split() == ["web:1"]

    workspace.command("U0BOB", "/docker-audit", "prod-3")
    with_text(workspace, "The latest 1 cleanup on prod-3")
    record = audit(tmp_path, plan_id, monkeypatch, capsys)
    outcomes = {item["name"]: item["outcome"] for item in record["items"]}
    assert outcomes["old:1"] == "removed"
    assert outcomes["web:1"] == "kept"
    assert record["requested_by"] == "U0ANN"
    assert record["approved_by"] == ["U0BOB"]
    assert record["outcome"] == "partial"
    assert record["before"]
    assert record["after"]


def audit(
    folder: Path, plan_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    from bot.cli import cli  # noqa: PLC0415 - the shell's own entry, beside the bot

    monkeypatch.setenv("DECKHAND_CONFIG", str(folder / "deckhand.toml"))
    cli(["audit", "show", plan_id, "--json"], standalone_mode=False)
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def test_an_unknown_host_is_answered_privately_with_the_nearest_name(
    workspace: Workspace, deckhand: Deckhand
) -> None:
    workspace.command("U0ANN", "/docker-df", "prod-33")
    private_answer(workspace, "U0ANN", "Did you mean prod-3?")


def test_a_rejected_plan_removes_nothing_and_a_second_click_is_told_who_decided(
    workspace: Workspace, deckhand: Deckhand, clean_engine: PrivateEngine
) -> None:
    clean_engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "old:1")
    before = images(clean_engine)
    workspace.command("U0ANN", "/docker-prune", "prod-3 everything")
    proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
    workspace.click("U0BOB", proposed.ts, "reject")
    with_text(workspace, "Rejected by")
    assert images(clean_engine) == before
