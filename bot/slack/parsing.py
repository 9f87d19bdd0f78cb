"""What a person typed behind a slash command, as values; a mistake is answered with what to write instead.

Pure. Nothing typed ever becomes part of a command, a path or a query: a host's name is only looked up.
"""

from dataclasses import dataclass

from bot.core.errors import UsageError
from bot.core.profiles import BUILT_IN, DEFAULT_PROFILE

DF, PRUNE, AUDIT = "/docker-df", "/docker-prune", "/docker-audit"

_QUOTES = "'\"\u2018\u2019\u201c\u201d`"
_PROFILES = "\n".join(f"• `{profile.name}`: {profile.words()}" for profile in BUILT_IN.values())

USAGE = {
    DF: (
        "*/docker-df* lists the registered hosts.\n"
        "*/docker-df HOST* shows where the host's disk went, and what each cleanup would free.\n"
        "Example: `/docker-df prod-3`"
    ),
    PRUNE: (
        f"*/docker-prune HOST [PROFILE]* proposes a cleanup (`{DEFAULT_PROFILE}` when no profile is named). "
        "Nothing is removed before it is approved, and then exactly what the plan lists.\n"
        f"{_PROFILES}\n"
        "Example: `/docker-prune prod-3 routine`"
    ),
    AUDIT: (
        "*/docker-audit [HOST]* shows the latest cleanups: who asked, who approved, what was freed.\n"
        "Example: `/docker-audit prod-3`"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DfCommand:
    host: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneCommand:
    host: str
    profile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditCommand:
    host: str | None


class HelpRequestedError(UsageError):
    """The person asked for help; the sentence is the help."""


def parse_df(text: str) -> DfCommand:
    words = _words(DF, text, most=1)
    return DfCommand(host=words[0] if words else None)


def parse_prune(text: str) -> PruneCommand:
    words = _words(PRUNE, text, most=2)
    if not words:
        raise UsageError(f"Which host?\n{USAGE[PRUNE]}")
    return PruneCommand(host=words[0], profile=words[1] if len(words) > 1 else DEFAULT_PROFILE)


def parse_audit(text: str) -> AuditCommand:
    words = _words(AUDIT, text, most=1)
    return AuditCommand(host=words[0] if words else None)


def _words(command: str, text: str, *, most: int) -> list[str]:
    """Split into words; phones like to put typographic quotes around them."""
    words = [word.strip(_QUOTES) for word in text.split()]
    if words and words[0].lower() == "help":
        raise HelpRequestedError(USAGE[command])
    if len(words) > most:
        raise UsageError(f"I do not understand “{' '.join(words[most:])}”.\n{USAGE[command]}")
    return words
