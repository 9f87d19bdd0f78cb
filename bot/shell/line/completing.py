"""Words that a shell completes: names that this configuration, or every Deckhand, has. Nothing here fails or waits.

A configuration with mistakes completes as well as it can: only its names are read.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from bot.config import toml
from bot.core.errors import ConfigurationError


def hosts(context: typer.Context, incomplete: str) -> list[str]:
    """The name of one host."""
    return _that_begin(incomplete, _names(context, "hosts"))


def selections(context: typer.Context, incomplete: str) -> list[str]:
    """Hosts and tags, the last of several that have commas between."""
    before, comma, last = incomplete.rpartition(",")
    words = ["all", *_names(context, "hosts"), *_tags(context)]
    return [f"{before}{comma}{word}" for word in _that_begin(last, words)]


def cleanups(context: typer.Context, incomplete: str) -> list[str]:
    """Profiles, and the keys of what narrows them."""
    from bot.core.plan.arguments import WORDS  # noqa: PLC0415 - only who completes this waits for it

    return _that_begin(incomplete, [*_profiles(context), *(f"{key}=" for key in WORDS)])


def filters(context: typer.Context, incomplete: str) -> list[str]:
    """Words of a filter of the audit: hosts, tags, and the keys with what is known of their values."""
    from bot.core.audit.filters import KEYS, OUTCOMES  # noqa: PLC0415 - as above

    known = {"outcome": OUTCOMES, "profile": _profiles(context), "host": (), "tag": ()}
    keyed = (f"{key.name}={value}" for key in KEYS for value in known.get(key.name, ("",)))
    return _that_begin(incomplete, [*_names(context, "hosts"), *_tags(context), *keyed])


def _that_begin(incomplete: str, words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word.startswith(incomplete)]


def _profiles(context: typer.Context) -> Iterator[str]:
    from bot.core.plan.profiles import BUILT_IN  # noqa: PLC0415 - as above

    yield from BUILT_IN
    yield from _names(context, "profiles")


def _names(context: typer.Context, table: str) -> list[str]:
    return list(_table(context, table))


def _tags(context: typer.Context) -> Iterator[str]:
    for host in _table(context, "hosts").values():
        tags = host.get("tags") if isinstance(host, dict) else None
        yield from (f"@{tag}" for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


def _table(context: typer.Context, name: str) -> Mapping[str, Any]:
    given = context.params.get("config")
    try:
        found = toml.read(toml.place(Path(given) if given else None)).get(name)
    except ConfigurationError:
        return {}
    return found if isinstance(found, dict) else {}
