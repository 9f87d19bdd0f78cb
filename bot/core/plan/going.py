"""What else an approver should know of an object that goes, behind its reason. For display: it steers nothing.

What it belongs to, who used it last, and what somebody may have kept it for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.docker.builders import builder_cache
from bot.core.docker.inventory import Container, Kind, Volume
from bot.core.docker.services import compose_project
from bot.core.plan.plan import Item
from bot.core.plan.reasons import ago
from bot.core.units import duration_words

RAN_BEFORE = "ran before as "
"""Begins what is said of what may be wanted for going back to it."""
NOT_MOUNTED = ", and no container mounts it"
LABELS_SHOWN = 5
LOOKED_LATELY = timedelta(hours=1)
"""What Deckhand has looked at for less long says nothing of use."""
_RENAMED = re.compile(r"(.+?)[-_.](?:before|old|backup|bak|prev|previous|rollback)(?:[-_.].*|\d*)")
"""Names that people give a container that they may want back, behind the one that it had."""
_BY_COMPOSE = re.compile(r"[0-9a-f]{12}_(.+)")
"""What Compose calls a container while, and when, it fails to put another in its place."""
_NO_RESTART = frozenset({"", "no"})
_OF = ", of "
"""Begins the last that is said of a container: its image, of which a short text has no room."""
_COMPOSE = "com.docker.compose."
_SPAN = re.compile(r"\b(\d+) (second|minute|hour|day)s?\b")
_EXIT_CODE = re.compile(r"\bago \((-?\d+)\)")


def container_more(container: Container) -> str:
    """``, ran before as web, Compose service shop/web, restart policy always, of web:4.16``."""
    words = [f"{RAN_BEFORE}{was}"] if (was := _name_before(container.name)) else []
    words += _project(container.labels)
    if container.restart not in _NO_RESTART:
        words.append(f"restart policy {container.restart}")
    return _more([*words, *([f"of {container.image}"] if container.image else [])])


def _name_before(name: str) -> str:
    """As what a container of this name ran before it was renamed; empty where its name does not say so."""
    found = _RENAMED.fullmatch(name) or _BY_COMPOSE.fullmatch(name)
    return found[1] if found else ""


def project_more(labels: Mapping[str, str]) -> str:
    """``, Compose project shop``; empty where there is none."""
    return _more(_project(labels))


def volume_more(volume: Volume, now: datetime) -> str:
    """``, last mounted by db-1 (db:16) 3 days ago, owner=alice``: whose it was, and what people wrote on it."""
    return _more([*use_words(volume, (), now), *label_words(volume.labels)])


def _more(words: Sequence[str]) -> str:
    return "".join(f", {each}" for each in words)


def use_words(volume: Volume, users: Sequence[Container], now: datetime) -> Iterator[str]:
    """Who uses a volume, or did: the builder whose cache it is, or who mounts it; ``users`` mount it now."""
    first = users[0] if users else None
    cache = builder_cache(volume, first)
    if cache is not None:
        yield from cache.words(now)
    elif first is not None:
        yield f"used by {first.name}" + (f" and {len(users) - 1} more" if users[1:] else "")
    if first is None and (cache is None or cache.used_at is None):
        yield mounted_words(volume, now)


def mounted_words(volume: Volume, now: datetime) -> str:
    """Who was last seen to mount a volume that no container refers to."""
    seen = volume.mounting
    if seen is None or (seen.at is None and now - seen.first_at < LOOKED_LATELY):
        return "who mounted it last is not known"
    if seen.at is None:
        return f"not mounted for at least {duration_words(now - seen.first_at)}"
    image = f" ({seen.image})" if seen.image else ""
    return f"last mounted by {seen.container}{image} {ago(now - seen.at)}"


def label_words(labels: Mapping[str, str]) -> Iterator[str]:
    """What people wrote on an object: its Compose project, then labels that no tool of Docker's set."""
    yield from _project(labels)
    own = [(key, value) for key, value in sorted(labels.items()) if not key.startswith("com.docker.")]
    yield from (f"{key}={value}" if value else key for key, value in own[:LABELS_SHOWN])
    if len(own) > LABELS_SHOWN:
        yield f"and {len(own) - LABELS_SHOWN} more labels"


def _project(labels: Mapping[str, str]) -> list[str]:
    project, service = compose_project(labels), labels.get(f"{_COMPOSE}service", "")
    if not project:
        return []
    return [f"Compose service {project}/{service}" if service else f"Compose project {project}"]


# --- read back, to order and to sum up ------------------------------------------------------------


def brief(item: Item) -> str:
    """What is told of an item without what follows from the rest of the plan or takes much room: for short lists."""
    if item.kind is Kind.CONTAINER:
        return item.rule.partition(_OF)[0]
    return item.rule.replace(NOT_MOUNTED, "").removeprefix("no container uses it; ")


def age_told(item: Item) -> timedelta | None:
    """The first span that the words of an item tell: since when it is stopped, made, or unused.

    None where they tell none, as those of releases before this.
    """
    found = _SPAN.search(item.rule)
    return timedelta(**{f"{found[2]}s": int(found[1])}) if found else None


def failed(item: Item) -> bool:
    """Whether a container ended with an error, by its words."""
    found = _EXIT_CODE.search(item.rule)
    return found is not None and int(found[1]) != 0


def may_be_wanted(item: Item) -> bool:
    """Whether it ran before as something that somebody may want to go back to, by its words."""
    return RAN_BEFORE in item.rule or "ran last as " in item.rule
