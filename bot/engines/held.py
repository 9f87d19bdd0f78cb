"""One engine that is held: the only one that anything is changed on, one object at a time."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from bot.core.errors import EngineRequestError, InBetweenError
from bot.engines.clients import Held
from bot.engines.docker.engine import DockerEngine
from bot.engines.docker.pulling import pull
from bot.engines.docker.registries.logins import NO_LOGIN, NO_LOGINS, Logins
from bot.engines.docker.told import decode

Ask: TypeAlias = tuple[str, Callable[[], object]]
"""A request, in the words of the Engine API, and what sends it."""
NO_REFERENCE = "Deckhand/CHECK"
"""Of an image; none has capitals, and so the engine refuses it before it asks any registry."""
CACHE_ID_LENGTH = 25
NO_RECORD = "none"
"""The id of no build cache record: those have 25 characters."""


class HeldDockerEngine(DockerEngine):
    """Implements ``bot.ports.HeldEngine``: every connection of ``held`` has proven where it leads."""

    def __init__(self, host: str, held: Held, logins: Logins = NO_LOGINS) -> None:
        super().__init__(host, held.client, held.disk, logins)
        self._held = held

    def still_meant(self) -> None:
        self._held.check()

    def remove_container(self, container_id: str) -> None:
        with self._client() as client:
            client.remove_container(container_id, v=False, link=False, force=False)

    def untag(self, reference: str) -> None:
        with self._client() as client:
            client.remove_image(reference, force=False, noprune=True)

    def tag(self, image_id: str, reference: str) -> None:
        name, _, tag = reference.rpartition(":")
        with self._client() as client:
            client.tag(image_id, name, tag)

    def remove_image(self, image_id: str) -> tuple[str, ...]:
        with self._client() as client:
            answer = client.remove_image(image_id, force=False, noprune=True)
        return tuple(str(entry["Deleted"]) for entry in answer or () if entry.get("Deleted"))

    def pull(self, reference: str) -> None:
        try:
            with self._client() as client:
                pull(client, self._host, reference, self._logins.header(reference))
        except EngineRequestError as error:
            if self._logins.has(reference) or isinstance(error, InBetweenError):
                raise
            raise type(error)(self._host, error.status, f"{error.message} {NO_LOGIN}") from error

    def remove_network(self, network_id: str) -> None:
        with self._client() as client:
            client.remove_network(network_id)

    def remove_volume(self, name: str) -> None:
        with self._client() as client:
            client.remove_volume(name, force=False)

    def prune_cache(self, record_ids: Sequence[str]) -> frozenset[str]:
        """The engine's only way to remove cache records: its prune, held to exactly these ids.

        The filter is an expression that the engine does not anchor, and an empty one means everything.
        """
        for record_id in record_ids:
            if not decode.CACHE_ID.fullmatch(record_id):
                raise ValueError(f"{record_id!r} is not the id of a build cache record")
        if not record_ids:
            return frozenset()
        return self._prune("|".join(record_ids))

    def collect(self) -> None:
        self._prune(NO_RECORD)

    def _prune(self, ids: str) -> frozenset[str]:
        with self._client() as client:
            answer = client.prune_builds(filters={"id": [f"^({ids})$"]}, all=True)
        return frozenset(answer.get("CachesDeleted") or ())


def asks_for_nothing(engine: HeldDockerEngine) -> Iterator[Ask]:
    """Each request of a cleanup and of Restore, for what does not exist: its id is drawn now, from 2²⁵⁶.

    It changes nothing, and shows what stands between Deckhand and the engine.
    """
    some = secrets.token_hex(32)
    image = f"sha256:{some}"
    yield "DELETE /containers/ID", lambda: engine.remove_container(some)
    yield "DELETE /images/ID", lambda: engine.remove_image(image)
    yield "POST /images/ID/tag", lambda: engine.tag(image, f"deckhand-check:{some}")
    yield "DELETE /networks/ID", lambda: engine.remove_network(some)
    yield "DELETE /volumes/NAME", lambda: engine.remove_volume(f"deckhand-check-{some}")
    yield "POST /build/prune", lambda: engine.prune_cache([some[:CACHE_ID_LENGTH]])
    yield "POST /images/create", lambda: engine.pull(f"{NO_REFERENCE}@{image}")
