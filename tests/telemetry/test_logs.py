"""What is logged: for people or for machines, each line of a click with its one id, and no secret in any."""

import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

import pytest

from bot.config.settings import load
from bot.core.errors import ConfigurationError
from bot.core.traces import carried, trace, trace_of, traced
from bot.process.logs import log_to_stderr
from bot.services.lanes import Lane
from bot.store.opening import open_store
from bot.trial.sample.server import SampleEngine
from bot.trial.workspace.server import Workspace
from tests.slack.place import ANN, BOB, OPEN_TO_ALL, team, universe, write_configuration
from tests.support.conversation import plan_of, with_text
from tests.support.lying.hostile import HOSTILE
from tests.support.shell import DECKHAND, started
from tests.support.waiting import wait_until

TOKEN = "xoxb-a-token-of-nobody"  # noqa: S105 - of nobody


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., io.StringIO]]:
    """A function that sets the log up with these arguments, and gives what is written from then on."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    root.handlers.clear()

    def set_up(*arguments: Any, **named: Any) -> io.StringIO:
        written = io.StringIO()
        monkeypatch.setattr(sys, "stderr", written)
        log_to_stderr(*arguments, **named)
        return written

    yield set_up
    root.handlers[:], root.level = before, level


def test_a_line_of_json_says_all_and_drives_no_terminal(begin: Callable[..., io.StringIO]) -> None:
    log = begin("json")
    with traced("abc", "cause"):
        logging.getLogger("bot").error("host %s", HOSTILE, exc_info=ValueError(HOSTILE))
    (line,) = log.getvalue().splitlines()
    said = json.loads(line)
    assert line.isascii()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said["time"])
    assert (said["level"], said["logger"], said["trace"]) == ("error", "bot", "abc")
    assert "ValueError" in said["error"]
    assert "\x1b" not in said["message"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_record_shows_a_secret_whatever_it_is_in(begin: Callable[..., io.StringIO], form: str) -> None:
    log = begin(form, secrets=[TOKEN, "short"])
    logging.getLogger("bot").error("token %s is short", TOKEN, exc_info=ValueError(f"with {TOKEN}"))
    assert TOKEN not in log.getvalue()
    assert log.getvalue().count("(secret)") == 2
    assert "is short" in log.getvalue()


@pytest.mark.parametrize("written", ["p4ssw%40rd-of-nobody", "p@ss:w/rd-of-nobody"])
def test_the_password_of_the_database_is_such_a_secret(tmp_path: Path, written: str) -> None:
    file = tmp_path / "deckhand.toml"
    file.write_text('[hosts.a]\ndocker = "unix:///var/run/docker.sock"\n')
    settings = load(file, {"DECKHAND_DATABASE_URL": f"postgresql://deckhand:{written}@db:5432/deckhand"})
    assert {written, unquote(written)} <= set(settings.secrets())
    assert load(file, {"DECKHAND_DATABASE_URL": "sqlite:////var/lib/a:b@c.db"}).secrets() == ()


def test_the_level_is_by_logger(begin: Callable[..., io.StringIO]) -> None:
    log = begin(level="warning", levels={"bot.engines": "debug", "urllib3": "info"})
    for name in ("bot.slack", "bot.engines.ssh", "urllib3", "slack_sdk"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logging.getLogger(name).log(level, "said")
    logging.getLogger("bot.engines").setLevel(logging.NOTSET)
    found = re.findall(r"(DEBUG|INFO|WARNING) (\S+):", log.getvalue())
    assert found == [
        ("WARNING", "bot.slack"), ("DEBUG", "bot.engines.ssh"), ("INFO", "bot.engines.ssh"),
        ("WARNING", "bot.engines.ssh"), ("INFO", "urllib3"), ("WARNING", "urllib3"), ("WARNING", "slack_sdk"),
    ]  # fmt: skip


def test_the_file_says_how_and_a_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "deckhand.toml"
    host = '[hosts.a]\ndocker = "unix:///var/run/docker.sock"\n'
    file.write_text(host + '[log]\nformat = "json"\nlevel = "debug"\nlevels = { urllib3 = "info" }\n')
    log = load(file, {}).log
    assert (log.form, log.level, dict(log.levels)) == ("json", "debug", {"urllib3": "info"})
    for wrong, key in (
        ('level = "loud"', "log.level"),
        ('levels = { a = "loud" }', "log.levels.a"),
        ("x = 1", "log.x"),
    ):
        file.write_text(f"{host}[log]\n{wrong}\n")
        with pytest.raises(ConfigurationError, match=re.escape(f"{file}: {key}: ")):
            load(file, {})


def test_work_in_another_thread_goes_on_under_the_same_id() -> None:
    lane = Lane("test", 1)
    with traced("one", "cause"):
        first = lane.submit(trace)
        with ThreadPoolExecutor(1) as pool:
            beside = pool.submit(carried(trace))
    assert [first.result(20), beside.result(20), lane.submit(trace).result(20), trace()] == [
        "one",
        "one",
        "",
        "",
    ]
    lane.close(drop=True)


def test_one_delivery_has_one_id_wherever_it_arrives() -> None:
    assert trace_of("1.2.abc") == trace_of("1.2.abc") != trace_of("1.2.abd")
    assert re.fullmatch(r"[0-9a-z]{10}", trace_of("\ud800"))


def test_a_click_has_one_id_from_slacks_door_to_the_engine_and_the_audit(tmp_path: Path) -> None:
    with ExitStack() as stack:
        short = stack.enter_context(TemporaryDirectory(prefix="dh-", dir="/tmp"))
        engine = stack.enter_context(
            SampleEngine(socket_path=Path(short) / "engine.sock", universe=universe())
        )
        workspace = stack.enter_context(Workspace(team=team()))
        more = f'{OPEN_TO_ALL}[metrics]\nlisten = "off"\n[log]\nformat = "json"\nlevels = {{ urllib3 = "debug" }}\n'
        write_configuration(tmp_path, engine, more)
        stack.enter_context(
            started(DECKHAND, "run", folder=tmp_path, log=tmp_path / "log", **workspace.environment)
        )
        workspace.wait_connected()
        workspace.command(ANN, "/docker-prune", "prod-3 everything arrival=build")
        proposed = with_text(workspace, "Cleanup plan: everything on prod-3")
        workspace.click(BOB, proposed.ts, "approve")
        with_text(workspace, "Cleanup done")

        def lines() -> list[dict[str, str]]:
            return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]

        wait_until(lambda: any("approve" in line["message"] for line in lines()))
        asked = next(line for line in lines() if line["message"] == f"/docker-prune of {ANN}")
        approved = next(line for line in lines() if "approve of" in line["message"])
        of_asked = [line for line in lines() if line.get("trace") == asked["trace"]]
        assert {"bot.slack.door.routing", "urllib3.connectionpool"} <= {line["logger"] for line in of_asked}
        assert any("/images/" in line["message"] for line in of_asked)
        plan = plan_of(proposed)
        assert any(line.get("trace") == f"cleanup {plan}" for line in lines())
        with closing(open_store(f"sqlite:///{tmp_path / 'deckhand.db'}", migrate=False)) as store:
            told = {str(link.event.tag): link.event.facts.get("trace") for link in store.audit.events(plan)}
            assert store.chain.verify().broken is None
            assert store.chain.compare().differences == ()
    assert told["slack:plan:proposed"] == asked["trace"]
    assert told["slack:plan:approved"] == approved["trace"]
    assert told["deckhand:cleanup:finished"] == f"cleanup {plan}"
