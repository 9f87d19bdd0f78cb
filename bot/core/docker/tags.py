"""Tags: which are the newest of their repository."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.core.docker.inventory import Image, repository

_UNKNOWN = datetime.max.replace(tzinfo=UTC)
"""An image whose age nobody knows counts among the newest: in doubt it stays."""


def newest_tags(images: Iterable[Image], count: int) -> Mapping[str, str]:
    """The images with one of the ``count`` newest tags of a repository, by id, and that repository.

    A tag is as old as its image: since it was built, tagged or pulled, whichever came last.
    """
    if count <= 0:
        return {}
    tags: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for image in images:
        made = max((at for at in (image.built_at, image.tagged_at) if at), default=_UNKNOWN)
        for tag in image.tags:
            tags[repository(tag)].append((made, tag, image.id))
    return {
        image_id: name
        for name in sorted(tags, reverse=True)
        for _, _, image_id in sorted(tags[name], reverse=True)[:count]
    }
