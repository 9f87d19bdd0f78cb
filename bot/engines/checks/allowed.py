"""What is asked of an engine for a look and a plan, asked once each; and what of it is forbidden.

A filtering proxy before an engine forbids by path; who meets that in the middle of a cleanup learns it too late.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from bot.core.errors import EngineRequestError, InBetweenError
from bot.engines.docker.client import FORBIDDEN
from bot.engines.held import Ask

Lend: TypeAlias = Callable[[], AbstractContextManager[Any]]
"""Lends the SDK's client, and translates what it raises."""


def forbidden(asks: Iterable[Ask]) -> tuple[str, ...]:
    """Those of the requests that something forbids; that nothing of that id exists is an answer as good as any.

    HostError when the engine is not reached.
    """
    found = []
    for name, ask in asks:
        try:
            ask()
        except InBetweenError as error:
            found.append(f"{name} ({error.status})")
        except EngineRequestError as error:
            if error.status in FORBIDDEN:
                found.append(f"{name} ({error.message})")
    return tuple(found)


def of_a_look(lend: Lend) -> Iterator[Ask]:
    some = secrets.token_hex(32)

    def asked(question: Callable[[Any], object]) -> Callable[[], object]:
        def ask() -> object:
            with lend() as client:
                return question(client)

        return ask

    yield "GET /info", asked(lambda client: client.info())
    yield "GET /version", asked(lambda client: client.version())
    yield "GET /containers/json", asked(lambda client: client.containers(all=True))
    yield "GET /containers/ID/json", asked(lambda client: client.inspect_container(some))
    yield "GET /images/json", asked(lambda client: client.images(all=True))
    yield "GET /images/ID/json", asked(lambda client: client.inspect_image(f"sha256:{some}"))
    yield "GET /images/ID/history", asked(lambda client: client.history(f"sha256:{some}"))
    yield "GET /networks", asked(lambda client: client.networks(filters={"dangling": True}))
    yield "GET /networks/ID", asked(lambda client: client.inspect_network(some))
    yield "GET /volumes", asked(lambda client: client.volumes())
    yield "GET /volumes/NAME", asked(lambda client: client.inspect_volume(f"deckhand-check-{some}"))


def of_events(lend: Lend) -> Ask:
    def ask() -> None:
        now = int(time.time())
        with lend() as client:  # the SDK's own waits for events to come
            client._result(client._get(client._url("/events"), params={"since": now, "until": now}))  # noqa: SLF001

    return "GET /events", ask


def of_services(lend: Lend) -> Ask:
    def ask() -> None:
        with lend() as client:
            client.services()

    return "GET /services", ask
