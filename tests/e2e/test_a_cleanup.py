"""Look, plan, approve, remove, audit: the unchanged bot over Socket Mode, on a real engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.trial.workspace.server import Workspace
from tests.conftest import StartSshd
from tests.e2e.conftest import RunDeckhand, write_configuration
from tests.support.conversation import action_ids, plan_of, private_answer, with_text
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.postgres import PrivatePostgres
from tests.support.shell import program


@pytest.fixture(params=["a socket and SQLite", "SSH and PostgreSQL"])
def configuration(request: pytest.FixtureRequest, clean_engine: PrivateEngine, tmp_path: Path) -> Path:
    if request.param == "a socket and SQLite":
        return write_configuration(tmp_path, f'docker = "{clean_engine.url}"')
    start_sshd: StartSshd = request.getfixturevalue("sshd")
    postgres: PrivatePostgres = request.getfixturevalue("postgres")
    # Where the server forbids forwarding, no socket but the one of our own engine can be reached.
    server = start_sshd(settings=("AllowStreamLocalForwarding no",), docker_host=clean_engine.url)
    host = (
        f'ssh = "{server.user}@{server.address}:{server.port}"\nidentity = "{server.identity}"\n'
        f'known_hosts = "{server.known_hosts}"'
    )
    return write_configuration(tmp_path, host, postgres.url(postgres.new_database()))


def images(engine: PrivateEngine) -> set[str]:
    return set(engine.docker("image", "ls", "-aq", "--no-trunc").split())


def dockers_own_table(engine: PrivateEngine) -> list[list[str]]:
    figures = "{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}"
    lines = engine.docker("system", "df", "--format", figures).strip().splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def test_what_was_approved_is_removed_and_nothing_else_and_the_audit_says_so(
    workspace: Workspace, run_deckhand: RunDeckhand, configuration: Path, clean_engine: PrivateEngine
) -> None:
    engine = clean_engine
    engine.build(["FROM scratch", "COPY busybox /bin/busybox", "LABEL keep=no"], "old:1")
    engine.docker("tag", "old:1", "old:2")
    engine.build(["FROM scratch", "COPY busybox /bin/busybox", "LABEL keep=yes"], "web:1")
    engine.docker("create", "--name", "web-1", "--network", "none", "web:1", "/bin/busybox", "true")
    before = images(engine)
    run_deckhand(configuration)

    workspace.command("U0ANN", "/docker-df", "prod-3")
    report = with_text(workspace, "can go now")
    workspace.click("U0ANN", report.ts, "details")
    (details,) = workspace.wait_for(lambda: workspace.thread(report.ts)[1:2])
    table = next(block for block in details.blocks if block["type"] == "table")
    assert [[cell["text"] for cell in row] for row in table["rows"][1:]] == dockers_own_table(engine)

    engine.docker("rm", "web-1")
    workspace.command("U0ANN", "/docker-prune", "prod-3 everything")
    proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
    plan_id = plan_of(proposed)
    engine.run("web:1")  # comes into use between plan and approval

    workspace.click("U0ANN", proposed.ts, "approve")
    private_answer(workspace, "U0ANN", "somebody else has to approve")
    workspace.click("U0BOB", proposed.ts, "approve")
    ended = with_text(workspace, "Cleanup done")
    assert ended.ts == proposed.ts
    assert not {"approve", "reject"} & {*action_ids(ended)}
    assert images(engine) < before
    assert engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split() == ["web:1"]

    workspace.command("U0BOB", "/docker-audit", "prod-3")
    with_text(workspace, "The latest cleanup on prod-3")
    record = audited(configuration, plan_id)
    outcomes = {item["name"]: item["outcome"] for item in record["items"]}
    assert (outcomes.pop("old:1"), outcomes.pop("web:1")) == ("removed", "kept")
    # What the classic builder leaves under web:1: on the containerd store nothing hangs on it.
    assert set(outcomes.values()) == {"removed" if engine.containerd_store else "kept"}
    assert (record["requested_by"], record["approved_by"]) == ("U0ANN", ["U0BOB"])
    assert record["outcome"] == "partial"
    assert record["measured_bytes"] is not None, "the disk was asked before and after"
    assert [row["total"] for row in record["before"]] == [2, 1, 0, 0]
    assert [row["total"] for row in record["after"]] == [1, 1, 0, 0]
    verified = program("audit", "verify", "--config", str(configuration), folder=configuration.parent)
    assert verified.returncode == 0, verified.stderr


def audited(configuration: Path, plan_id: str) -> dict[str, Any]:
    """The record of a cleanup as another process reads it."""
    ended = program(
        "audit", "show", plan_id, "--json", "--config", str(configuration), folder=configuration.parent
    )
    assert ended.returncode == 0, ended.stderr
    record: dict[str, Any] = json.loads(ended.stdout)
    return record


@pytest.fixture
def by_socket(clean_engine: PrivateEngine, tmp_path: Path, run_deckhand: RunDeckhand) -> None:
    run_deckhand(write_configuration(tmp_path, f'docker = "{clean_engine.url}"'))


def test_hosts_are_listed_and_an_unknown_one_is_answered_with_the_nearest_name(
    workspace: Workspace, by_socket: None
) -> None:
    workspace.command("U0ANN", "/docker-df")
    with_text(workspace, "1 registered host")
    workspace.command("U0ANN", "/docker-df", "prod-33")
    private_answer(workspace, "U0ANN", "Did you mean prod-3?")


def test_a_rejected_plan_removes_nothing_and_a_second_click_is_told_who_decided(
    workspace: Workspace, by_socket: None, clean_engine: PrivateEngine
) -> None:
    clean_engine.build(["FROM scratch", "COPY busybox /bin/busybox"], "old:1")
    before = images(clean_engine)
    workspace.command("U0ANN", "/docker-df", "prod-3")
    report = with_text(workspace, "can go now")
    workspace.click("U0ANN", report.ts, "propose:everything")
    proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
    workspace.click("U0BOB", proposed.ts, "reject")
    workspace.wait_for(lambda: workspace.view("U0BOB"))
    assert workspace.submit_view("U0BOB", {"reason": "not now"}).ok
    rejected = with_text(workspace, "Rejected by <@U0BOB>")
    assert action_ids(rejected) == ["plan_afresh"]
    # A form that Slack delivers once more.
    workspace.redeliver()
    private_answer(workspace, "U0BOB", "This plan is already rejected by <@U0BOB>")
    assert images(clean_engine) == before
