"""A restoring ends, whatever an engine and its registries say: each image has its outcome, and so has the audit."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from bot.core.audit.events import Tag
from bot.core.life.restoring import Restored, RestoreStatus
from bot.core.rules.hosts import Hosts, SocketAddress
from bot.engines.clients import Clients
from bot.engines.held import HeldDockerEngine
from bot.engines.limits import Limits
from bot.services.leases import Leases
from bot.services.rules.rights import Rights
from bot.services.run import restore as restoring
from bot.services.run.restore import Restore
from bot.store.opening import Store
from tests.services.bench import ANNA, Lead
from tests.services.run.test_restoring import RESTORERS
from tests.store.cleaned import cleaned
from tests.store.samples import ENGINE, the
from tests.support.lying.engine import VERSION, Liar, answer, honest_at_first, liar
from tests.support.lying.holding import unproven
from tests.support.machines.hosts import HOST, QUICK, registered
from tests.support.people import NoGroups

KNOWN = {
    "/info": answer(
        json.dumps(
            {"ID": ENGINE.id, "Name": ENGINE.name, "DockerRootDir": ENGINE.data_root, "Driver": ENGINE.store}
        ).encode()
    ),
    "/version": answer(VERSION),
}
GONE = answer(b'{"message": "No such image"}', "404 Not Found")
Told = Callable[[], bytes | Iterable[bytes]]

UNREADABLE: dict[str, bytes] = {
    "no JSON": b"Pulling from team/app\n",
    "half a report": b'{"status": "Pull',
    "a list": b'[{"status": "Pulling"}]\n',
    "a number": b"7\n",
    "null": b"null\n",
    "no text": b"\xff\xfe\n",
    "a deep report": b'{"error": ' + b"[" * 100_000 + b"\n",
    "one line without an end": b'{"status": "' + b"x" * 200_000,
    "an error that is no text": b'{"error": {"message": "no"}}\n',
    "an error with a status that is none": b'{"error": "no", "errorDetail": {"code": "x"}}\n',
    "an error with a status beyond all numbers": b'{"error": "no", "errorDetail": {"code": 1'
    + b"0" * 5_000
    + b"}}\n",
    "details that are a list": b'{"error": "no", "errorDetail": []}\n',
    "not a number": b'{"error": NaN}\n',
}


@contextmanager
def restorer(store: Store, told: Told, limits: Limits = QUICK) -> Iterator[tuple[Restore, Liar]]:
    """What restores the images of the plan “a” from an engine that has none, and pulls as it is told."""

    def lie(method: str, path: str) -> bytes | Iterable[bytes]:
        if path in KNOWN:
            return KNOWN[path]
        return told() if method == "POST" else GONE

    with liar(honest_at_first(lie)) as one:
        hosts = registered(SocketAddress(url=one.url))
        named = Hosts({HOST: replace(hosts[HOST], policy=RESTORERS)})
        with closing(Clients(hosts, limits=limits, ssh_config=None)) as clients:
            engine = HeldDockerEngine(HOST, unproven(lambda: clients.client(HOST)))
            yield (
                Restore(
                    hosts=lambda: named,
                    rights=Rights(directory=NoGroups()),
                    plans=store.plans,
                    trail=store.trail,
                    restores=store.restores,
                    engines=Lead(engine),
                    leases=Leases(claims=store.restores, owner="one", ticks=time.monotonic),
                    changed=lambda: None,
                    stopping=lambda: False,
                ),
                one,
            )


def reasons(store: Store, work: Restore) -> list[str]:
    """Why each image failed, as the plan and the audit have it; the restoring has ended."""
    work.ask("a", ANNA)
    work("a")
    state = the(store, "a").restoring
    assert state is not None
    assert state.status is RestoreStatus.ENDED
    assert store.restores.claimable() == ()
    assert {image.outcome for image in state.images} == {Restored.FAILED}
    events = [link.event for link in store.audit.events("a")]
    told = [event.facts["reason"] for event in events if event.tag is Tag.RESTORE_IMAGE]
    assert told == [image.reason for image in state.images]
    assert events[-1].tag is Tag.RESTORE_ENDED
    assert store.chain.verify().broken is None
    return [str(reason) for reason in told]


@pytest.mark.parametrize("report", UNREADABLE.values(), ids=UNREADABLE)
def test_a_report_that_cannot_be_read_is_a_failed_image_and_the_next_is_tried(
    store: Store, report: bytes
) -> None:
    images = len(cleaned(store, "a").restorable)
    with restorer(store, lambda: answer(report)) as (work, one):
        found = reasons(store, work)
        assert len([path for method, path in one.asked if method == "POST"]) == images == len(found)
    assert all("could not be pulled" in reason for reason in found)


def test_a_registry_that_never_ends_is_a_failed_image_in_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.engines.docker.pulling.DEADLINE", 1)
    images = len(cleaned(store, "a").restorable)

    def waiting() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b'16\r\n{"status": "Waiting"}\n\r\n'
            time.sleep(0.05)

    began = time.monotonic()
    with restorer(store, waiting) as (work, one):
        found = reasons(store, work)
        assert len([path for method, path in one.asked if method == "POST"]) == images
    assert time.monotonic() - began < 5 * images + 10
    assert all("did not finish its answer within 1 s" in reason for reason in found)


def test_a_registry_that_falls_silent_is_given_up_before_its_time_is_over(store: Store) -> None:
    cleaned(store, "a")

    def silent() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        time.sleep(20)

    with restorer(store, silent, replace(QUICK, silence=1)) as (work, _):
        assert all("paused in the middle of an answer for 1 s" in reason for reason in reasons(store, work))


def test_an_image_is_asked_of_a_bounded_number_of_registries(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned(store, "a")
    many = tuple(f"r{number}.example/app@sha256:{number:064x}" for number in range(100))
    monkeypatch.setattr(restoring, "digests", lambda _item: many)
    with restorer(store, lambda: answer(b'{"error": "no"}\n')) as (work, one):
        found = reasons(store, work)
        asked = [path for method, path in one.asked if method == "POST"]
    assert len(asked) == restoring.MOST_TRIES * len(found)
    assert all("90 more were not tried" in reason for reason in found)


def test_what_nobody_has_thought_of_is_a_failed_image_too(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cleaned(store, "a")

    def broken(*_: object) -> None:
        raise KeyError("id")

    monkeypatch.setattr(HeldDockerEngine, "pull", broken)
    with restorer(store, lambda: answer(b"")) as (work, _):
        assert set(reasons(store, work)) == {"Deckhand failed over it (KeyError); its log says more"}
    assert "Traceback" in caplog.text
