"""What a person typed behind a slash command, as values; a mistake is answered with what to write instead.

Pure. Nothing typed ever becomes part of a command, a path or a query: a host's name is only looked up.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

from bot.core.audit.filters import EXAMPLE as FILTER_EXAMPLE
from bot.core.audit.filters import KEYS, split_line
from bot.core.errors import UsageError
from bot.core.plan.arguments import EXAMPLE, PICKED, Arguments, parse_arguments
from bot.core.plan.profiles import DEFAULT_PROFILE, Profile
from bot.core.units import parse_duration
from bot.services.watch.histories import LONGEST, SPAN

DF, PRUNE, AUDIT = "/docker-df", "/docker-prune", "/docker-audit"

WHY = "why"
MOST_WORDS = 40
_PEOPLE = (
    (re.compile(r"(?<!\S)<@([UW][A-Z0-9]+)(?:\|[^>]*)?>"), r"by=\1"),
    (re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>"), r"\1"),
)
"""A mention of a person alone asks for what that person did."""
_SLACKS_OWN = (
    (re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>"), lambda found: f"@{found[2] or found[1]}"),
    (re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|@?([^>]*))?>"), lambda found: f"@{found[2] or found[1]}"),
    (re.compile(r"<#([A-Z0-9]+)(?:\|([^>]*))?>"), lambda found: f"#{found[2] or found[1]}"),
    (re.compile(r"<(?:https?://|mailto:)[^|>]+\|([^>]+)>"), lambda found: found[1]),
    (re.compile(r"<(https?://[^|>]+)>"), lambda found: found[1]),
)
"""What Slack makes of people, groups, channels and links in what is typed; a group may be a host's tag."""
_TYPOGRAPHIC = (("\u201c\u201d\u201e`", '"'), ("\u2018\u2019", "'"))
_SPACED_DURATION = re.compile(r"\b(until)=(\d+)\s+(days?|hours?|weeks?|minutes?|[dhwm])\b", re.IGNORECASE)
_SPACED_COMMA = re.compile(r"\s*,\s*")
_QUOTES = "'\"\u2018\u2019\u201c\u201d`"

VERBOSE = frozenset({"-v", "--verbose", "verbose"})
HISTORY = "history"
WHY_FULL = ("why-full", "whyfull", "why full")

USAGE = {
    DF: (
        "*/docker-df* lists the registered hosts.\n"
        "*/docker-df HOST* shows where the host's disk went, and what each cleanup would free; with *-v* its "
        "largest images, containers, volumes and cache records too.\n"
        "*/docker-df HOST history [30d]* shows how its disk filled, and how long it lasts.\n"
        "*/docker-df HOST why-full* says what holds the whole disk, since when, and what to do about each part.\n"
        "*/docker-df @TAG*, *all*, a pattern like `web-*` or a list like `prod-3,@ci` looks at all of these at once.\n"
        "Example: `/docker-df prod-3`"
    ),
    PRUNE: (
        f"*/docker-prune HOST [PROFILE] [ARGUMENT…]* proposes a cleanup (`{DEFAULT_PROFILE}` when no profile is "
        "named). Nothing is removed before it is approved, and then exactly what the plan lists.\n"
        "*/docker-prune* alone opens a form for it.\n"
        "Arguments narrow it: `until=240h` or `until=10d` (how old at least), `keep=5` (the newest versions of "
        "each repository), `only=images,build_cache`, `label=key=value`, `label!=key`, `not=postgres*`. "
        "`below=70%` and `free=20GB` take no more than it takes until the disk is less than 70% full, or has 20GB "
        "free: what is mildest and unused longest goes first. "
        "One widens it: with `arrival=build` images of unknown arrival are as old as their build says.\n"
        "*/docker-prune @TAG*, *all*, a pattern like `web-*` or a list like `prod-3,@ci` makes one plan for all.\n"
        "*/docker-prune HOST image=NAME container=NAME network=NAME* proposes to remove just these.\n"
        "*/docker-prune HOST why OBJECT* says why each profile takes or keeps it.\n"
        "A dangling image has lost its last name, mostly to a newer build. An unused one may have a name, but no "
        "container, running or stopped, refers to it.\n"
        f"Example: `/docker-prune prod-3 {EXAMPLE}`"
    ),
    AUDIT: (
        "*/docker-audit [FILTER…]* shows the latest cleanups: who asked, who approved, what was freed.\n"
        "Filters; words of one key widen what is meant, all others narrow it:\n"
        + "".join(f"• {key.usage}: {key.meaning}\n" for key in KEYS)
        + f"Example: `/docker-audit {FILTER_EXAMPLE}`"
    ),
}

_HELP_OF = {command: f"{command} help tells all that it takes." for command in USAGE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DfCommand:
    host: str | None
    """A host's name, or a selection of several; None means: list them."""
    verbose: bool = False
    """Whether the objects are asked for too."""
    history: timedelta | None = None
    """How far back, where that is what is asked for."""
    why_full: bool = False
    """Whether it is asked what holds the whole disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneCommand:
    host: str
    arguments: Arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyCommand:
    host: str
    name: str


class HelpRequestedError(UsageError):
    """The person asked for help; the sentence is the help."""


def profiles_help(profiles: Iterable[Profile]) -> str:
    """One line a profile, for those who asked for help about cleanups."""
    return "\n".join(f"• `{profile.name}`: {profile.words()}" for profile in profiles)


def parse_df(text: str) -> DfCommand:
    typed = _SPACED_COMMA.sub(",", text).split()
    words = [word for word in typed if word not in VERBOSE]
    verbose = len(words) < len(typed)
    words = _words(DF, " ".join(words), most=3)
    if words and words[0].startswith("-"):
        raise UsageError(f"/docker-df has no option “{words[0]}”; it has -v. {_HELP_OF[DF]}")
    if len(words) > 1 and words[1].lower() == HISTORY:
        return DfCommand(host=words[0], history=_span(words[2:]))
    why_full = " ".join(words[1:]).lower() in WHY_FULL
    if len(words) > 1 and not why_full:
        raise UsageError(f"I do not understand “{' '.join(words[1:])}”. {_HELP_OF[DF]}")
    if why_full:
        return DfCommand(host=words[0], why_full=True)
    return DfCommand(host=words[0] if words else None, verbose=verbose and bool(words))


def _span(words: list[str]) -> timedelta:
    try:
        span = parse_duration(words[0].lower()) if words else SPAN
    except ValueError as error:
        raise UsageError(f"{error}. Example: prod-3 history 30d") from None
    if not timedelta(hours=1) <= span <= LONGEST:
        raise UsageError(f"Write how far back, from 1h to {LONGEST.days}d.")
    return span


def parse_prune(text: str) -> PruneCommand | WhyCommand:
    _refuse_spaced(text)
    words = _words(PRUNE, _SPACED_COMMA.sub(",", text), most=MOST_WORDS)
    if not words:
        raise UsageError(f"Which host?\n{USAGE[PRUNE]}")
    host, *rest = words
    if rest and rest[0].lower() == WHY:
        if len(rest) != 2:  # noqa: PLR2004 - the word itself, and one object
            raise UsageError(
                f"Which object? Write its name, tag or id behind “why”. Example: /docker-prune {host} why nginx:1.25"
            )
        return WhyCommand(host=host, name=rest[1])
    return PruneCommand(host=host, arguments=parse_arguments(rest))


def corrected(line: str, error: UsageError) -> str:
    """A line as it was typed with the wrong word of it put right; empty where nobody can tell what was meant."""
    typed = as_typed(line)
    wrong = re.compile(rf"(?<![^\s,={_QUOTES}]){re.escape(error.wrong)}(?![^\s,{_QUOTES}])", re.IGNORECASE)
    if not (error.wrong and error.right and wrong.search(typed)):
        return ""
    return wrong.sub(lambda _found: error.right, typed, count=1)


def parse_narrowing(profile: str, text: str) -> Arguments:
    """What a form asks for: a profile, and what somebody typed to narrow it. UsageError is one sentence."""
    _refuse_spaced(text)
    words = [word.strip(_QUOTES) for word in as_typed(text).split()]
    bare = next((word for word in words if "=" not in word), None)
    if bare is not None:
        raise UsageError(f"I do not understand “{bare}”: write arguments like until=240h keep=3.")
    if len(words) > MOST_WORDS:
        raise UsageError(f"At most {MOST_WORDS} arguments are read; “{words[MOST_WORDS]}” is one more.")
    found = parse_arguments([profile, *words] if profile else words)
    if profile == PICKED and not found.picks:
        raise UsageError("Name the objects, like image=app:1.0 container=old-job network=old-net.")
    return found


def _refuse_spaced(text: str) -> None:
    """Raise UsageError, with what to write instead, for a duration in two words."""
    spaced = _SPACED_DURATION.search(text)
    if spaced:
        right = f"{spaced[1]}={spaced[2]}{spaced[3][0].lower()}"
        raise UsageError(f"Write “{spaced[0]}” in one word: {right}.", wrong=spaced[0], right=right)


def as_typed(text: str) -> str:
    """A text as somebody typed it, before Slack put its links and mentions in and escaped its control characters."""
    for found, written in _SLACKS_OWN:
        text = found.sub(written, text)
    return unescape(text)


def audit_words(text: str) -> list[str]:
    """The words of a filter. Slack writes people, groups and control characters in its own way."""
    for found, written in _PEOPLE:
        text = found.sub(written, text)
    text = as_typed(text)
    for quotes, quote in _TYPOGRAPHIC:
        text = text.translate(dict.fromkeys(map(ord, quotes), quote))
    try:
        words = split_line(text)
    except UsageError as error:
        raise UsageError(f"{error} {_HELP_OF[AUDIT]}") from None
    if words and words[0].lower() == "help":
        raise HelpRequestedError(USAGE[AUDIT])
    return words


def _words(command: str, text: str, *, most: int) -> list[str]:
    """Split into words; phones like to put typographic quotes around them."""
    words = [word.strip(_QUOTES) for word in as_typed(text).split()]
    if words and words[0].lower() == "help":
        raise HelpRequestedError(USAGE[command])
    if len(words) > most:
        raise UsageError(f"I do not understand “{' '.join(words[most:])}”. {_HELP_OF[command]}")
    return words
