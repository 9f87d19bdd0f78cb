"""An engine's events, for a bounded time: which containers were made and started, and of which images."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from bot.core.docker.inventory import Container, Image
from bot.core.docker.services import Use, service_of
from bot.core.errors import NotFoundError
from bot.engines.docker.answers import Event, shaped

FILTERS = json.dumps({"type": ["container"], "event": ["create", "start"]})
EVENTS = "/events"


def told(client: Any, since: int, until: int) -> Iterator[Event]:
    """What happened from one second of the engine's clock to another, which may be yet to come: it waits until then.

    The SDK's own waits without an end.
    """
    seconds = max(until - since, 0)
    answer = client._get(  # noqa: SLF001 - as above
        client._url(EVENTS),  # noqa: SLF001
        params={"since": since, "until": until, "filters": FILTERS},
        timeout=client.timeout + min(seconds, client.timeout),
    )
    for line in client._result(answer, binary=True).splitlines():  # noqa: SLF001
        if line.strip():
            yield cast("Event", shaped(Event, line, EVENTS))


def use_of(event: Event, container: Callable[[str], Container], image: Callable[[str], Image]) -> Use | None:
    """What an event says was used; None where its image cannot be found any more.

    ``container`` and ``image`` ask the engine, and raise NotFoundError.
    """
    actor, at = event.get("Actor") or {}, event.get("time")
    said = {key: value or "" for key, value in (actor.get("Attributes") or {}).items()}
    image_id = _found(str(actor.get("ID") or ""), said.get("image", ""), container, image)
    if not image_id or not at:
        return None
    return Use(
        image_id=image_id,
        service=service_of(said.get("name", ""), said),
        at=datetime.fromtimestamp(at, UTC),
        started=event.get("Action") == "start",
    )


def _found(
    container_id: str, reference: str, container: Callable[[str], Container], image: Callable[[str], Image]
) -> str:
    """Its own word where the container is still there, else what its reference names now."""
    with suppress(NotFoundError):
        return image(container(container_id).image_id).id
    with suppress(NotFoundError):
        return image(reference).id
    return ""
