"""Whether a process lives and is ready: told soon, whatever a check does, and by nobody who must not."""

import json
import threading
from collections.abc import Callable, Iterator

import pytest

from bot.core.errors import ConfigurationError, StoreUnavailableError
from bot.telemetry.health import SLOW, STARTING, Health
from bot.telemetry.listener import Listener
from bot.telemetry.registry import Registry
from tests.support.waiting import wait_until
from tests.telemetry.asking import asked

NOBODY: Callable[[], str] = lambda: ""  # noqa: E731 - a name for what stands in for one


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def port(health: Health) -> Iterator[int]:
    listener = Listener(("127.0.0.1", 0), health, Registry())
    yield int(listener.start().rpartition(":")[2])
    listener.stop()


def test_a_process_lives_from_its_first_moment_and_is_ready_once_it_has_started(
    port: int, health: Health
) -> None:
    assert asked(port, "/livez") == (200, "ok")
    status, said = asked(port, "/readyz")
    assert (status, json.loads(said)) == (503, {"ready": False, "in_the_way": dict(STARTING)})
    health.watch({"database": NOBODY, "slack": NOBODY}, NOBODY)
    status, said = asked(port, "/readyz")
    assert (status, json.loads(said)) == (200, {"ready": True, "in_the_way": {}})


def test_what_is_in_the_way_is_named_and_the_process_lives_on(port: int, health: Health) -> None:
    def gone() -> str:
        raise StoreUnavailableError("The audit database cannot be reached.")

    def broken() -> str:
        raise ZeroDivisionError

    health.watch(
        {"database": gone, "slack": lambda: "is not connected", "odd": broken, "fine": NOBODY}, NOBODY
    )
    status, said = asked(port, "/readyz")
    assert status == 503
    assert json.loads(said)["in_the_way"] == {
        "database": "The audit database cannot be reached.", "slack": "is not connected",
        "odd": "failed (ZeroDivisionError)",
    }  # fmt: skip
    assert asked(port, "/livez") == (200, "ok")


def test_a_part_that_has_ended_is_no_life(port: int, health: Health) -> None:
    health.watch({}, lambda: "the thread “expiry” has ended")
    assert asked(port, "/livez") == (503, "the thread “expiry” has ended")


def test_a_process_that_ends_is_not_ready_any_more_but_lives(port: int, health: Health) -> None:
    health.watch({}, lambda: "the thread “expiry” has ended")
    health.end()
    assert asked(port, "/livez") == (200, "ok")
    assert json.loads(asked(port, "/readyz")[1])["in_the_way"] == {"process": "is ending"}


def test_of_a_check_that_hangs_there_is_one_and_everybody_gets_an_answer(
    health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telemetry.health.PATIENCE", 0.05)
    hangs, begun = threading.Event(), []

    def check() -> str:
        begun.append(1)
        hangs.wait()
        return ""

    health.watch({"database": check}, NOBODY)
    assert [health.in_the_way() for _ in range(5)] == [SLOW] * 5
    assert len(begun) == 1
    hangs.set()
    wait_until(lambda: health.in_the_way() == {})


def test_however_often_somebody_asks_a_check_is_made_once_a_moment() -> None:
    now, asked_at = [100.0], []

    def check() -> str:
        asked_at.append(now[0])
        return ""

    health = Health(ticks=lambda: now[0])
    health.watch({"database": check}, NOBODY)
    for _ in range(10):
        health.in_the_way()
    now[0] += 1.5
    health.in_the_way()
    assert asked_at == [100.0, 101.5]


def test_nothing_but_reading_is_understood(port: int) -> None:
    assert asked(port, "/livez", "POST")[0] == asked(port, "/readyz", "DELETE")[0] == 405
    assert asked(port, "/")[0] == 404


def test_an_address_that_is_taken_is_said_in_a_sentence(port: int, health: Health) -> None:
    with pytest.raises(
        ConfigurationError, match=rf'127\.0\.0\.1:{port} cannot be .*\[metrics\] listen, or "off"'
    ):
        Listener(("127.0.0.1", port), health, Registry()).start()
