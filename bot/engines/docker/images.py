"""The images of one engine: what never changes for an id is asked for once."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from bot.core.docker.inventory import Image
from bot.core.errors import NotFoundError
from bot.engines.docker.each import each
from bot.engines.docker.told import decode
from bot.engines.docker.told.decode import Answer
from bot.engines.docker.told.usage import entries
from bot.engines.failures import translated

MOST_REMEMBERED = 20_000
"""Images of a host whose answers are kept: about 5 kB each."""


class Images:
    """Asks for images, and remembers what was answered."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._remembered: OrderedDict[str, Image] = OrderedDict()

    def all(self, client: Any, listed: Iterable[Answer], df: Answer) -> tuple[Image, ...]:
        """Those of a list; what the list tells comes from it."""
        counted = {entry.get("Id"): entry for entry in entries(df, "Images", "ImageUsage")}
        found: dict[str, Image | None] = {}
        unknown: dict[str, Answer] = {}
        for entry in listed:
            image_id = entry.get("Id")
            if not image_id:
                continue
            told = {**entry, **counted.get(image_id, {})}
            known = self._remembered.get(image_id)
            if known is not None and decode.names(told) == set(known.references):
                found[image_id] = decode.relisted(known, told)
            else:
                found[image_id], unknown[image_id] = None, told

        def gather(image_id: str) -> Image | None:
            return self._inspected(client, image_id, self._remembered.get(image_id), unknown[image_id])

        found |= {image.id: image for image in each(self._host, gather, unknown)}
        return self._remember(tuple(image for image in found.values() if image))

    def refreshed(self, client: Any, images: Sequence[Image]) -> tuple[Image, ...]:
        """The same, each asked once more; without those that have gone."""

        def look(image: Image) -> Image | None:
            fresh = self._inspected(client, image.id, image, {})
            return fresh and replace(
                fresh, parent=image.parent, containers=image.containers, size=image.size,
                shared_size=image.shared_size, blobs_size=image.blobs_size,
                arrived_at=image.arrived_at, first_seen_at=image.first_seen_at, used_at=image.used_at,
            )  # fmt: skip

        return self._remember(each(self._host, look, images))

    def _inspected(self, client: Any, image_id: str, known: Image | None, listed: Answer) -> Image | None:
        """One image, asked for; None when it was removed while we looked."""
        try:
            with translated(self._host):
                inspected = client.inspect_image(image_id)
                history = client.history(image_id) if known is None else None
        except NotFoundError:
            return None
        image = decode.image(listed, inspected, history)
        return image if known is None else replace(image, history=known.history, history_at=known.history_at)

    def _remember(self, images: tuple[Image, ...]) -> tuple[Image, ...]:
        with self._lock:
            for image in images:
                self._remembered[image.id] = image
                self._remembered.move_to_end(image.id)
            while len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
        return images
