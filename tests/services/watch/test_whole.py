"""Why a disk is full, on a real engine: containers whose log has no end are found, and no log is touched."""

from pathlib import Path

import pytest

from bot.core.docker.logs import NOT_KNOWN
from bot.core.errors import HostUnreachableError
from bot.core.watch.samples import REST
from bot.services.watch.histories import Histories
from bot.services.watch.whole import WhyFull
from tests.services.bench import HOST, Bench, Lead, UtcClock
from tests.services.decide.test_targets import DISK, OnItsDisk


def asking(bench: Bench, engine: OnItsDisk) -> WhyFull:
    histories = Histories(samples=bench.store.samples, audit=bench.store.audit, clock=UtcClock())
    return WhyFull(planning=bench.planning(Lead(engine)), engines=Lead(engine), histories=histories)


@pytest.mark.overlay2
def test_logs_without_an_end_are_found_in_running_and_stopped_containers_and_nothing_is_touched(
    bench: Bench,
) -> None:
    docker = bench.engine
    docker.base()
    shout = ("/bin/busybox", "sh", "-c", "echo hello")
    loud = docker.stopped("base:latest", "--name", "loud", command=shout)
    docker.run("base:latest", "--name", "endless", "--log-opt", "max-file=1")
    docker.stopped("base:latest", "--name", "short", "--log-opt", "max-size=1m", command=shout)
    docker.stopped("base:latest", "--name", "own", "--log-driver", "local", command=shout)
    (log,) = Path(docker.directory, "data", "containers", loud).glob("*-json.log")
    before = log.read_bytes()
    answer = asking(bench, OnItsDisk(bench.clients, lambda _call, _ids: None))(HOST)
    assert [one.name for one in answer.whole.logs.unbounded] == ["endless", "loud"]
    assert {one.name: one.driver for one in answer.whole.logs.containers} == {
        "loud": "json-file", "endless": "json-file", "short": "json-file", "own": "local",
    }  # fmt: skip
    assert answer.whole.logs.default == "json-file"
    assert answer.whole.disk == DISK
    assert sum(part.bytes or 0 for part in answer.whole.parts) == DISK.size
    (rest,) = [part for part in answer.whole.parts if part.name == REST]
    assert "2 containers with a log that grows without an end: endless, loud." in rest.advice.says
    assert b"hello" in before
    assert log.read_bytes() == before


def test_an_engine_that_does_not_tell_of_its_logs_tells_the_rest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.engine.base()

    def away(_self: OnItsDisk) -> None:
        raise HostUnreachableError(HOST, "it went away.")

    monkeypatch.setattr(OnItsDisk, "logs", away)
    answer = asking(bench, OnItsDisk(bench.clients, lambda _call, _ids: None))(HOST)
    assert answer.whole.logs == NOT_KNOWN
    assert answer.whole.disk == DISK
