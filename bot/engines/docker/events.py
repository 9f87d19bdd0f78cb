"""An engine's events, for a bounded time: which containers were made and started, and of which images."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, cast

from bot.core.docker.inventory import Container, Image
from bot.core.docker.services import Use, service_of
from bot.core.errors import EngineAnswerError, NotFoundError
from bot.engines.docker.told.decode import moment
from bot.engines.docker.told.reading import shaped
from bot.engines.docker.told.shapes import Event
from bot.engines.failures import LinkError

FILTERS = json.dumps({"type": ["container"], "event": ["create", "start"]})
EVENTS = "/events"
MOST_EVENTS = 20_000
"""In one answer: each costs two questions. Engines remember 256, and a request waits for seconds."""


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
    lines = client._result(answer, binary=True).splitlines()  # noqa: SLF001
    if len(lines) > MOST_EVENTS:
        raise LinkError(
            EngineAnswerError, f"it tells of more than {MOST_EVENTS} events at once. None was used."
        )
    for line in lines:
        if line.strip():
            yield cast("Event", shaped(Event, line, EVENTS))


def use_of(event: Event, container: Callable[[str], Container], image: Callable[[str], Image]) -> Use | None:
    """What an event says was used; None where its image cannot be found any more.

    ``container`` and ``image`` ask the engine, and raise NotFoundError.
    """
    actor, at = event.get("Actor") or {}, moment(event.get("time"))
    said = {key: value or "" for key, value in (actor.get("Attributes") or {}).items()}
    image_id = _found(str(actor.get("ID") or ""), said.get("image", ""), container, image)
    if not image_id or at is None:
        return None
    return Use(
        image_id=image_id,
        service=service_of(said.get("name", ""), said),
        at=at,
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
