"""What operators count: true of a whole cleanup, in the field's names, without a person's or a plan's id in it."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.app import Deckhand
from bot.config.settings import load
from bot.core.audit.events import Event, Tag
from bot.core.docker.usage import DiskSpace, DiskUsage, LastLook, UsageRow
from bot.core.errors import StoreUnavailableError
from bot.ports.metrics import Counted, Figures
from bot.telemetry.health import Health
from bot.telemetry.listener import Listener
from bot.telemetry.registry import Registry
from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, team, universe, write_configuration
from tests.support.conversation import plan_of, with_text
from tests.support.machines.needs import program
from tests.support.waiting import wait_until

MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
ALERTS = yaml.safe_load((MONITORING / "alerts.yaml").read_text(encoding="utf-8"))
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))


def scraped(registry: Registry) -> str:
    body, kind = registry.scraped("text/plain")
    assert kind.startswith("text/plain")
    return body.decode()


def value(registry: Registry, sample: str, **labels: str) -> float | None:
    """Of one sample; None where there is none with these labels."""
    found = [
        one.value
        for family in text_string_to_metric_families(scraped(registry))
        for one in family.samples
        if one.name == sample and one.labels == labels
    ]
    return found[0] if found else None


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def cleaned(registry: Registry, tmp_path: Path) -> Iterator[str]:
    """A host that was looked at and cleaned up, and one that nobody reaches; the id of the plan."""
    with ExitStack() as closing:
        short = closing.enter_context(TemporaryDirectory(prefix="dh-", dir="/tmp"))
        engine = closing.enter_context(
            SampleEngine(socket_path=Path(short) / "engine.sock", universe=universe())
        )
        workspace = closing.enter_context(Workspace(team=team()))
        more = f'[hosts.gone]\ndocker = "unix:///nowhere.sock"\n{OPEN_TO_ALL}'
        file = write_configuration(tmp_path, engine, more)
        bot = Deckhand(load(file, workspace.environment, for_slack=True), registry)
        bot.start()
        closing.callback(bot.stop)
        workspace.wait_connected()
        workspace.command(ANN, "/docker-df", "gone")
        workspace.command(ANN, "/docker-df", "prod-3")
        with_text(workspace, "can go now")
        workspace.command(ANN, "/docker-prune", "prod-3 everything arrival=build")
        proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
        workspace.click(BOB, proposed.ts, "approve")
        with_text(workspace, "Cleanup done")
        wait_until(lambda: value(registry, "deckhand_host_look_failures_total", host="gone") == 1)
        yield plan_of(proposed)


def test_a_whole_cleanup_is_counted(registry: Registry, cleaned: str) -> None:
    wait_until(lambda: value(registry, "deckhand_plans", state="done") == 1)
    assert value(registry, "deckhand_cleanups_total", outcome="done") == 1
    assert value(registry, "deckhand_items_total", outcome="removed") == 2
    assert value(registry, "deckhand_reclaimed_bytes_total") == 10**9
    assert value(registry, "deckhand_audit_events_total", tag=str(Tag.PLAN_PROPOSED)) == 1
    assert value(registry, "deckhand_docker_size_bytes", host="prod-3", kind="images") is not None
    assert value(registry, "deckhand_host_sample_timestamp_seconds", host="gone") is None
    assert value(registry, "deckhand_hosts") == 2
    assert value(registry, "deckhand_slack_connected") == 1
    assert value(registry, "deckhand_audit_head") == sum(
        one.value
        for family in text_string_to_metric_families(scraped(registry))
        for one in family.samples
        if one.name == "deckhand_audit_events_total"
    )
    assert (value(registry, "deckhand_slack_calls_total", method="chat.postMessage", outcome="ok") or 0) > 0
    assert (value(registry, "deckhand_look_duration_seconds_count", outcome="ok") or 0) > 1
    transactions = value(
        registry, "deckhand_database_transaction_duration_seconds_count", kind="write", outcome="ok"
    )
    assert (transactions or 0) > 0


def test_no_label_names_a_person_or_a_plan(registry: Registry, cleaned: str) -> None:
    text = scraped(registry)
    assert cleaned not in text
    assert re.search(r"U0[A-Z]+|C0[A-Z]+|T0[A-Z]+", text) is None
    labels = {
        name
        for family in text_string_to_metric_families(text)
        if family.name.startswith("deckhand_")
        for one in family.samples
        for name in one.labels
    }
    assert labels <= {"host", "kind", "le", "method", "outcome", "queue", "state", "tag", "version"}


def test_prometheus_own_tool_finds_nothing_to_say_of_names_and_units(
    registry: Registry, cleaned: str
) -> None:
    text = "".join(line for line in scraped(registry).splitlines(keepends=True) if "deckhand_" in line)
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_where_the_database_is_away_that_is_said_and_the_rest_is_there(registry: Registry) -> None:
    def away() -> Figures:
        raise StoreUnavailableError("The audit database cannot be reached.")

    registry.watch(away)
    registry.written(Event(tag=Tag.PLAN_EXPIRED))
    assert value(registry, "deckhand_figures_known") == 0
    assert value(registry, "deckhand_plans", state="done") is None
    assert value(registry, "deckhand_audit_events_total", tag=str(Tag.PLAN_EXPIRED)) == 1


def test_what_a_host_showed_is_told_with_its_moment_and_what_was_not_counted_is_left_out(
    registry: Registry,
) -> None:
    rows = (
        UsageRow(type="Images", total=2, active=1, size=900, reclaimable=300),
        UsageRow(type="Local Volumes", total=0, active=0, size=0, reclaimable=0, known=False),
    )
    disk = DiskSpace(size=1000, free=250, inodes=100, free_inodes=40)
    seen = datetime(2026, 11, 26, 6, tzinfo=UTC)
    looks = {
        "web-1": LastLook(at=seen, usage=DiskUsage(rows=rows), disk=disk),
        "db-1": LastLook(at=seen, usage=DiskUsage(rows=rows)),
    }
    registry.watch(lambda: Figures(counted=Counted(), looks=looks, hosts=3, slack_connected=False))
    told = {
        name: value(registry, f"deckhand_host_{name}", host="web-1")
        for name in (
            "disk_size_bytes",
            "disk_free_bytes",
            "disk_inodes",
            "disk_inodes_free",
            "sample_timestamp_seconds",
        )
    }
    assert [*told.values()] == [1000, 250, 100, 40, seen.timestamp()]
    assert value(registry, "deckhand_docker_reclaimable_bytes", host="web-1", kind="images") == 300
    assert value(registry, "deckhand_docker_size_bytes", host="web-1", kind="local_volumes") is None
    assert value(registry, "deckhand_host_disk_size_bytes", host="db-1") is None
    assert value(registry, "deckhand_slack_connected") == 0


def test_queues_show_what_waits_and_for_how_long(registry: Registry) -> None:
    begun = registry.queued("read")
    registry.queued("read")
    assert value(registry, "deckhand_queue_waiting", queue="read") == 2
    begun()
    assert value(registry, "deckhand_queue_waiting", queue="read") == 1
    assert value(registry, "deckhand_queue_wait_seconds_count", queue="read") == 1


def test_a_scrape_over_http_is_in_the_format_that_it_asks_for(registry: Registry) -> None:
    listener = Listener(("127.0.0.1", 0), Health(), registry)
    port = int(listener.start().rpartition(":")[2])
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "GET", "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
        answer = connection.getresponse()
        assert (answer.getheader("content-type") or "").startswith("application/openmetrics-text")
        assert answer.read().decode().endswith("# EOF\n")
        connection.close()
    finally:
        listener.stop()


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/openmetrics-text; version=abc", ";;=,=", "\x00" * 99]
)
def test_whatever_a_scrape_accepts_it_gets_an_answer(registry: Registry, accept: str) -> None:
    body, kind = registry.scraped(accept)
    assert kind.startswith("text/plain")
    assert b"deckhand_build_info" in body


def expressions() -> list[str]:
    rules = [rule["expr"] for group in ALERTS["groups"] for rule in group["rules"]]
    return [*rules, *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])]


def test_alerts_and_the_dashboard_ask_for_nothing_that_does_not_exist(
    registry: Registry, cleaned: str
) -> None:
    registry.paused_by_slack(1)
    text = scraped(registry)
    there = {one.name for family in text_string_to_metric_families(text) for one in family.samples}
    there |= set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))  # a family may have no sample yet
    there.add("deckhand_plan_oldest_waiting_timestamp_seconds")  # where a plan waits
    asked = {name for text in expressions() for name in re.findall(r"deckhand_[a-z_]+", text)}
    assert len(asked) > 15
    assert asked - there == set()


def test_prometheus_understands_every_rule_and_every_panel(tmp_path: Path) -> None:
    groups: dict[str, Any] = {
        "groups": [
            {"name": "panels", "rules": [
                {"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())
            ]}
        ]
    }  # fmt: skip
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump(groups))
    for file in (MONITORING / "alerts.yaml", tmp_path / "panels.yaml"):
        checked = subprocess.run(
            [program("promtool"), "check", "rules", file], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
