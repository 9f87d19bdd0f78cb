"""What of the audit a person asks for, in words that read like a sentence: ``prod-3 since=30d postgres:14``.

Words of the same key widen what is meant (``outcome=partial,failed``), words of different keys narrow it, and
each object that is named narrows it too. Slack and the shell read and write the same words.
"""

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from types import MappingProxyType

from bot.core.errors import UnknownHostError, UsageError
from bot.core.life.states import CLEANUP_OUTCOMES, Status
from bot.core.rules.people import split_id
from bot.core.units import parse_duration

EXAMPLE = "prod-3 since=30d by=@ann outcome=partial postgres:14"
OUTCOMES = tuple(str(status) for status in Status if status in CLEANUP_OUTCOMES | {Status.RUNNING})
LONGEST = 1_200
"""Characters of all words together: a button's value carries them, and Slack allows that 2,000."""

_FAR = timedelta(days=365_000)


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
        return (
            *(f"host={name}" for name in self.hosts),
            *(f"tag={tag}" for tag in self.tags),
            *(
                f"{key}={_moment_text(at)}"
                for key, at in (("since", self.since), ("until", self.until))
                if at
            ),
            *(f"by={person}" for person in self.people),
            *(f"outcome={outcome}" for outcome in self.outcomes),
            *(f"profile={profile}" for profile in self.profiles),
            *(f"text={text}" for text in self.texts),
        )

    def line(self) -> str:
        """The words as one line, for ``split_line``."""
        return shlex.join(self.words())


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
            found = _and(found, word, hosts, now)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"“{word}”: {error}. Example: {EXAMPLE}") from None
    return _checked(found, hosts)


def _and(found: AuditFilter, word: str, hosts: Collection[str], now: datetime) -> AuditFilter:
    key, equals, value = word.partition("=")
    if word in hosts:
        return replace(found, hosts=_with(found.hosts, [word]))
    if equals and key.lower() in _READERS:
        return _READERS[key.lower()](found, value.strip(), now)
    if equals and key.isalpha():
        raise ValueError(_no_such(key.lower()))
    if word.startswith("@"):
        return _tag(found, word, now)
    return _text(found, word, now)


def _checked(found: AuditFilter, hosts: Collection[str]) -> AuditFilter:
    unknown = next((name for name in found.hosts if name not in hosts), None)
    if unknown is not None:
        raise UnknownHostError(unknown, get_close_matches(unknown, hosts, n=3, cutoff=0.5))
    if found.since and found.until and found.since >= found.until:
        raise UsageError(f"since= is later than until=: nothing lies between them. Example: {EXAMPLE}")
    if len(found.line()) > LONGEST:
        raise UsageError(f"That is longer than {LONGEST} characters; leave some of it out.")
    return found


def _no_such(key: str) -> str:
    nearest = get_close_matches(key, _READERS, n=1)
    hint = f"did you mean {nearest[0]}=? " if nearest else ""
    return f"there is no filter {key}=; {hint}the filters are {', '.join(f'{known}=' for known in _READERS)}"


def _with(known: tuple[str, ...], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _parts(value: str) -> list[str]:
    parts = [part for part in (each.strip() for each in value.split(",")) if part]
    if not parts:
        raise ValueError("nothing stands behind the equals sign")
    return parts


def _host(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    return replace(found, hosts=_with(found.hosts, _parts(value)))


def _tag(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    tags = [part.removeprefix("@") for part in _parts(value)]
    if not all(tags):
        raise ValueError("a host's tag stands behind the @")
    return replace(found, tags=_with(found.tags, tags))


def _since(found: AuditFilter, value: str, now: datetime) -> AuditFilter:
    return replace(found, since=_moment(value, now, day_ends=False))


def _until(found: AuditFilter, value: str, now: datetime) -> AuditFilter:
    return replace(found, until=_moment(value, now, day_ends=True))


def _by(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    return replace(found, people=_with(found.people, [_person(part) for part in _parts(value)]))


def _person(text: str) -> str:
    name = text.removeprefix("@")
    if not name:
        raise ValueError("a name or a Slack user id stands behind by=")
    return name if split_id(name)[1] else f"@{name.lower()}"


def _outcome(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    outcomes = [part.lower() for part in _parts(value)]
    wrong = next((outcome for outcome in outcomes if outcome not in OUTCOMES), None)
    if wrong is not None:
        raise ValueError(f"“{wrong}” is no outcome; they are {', '.join(OUTCOMES)}")
    return replace(found, outcomes=_with(found.outcomes, outcomes))


def _profile(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    return replace(found, profiles=_with(found.profiles, _parts(value)))


def _text(found: AuditFilter, value: str, _now: datetime) -> AuditFilter:
    if not value:
        raise ValueError("nothing stands behind the equals sign")
    if "*" in value.removesuffix("*") or value == "*":
        raise ValueError("a * stands only at the end of a name, for any rest of it")
    return replace(found, texts=_with(found.texts, [value]))


_Reader = Callable[[AuditFilter, str, datetime], AuditFilter]
_READERS: Mapping[str, _Reader] = MappingProxyType({
    "since": _since, "until": _until, "by": _by, "outcome": _outcome, "profile": _profile,
    "text": _text, "host": _host, "tag": _tag,
})  # fmt: skip


# --- moments ------------------------------------------------------------------------------------


def _moment(text: str, now: datetime, *, day_ends: bool) -> datetime:
    """A moment: so long ago, a day (UTC; its end where ``day_ends``), or a day and a time."""
    try:
        ago = parse_duration(text.lower())
    except ValueError:
        return _calendar(text, day_ends=day_ends)
    if ago > _FAR:
        raise ValueError("that is longer ago than calendars go")
    return (now - ago).replace(microsecond=0)


def _calendar(text: str, *, day_ends: bool) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("write how long ago (30d, 12h) or a day (2026-11-01)") from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return datetime.combine(day, time(tzinfo=UTC)) + timedelta(days=1 if day_ends else 0)


def _moment_text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
