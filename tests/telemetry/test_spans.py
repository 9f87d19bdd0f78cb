"""Traces, as a collector of OpenTelemetry's gets them from a bot that runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.trial.workspace.server import Workspace
from tests.slack.place import ANN
from tests.support.shell import DECKHAND, started
from tests.support.waiting import SECONDS, wait_until

CONFIGURATION = """
[hosts.prod-3]
docker = "unix:///nowhere.sock"
policy = "all"
[policies.all]
look = ["*"]
[metrics]
listen = "off"
"""
QUICKLY = {"OTEL_BSP_SCHEDULE_DELAY": "50"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deckhand.toml").write_text(CONFIGURATION)
    return tmp_path


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """A collector, by its address, and what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library calls it so
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                sent.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None: ...  # noqa: A002 - as the library has it

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", sent
        server.shutdown()
        thread.join()


def spans(sent: list[bytes]) -> list[Span]:
    return [
        span
        for body in list(sent)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def told(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def test_a_command_is_one_trace_with_the_look_that_failed_and_the_answer(
    folder: Path, workspace: Workspace
) -> None:
    with collecting() as (address, sent):
        environment = {**workspace.environment, **QUICKLY, "OTEL_EXPORTER_OTLP_ENDPOINT": address}
        with started(DECKHAND, "run", folder=folder, log=folder / "log", **environment):
            workspace.wait_connected()
            workspace.command(ANN, "/docker-df", "prod-3")
            wait_until(lambda: any(each.name == "/docker-df" for each in spans(sent)))
        found = spans(sent)  # the last of them are sent at the end of the process
    root = next(each for each in found if each.name == "/docker-df")
    parts = [each for each in found if each.trace_id == root.trace_id and each.span_id != root.span_id]
    look = next(each for each in parts if each.name == "look")
    assert told(look)["deckhand.host"] == "prod-3"
    assert look.status.message == "EngineUnavailableError"
    assert {each.name for each in parts} >= {"look", "database read", "slack users.info"}
    assert root.parent_span_id == b""
    ids = {each.span_id for each in found}
    assert all(each.parent_span_id in ids for each in parts)
    line = next(line for line in (folder / "log").read_text().splitlines() if "/docker-df of" in line)
    assert {told(each)["deckhand.trace"] for each in [root, *parts]} == {told(root)["deckhand.trace"]}
    assert told(root)["deckhand.trace"] in line
    everything = b"".join(sent)
    assert ANN.encode() not in everything, "nobody is named"
    assert workspace.bot_token.encode() not in everything
    assert b"nowhere.sock" not in everything, "of an error there is its kind"


def test_what_nobody_asked_for_makes_no_spans(folder: Path, workspace: Workspace) -> None:
    with collecting() as (address, sent):
        environment = {**workspace.environment, **QUICKLY, "OTEL_EXPORTER_OTLP_ENDPOINT": address}
        with started(DECKHAND, "run", folder=folder, log=folder / "log", **environment):
            workspace.wait_connected()
            workspace.command(ANN, "/docker-df", "prod-3")
            wait_until(lambda: any(each.name == "/docker-df" for each in spans(sent)))
        assert all(told(each).get("deckhand.trace") for each in spans(sent))


def test_a_collector_that_is_away_holds_nothing_up(folder: Path, workspace: Workspace) -> None:
    environment = {**workspace.environment, **QUICKLY, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    with started(DECKHAND, "run", folder=folder, log=folder / "log", **environment) as process:
        workspace.wait_connected()
        workspace.command(ANN, "/docker-df", "prod-3")
        wait_until(lambda: bool(workspace.ephemerals(ANN) or workspace.messages()))
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_without_the_packages_it_says_what_to_install_and_runs_as_ever(
    folder: Path, workspace: Workspace
) -> None:
    absent = folder / "absent"
    (absent / "opentelemetry").mkdir(parents=True)
    (absent / "opentelemetry/__init__.py").write_text("raise ImportError('it is not here')\n")
    environment = {
        **workspace.environment, "PYTHONPATH": str(absent), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
    }  # fmt: skip
    with started(DECKHAND, "run", folder=folder, log=folder / "log", **environment):
        workspace.wait_connected()
    assert "nothing is traced: install deckhand[traces]" in (folder / "log").read_text()
