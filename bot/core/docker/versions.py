"""Versions: the different images of a repository, and which of them are the newest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.core.docker.ages import image_born
from bot.core.docker.inventory import Image, repository

_UNKNOWN = datetime.max.replace(tzinfo=UTC)
"""An image whose age nobody knows counts among the newest: in doubt it stays."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def newest_versions(images: Iterable[Image], count: int, now: datetime) -> Mapping[str, str]:
    """The images that are one of the ``count`` newest of a repository, by id, and that repository.

    An image with three tags is one version. Versions are ordered by the age of their images, as rules count it; those
    that were all there at the first look by their build.
    """
    if count <= 0:
        return {}
    versions: dict[str, dict[str, tuple[datetime, datetime, str]]] = defaultdict(dict)
    for image in images:
        born = image_born(image, now).at or _UNKNOWN
        built = image.built_at if image.built_at and image.built_at <= now else _NEVER
        for tag in sorted(image.tags):
            versions[repository(tag)][image.id] = (born, built, tag)
    return {
        image_id: name
        for name in sorted(versions, reverse=True)
        for image_id in sorted(versions[name], key=versions[name].__getitem__, reverse=True)[:count]
    }
