"""What of the audit a person asks for, in words that read like a sentence: ``prod-3 since=30d postgres:14``.

Words of the same key widen what is meant (``outcome=partial,failed``), words of different keys narrow it, and
each object that is named narrows it too. Slack and the shell read and write the same words, and ``KEYS`` has all of
them: how each is read, what it is found by, and what people are told about it.
"""

import shlex
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from bot.core.audit.words import Wanted, outcome_word, person_word, profile_word, wanted_text
from bot.core.errors import UnknownHostError, UsageError
from bot.core.life.states import CLEANUP_OUTCOMES, Status
from bot.core.rules.people import split_id
from bot.core.units import parse_moment

EXAMPLE = "prod-3 since=30d by=@ann outcome=partial postgres:14"
OUTCOMES = tuple(str(status) for status in Status if status in CLEANUP_OUTCOMES | {Status.RUNNING})
LONGEST = 1_200
"""Characters of all words together: a button's value carries them, and Slack allows that 2,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which cleanups; empty means all."""

    hosts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Tags of registered hosts: each means all hosts that carry it."""
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that no longer counts."""
    people: tuple[str, ...] = ()
    """Who asked or approved: Slack user ids, or ``@name`` in lower case."""
    outcomes: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    """Objects: a name, a reference, a repository or an id; a ``*`` at the end stands for any rest."""

    def words(self) -> tuple[str, ...]:
        """The filter as ``parse_filter`` reads it back, at any other time too."""
        return tuple(f"{key.name}={_written(value)}" for key in KEYS for value in key.values(self))

    def line(self) -> str:
        """The words as one line, for ``split_line``."""
        return shlex.join(self.words())

    def wanted(self) -> tuple[Wanted, ...]:
        """The words by which the cleanups are found; hosts and moments are looked up otherwise."""
        return tuple(
            one for key in KEYS if key.found_by and key.values(self) for one in key.found_by(key.values(self))
        )


EVERYTHING = AuditFilter()


def split_line(line: str) -> list[str]:
    """Words of a line, where quotation marks hold together what has spaces in it; UsageError."""
    try:
        return shlex.split(line)
    except ValueError:
        raise UsageError(f"A quotation mark is opened and not closed. Example: {EXAMPLE}") from None


def parse_filter(words: Sequence[str], hosts: Collection[str], now: datetime) -> AuditFilter:
    """Read a filter. A bare word is one of ``hosts``, ``@`` and a host's tag, or the name of an object.

    UsageError says what is wrong with which word, and shows an example.
    """
    found = EVERYTHING
    for word in filter(None, (word.strip() for word in words)):
        try:
            found = _and(found, word, hosts, now.replace(microsecond=0))
        except (ValueError, OverflowError) as error:
            right = _key_meant(word)
            example = "" if right else f" Example: {EXAMPLE}"
            raise UsageError(f"“{word}”: {error}.{example}", wrong=word, right=right) from None
    return _checked(found, hosts)


def _and(found: AuditFilter, word: str, hosts: Collection[str], now: datetime) -> AuditFilter:
    name, equals, value = word.partition("=")
    if word in hosts:
        return replace(found, hosts=_with(found.hosts, [word]))
    if equals and name.lower() in _BY_NAME:
        key = _BY_NAME[name.lower()]
    elif equals and name.isalpha():
        raise ValueError(_no_such(name.lower()))
    else:
        key, value = _BY_NAME["tag" if word.startswith("@") else "text"], word
    before, read = getattr(found, key.field), key.read(value.strip(), now)
    changed: Any = _with(before, read) if isinstance(before, tuple) else read[0]
    return replace(found, **{key.field: changed})


def _checked(found: AuditFilter, hosts: Collection[str]) -> AuditFilter:
    unknown = next((name for name in found.hosts if name not in hosts), None)
    if unknown is not None:
        raise UnknownHostError(unknown, get_close_matches(unknown, hosts, n=3, cutoff=0.5))
    if found.since and found.until and found.since >= found.until:
        raise UsageError(f"since= is later than until=: nothing lies between them. Example: {EXAMPLE}")
    if len(found.line()) > LONGEST:
        raise UsageError(f"That is longer than {LONGEST} characters; leave some of it out.")
    return found


def _key_meant(word: str) -> str:
    """A word with the key that was probably meant; empty where its key is right, or like none."""
    name, _, value = word.partition("=")
    near = [] if name.lower() in _BY_NAME else get_close_matches(name.lower(), _BY_NAME, n=1)
    return f"{near[0]}={value}" if near else ""


def _no_such(name: str) -> str:
    nearest = get_close_matches(name, _BY_NAME, n=1)
    hint = f"did you mean {nearest[0]}=? " if nearest else ""
    return f"there is no filter {name}=; {hint}the filters are {', '.join(f'{known}=' for known in _BY_NAME)}"


def _with(known: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _written(value: str | datetime) -> str:
    return value if isinstance(value, str) else value.isoformat().replace("+00:00", "Z")


# --- the keys -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a filter."""

    name: str
    field: str
    """Of ``AuditFilter``: a tuple, or one moment or None."""
    read: Callable[[str, datetime], Sequence[Any]]
    """Reads what stands behind the equals sign, at this time of day; ValueError, OverflowError."""
    usage: str
    """An example, as Markdown and Slack show code."""
    meaning: str
    found_by: Callable[[Sequence[str]], Iterable[Wanted]] | None = None
    """The words by which cleanups with one of these values are found."""
    said: str = ""
    """What stands before the values where people read what was asked for."""
    sign: str = ""
    """What stands before each of them."""
    each: bool = False
    """Whether each value is a part of its own in what people read, and not one of several."""

    def values(self, matching: AuditFilter) -> tuple[Any, ...]:
        """What a filter has of it."""
        value = getattr(matching, self.field)
        return value if isinstance(value, tuple) else () if value is None else (value,)


def _parts(value: str, _now: datetime) -> list[str]:
    parts = [part for part in (each.strip() for each in value.split(",")) if part]
    if not parts:
        raise ValueError("nothing stands behind the equals sign")
    return parts


def _tags(value: str, now: datetime) -> list[str]:
    tags = [part.removeprefix("@") for part in _parts(value, now)]
    if not all(tags):
        raise ValueError("a host's tag stands behind the @")
    return tags


def _people(value: str, now: datetime) -> list[str]:
    names = [part.removeprefix("@") for part in _parts(value, now)]
    if not all(names):
        raise ValueError("a name or a Slack user id stands behind by=")
    return [name if split_id(name)[1] else f"@{name.lower()}" for name in names]


def _outcomes(value: str, now: datetime) -> list[str]:
    outcomes = [part.lower() for part in _parts(value, now)]
    wrong = next((outcome for outcome in outcomes if outcome not in OUTCOMES), None)
    if wrong is not None:
        raise ValueError(f"“{wrong}” is no outcome; they are {', '.join(OUTCOMES)}")
    return outcomes


def _text(value: str, _now: datetime) -> list[str]:
    if not value:
        raise ValueError("nothing stands behind the equals sign")
    if "*" in value.removesuffix("*") or value == "*":
        raise ValueError("a * stands only at the end of a name, for any rest of it")
    return [value]


def _one_of(word: Callable[[str], str]) -> Callable[[Sequence[str]], Iterable[Wanted]]:
    return lambda values: (Wanted(tuple(map(word, values))),)


KEYS = (
    Key(name="host", field="hosts", read=_parts, each=True, usage="`prod-3`", meaning="a host"),
    Key(
        name="tag", field="tags", read=_tags, each=True, sign="@", usage="`@ci`",
        meaning="all hosts with that tag",
    ),
    Key(
        name="since", field="since", read=lambda value, now: [parse_moment(value, now)], said="since",
        usage="`since=30d`", meaning="it began so long ago at most, or from the start of a day on (UTC)",
    ),
    Key(
        name="until", field="until", read=lambda value, now: [parse_moment(value, now, day_ends=True)], said="before",
        usage="`until=2026-11-01`", meaning="it began by the end of that day (UTC), or so long ago at least",
    ),
    Key(
        name="by", field="people", read=_people, found_by=_one_of(person_word), said="by", usage="`by=@ann`",
        meaning="who asked or approved: a person, a Slack user id, or the name that they had then",
    ),
    Key(
        name="outcome", field="outcomes", read=_outcomes, found_by=_one_of(outcome_word), said="outcome",
        usage="`outcome=partial`", meaning=f"how it went: {', '.join(f'`{one}`' for one in OUTCOMES)}",
    ),
    Key(
        name="profile", field="profiles", read=_parts, found_by=_one_of(profile_word), said="profile",
        usage="`profile=routine`", meaning="the profile",
    ),
    Key(
        name="text", field="texts", read=_text, found_by=lambda values: map(wanted_text, values), said="object",
        each=True, usage="`postgres:14`",
        meaning="what it planned to remove, by name: a tag, a repository or an id, from any slash on; `web*` is what "
        "begins so. The middle of a name finds nothing, and build cache has no names",
    ),
)  # fmt: skip
"""In the order in which they are written and shown."""
_BY_NAME = {key.name: key for key in KEYS}
