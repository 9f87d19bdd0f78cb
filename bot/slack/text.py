"""Text for Slack: everything that came from a host is escaped and bounded before it gets here."""

from collections.abc import Iterable
from datetime import datetime

from bot.core.plans import Person

SECTION_LIMIT = 3_000
"""Characters of a section's text (Slack, "Section block")."""
MESSAGE_BUDGET = 11_000
"""Characters of all blocks together: Slack refuses messages of about 13,200 (``msg_blocks_too_long``)."""


def escape(text: str) -> str:
    """Escape Slack's control characters, so that a label cannot mention or link anything."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """Shorten display text to ``limit`` characters, visibly."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def code(text: str, limit: int = 200) -> str:
    """Text from a host as inline code: one line, no backticks, escaped and bounded."""
    plain = " ".join(text.replace("`", "'").split())
    return f"`{escape(clip(plain, limit)) or ' '}`"


def mention(person: Person) -> str:
    return mention_id(person.id)


def mention_id(user_id: str) -> str:
    """A Slack mention; an id from elsewhere (the shell) stays plain text."""
    return f"<@{user_id}>" if user_id[:1] in {"U", "W"} else escape(user_id)


def date(moment: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """A moment in the reader's own time zone, with UTC for those that cannot show it."""
    fallback = moment.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{form}|{fallback}>"


def bar(share: float, width: int = 10) -> str:
    """A bar of blocks; always beside its number, never instead of it."""
    full = round(max(0.0, min(share, 1.0)) * width)
    return "█" * full + "░" * (width - full)


def lines_within(lines: Iterable[str], limit: int) -> tuple[list[str], int]:
    """As many whole lines as fit into ``limit`` characters, and how many were left out."""
    taken: list[str] = []
    used = left = 0
    for line in lines:
        if left or used + len(line) + 1 > limit:
            left += 1
            continue
        taken.append(line)
        used += len(line) + 1
    return taken, left


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
