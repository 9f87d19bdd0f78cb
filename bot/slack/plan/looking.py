"""What an approver looks at, in lines: what cannot be undone, the riskiest objects, and each kind in one line. Pure."""

import re
from collections.abc import Collection, Iterator, Sequence

from bot.core.docker.inventory import ORDER, Kind
from bot.core.life.risk import riskiest
from bot.core.plan.going import age_told, brief
from bot.core.plan.plan import Draft, Item
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import duration_words, short_size
from bot.slack.kit.names import short_name
from bot.slack.kit.text import code, plain

LOOKED_AT = 3
"""Riskiest objects that are named; the whole list has all."""
NETWORKS_NAMED = 3
VOLUMES_SHOWN = 4
"""Volumes of which all is told; the whole list has all."""
NAME_SHOWN, WORDS_SHOWN = 60, 140
"""Characters of a name and of what is told of it, in the message; the whole list has more."""
VOLUME_WORDS_SHOWN = 240
_GENERATED = re.compile(r"[0-9a-f]{64}")
_REGISTRY = re.compile(r"^(?:localhost|[^/]*[.:][^/]*)/")
"""What stands before the first slash of an image's name where it names a registry."""
_AGES = {Kind.CONTAINER: "stopped {} ago", Kind.BUILD_CACHE: "unused for {}", Kind.VOLUME: "{} old"}


def item_line(item: Item, words: int = WORDS_SHOWN) -> str:
    """``web-1-before-4.20 388MB exited 41 days ago (0), ran before as web-1``: what there is room for on a phone."""
    parts = (code(brief_name(item), NAME_SHOWN), _size(item), plain(brief(item), words))
    return " ".join(part for part in parts if part)


def whole_line(item: Item, words: int, name: int) -> str:
    """The same with its whole name and all that is known of it."""
    return " ".join(
        part for part in (code(short_name(item), name), _size(item), plain(item.rule, words)) if part
    )


def _size(item: Item) -> str:
    return "" if item.kind is Kind.NETWORK else short_size(item.bytes)


def brief_name(item: Item) -> str:
    """An image without its registry, a volume that the engine named without most of its name."""
    if item.kind is Kind.VOLUME and _GENERATED.fullmatch(item.name):
        return f"{item.name[:12]}…"
    name = short_name(item)
    return (
        ", ".join(_REGISTRY.sub("", each) for each in name.split(", ")) if item.kind is Kind.IMAGE else name
    )


def volumes_of(items: Sequence[Item]) -> list[Item]:
    return sorted((i for i in items if i.kind is Kind.VOLUME), key=lambda item: (-item.bytes, item.name))


def volumes_text(items: Sequence[Item], most: int = VOLUMES_SHOWN) -> str:
    """All that the plan knows of the volumes whose data goes; empty where none does."""
    volumes = volumes_of(items)
    shown = volumes if len(volumes) == most + 1 else volumes[:most]
    lines = [f"• {item_line(item, VOLUME_WORDS_SHOWN)}" for item in shown]
    left = volumes[len(shown) :]
    if left:
        lines.append(f"• and {len(left):,} more, {short_size(sum(item.bytes for item in left))}")
    return "\n".join(["*This data is gone for good*", *lines]) if lines else ""


def look_at(draft: Draft) -> tuple[Item, ...]:
    """The riskiest objects beside volumes, of which all is told anyhow."""
    return tuple(item for item in riskiest(draft.items) if item.kind is not Kind.VOLUME)[:LOOKED_AT]


def look_at_text(draft: Draft) -> str:
    """The riskiest objects with what is known of them; empty where nothing is of risk."""
    lines = [f"• {item_line(item)}" for item in look_at(draft)]
    return "\n".join(["*Look at these*", *lines]) if lines else ""


def kinds_text(draft: Draft, named: Collection[Item]) -> str:
    """One line a kind: how many, what that frees, how old, and the largest that was not named above."""
    return "\n".join(
        _kind_line(kind, of_kind, named)
        for kind in ORDER
        if (of_kind := [item for item in draft.items if item.kind is kind])
    )


def _kind_line(kind: Kind, items: Sequence[Item], named: Collection[Item]) -> str:
    words = [f"*{KIND_NAMES[kind].capitalize()}* {len(items):,}", short_size(sum(i.bytes for i in items))]
    if kind is Kind.NETWORK:
        names = [code(item.name, NAME_SHOWN) for item in items[:NETWORKS_NAMED]]
        more = [f"+{len(items) - NETWORKS_NAMED:,}"] if len(items) > NETWORKS_NAMED else []
        return " · ".join([words[0], ", ".join([*names, *more])])
    words += _ages(kind, items)
    left = sorted((item for item in items if item not in named), key=lambda item: (-item.bytes, item.name))
    if kind is Kind.BUILD_CACHE:
        words.append("next builds slower")
    elif left and kind is not Kind.VOLUME:
        words.append(_largest(left, alone=len(left) == len(items)))
    return " · ".join(words)


def _largest(left: Sequence[Item], *, alone: bool) -> str:
    """The largest of what is not named yet, and how many more there are."""
    first = item_line(left[0], 80) if alone else f"+{len(left):,} more"
    return first + (f", +{len(left) - 1:,}" if alone and len(left) > 1 else "")


def _ages(kind: Kind, items: Sequence[Item]) -> Iterator[str]:
    """From the youngest to the oldest, of several that tell their age; how many do not, where any does."""
    ages = sorted(age for item in items if (age := age_told(item)) is not None)
    if not ages or len(items) == 1 or kind not in _AGES:
        return
    youngest, oldest = duration_words(ages[0]), duration_words(ages[-1])
    number, _, unit = youngest.partition(" ")
    span = oldest if youngest == oldest else f"{number if oldest.endswith(unit) else youngest} to {oldest}"
    yield _AGES[kind].format(span)
    if len(ages) < len(items):
        yield f"{len(items) - len(ages):,} of unknown age"


def look_at_names(items: Sequence[Item]) -> str:
    """Names of the riskiest, for those who hear the message; empty where nothing is of risk."""
    return ", ".join(plain(brief_name(item), NAME_SHOWN) for item in riskiest(items)[:LOOKED_AT])
