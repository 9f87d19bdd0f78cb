"""Restore, end to end: a real engine, a real registry, the unchanged bot over Socket Mode, and the shell."""

import json
from pathlib import Path

import pytest

from bot.trial.workspace.server import Workspace
from tests.e2e.conftest import RunDeckhand, write_configuration
from tests.services.bench import imported
from tests.support.conversation import plan_of, shown, with_text
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.registry import private_registry
from tests.support.shell import program
from tests.support.waiting import SECONDS

DOCKERFILE = ["FROM scratch", "COPY busybox /bin/busybox", "LABEL built=here"]


@pytest.fixture
def configuration(clean_engine: PrivateEngine, tmp_path: Path) -> Path:
    file = write_configuration(tmp_path, f'docker = "{clean_engine.url}"')
    file.write_text(file.read_text() + 'restore = ["U0BOB"]\n')
    return file


def tags(engine: PrivateEngine) -> dict[str, str]:
    lines = engine.docker("image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    return dict(line.split() for line in lines.splitlines())


def test_a_removed_image_is_pulled_again_under_its_old_names_and_the_audit_says_so(
    workspace: Workspace, run_deckhand: RunDeckhand, configuration: Path, clean_engine: PrivateEngine
) -> None:
    engine = clean_engine
    with private_registry() as registry:
        name = f"{registry.address}/shop/app:1.0"
        imported(engine, name)
        engine.docker("push", "--quiet", name)
        engine.docker("rmi", name)
        engine.docker("pull", "--quiet", name)
        engine.docker("tag", name, "app:stable")
        engine.build(DOCKERFILE, "built:here")
        before = tags(engine)
        run_deckhand(configuration)

        workspace.command("U0ANN", "/docker-prune", "prod-3 everything")
        proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
        plan_id = plan_of(proposed)
        assert "that no registry has" in shown(proposed)
        assert "1 image can be pulled again" in shown(proposed)
        workspace.click("U0BOB", proposed.ts, "approve")
        done = with_text(workspace, "Cleanup done")
        assert tags(engine) == {}

        workspace.click("U0BOB", done.ts, "restore")
        workspace.wait_for(lambda: "*Restore*: 1 restored" in shown(workspace.message(done.ts)), SECONDS)
    assert tags(engine) == {tag: image for tag, image in before.items() if tag != "built:here"}

    folder, file = configuration.parent, str(configuration)
    printed = program("audit", "show", plan_id, "--json", "--config", file, folder=folder)
    record = json.loads(printed.stdout)
    assert [image["outcome"] for image in record["restored"]["images"]] == ["restored"]
    assert record["restored"]["asked_by"] == "U0BOB"
    assert [image["id"] for image in record["restorable"]] == [before["app:stable"]]
    assert [event["tag"] for event in record["events"]][-3:] == [
        "slack:restore:asked", "deckhand:restore:image", "deckhand:restore:ended",
    ]  # fmt: skip
    spoken = program("audit", "show", plan_id, "--config", file, folder=folder).stdout
    assert "1 removed image can be pulled again (Restore, in Slack), from:" in spoken
    assert f"{name.removesuffix(':1.0')}@sha256:" in spoken
    listed = program("audit", "list", "shop/app:1.0", "--json", "--config", file, folder=folder)
    assert [cleanup["plan"] for cleanup in json.loads(listed.stdout)] == [plan_id]
    assert program("audit", "verify", "--config", file, folder=folder).returncode == 0
