"""Text for Slack: everything that came from a host is escaped and bounded before it gets here."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.core.plan.plan import Person
from bot.core.rules.people import split_id
from bot.core.rules.policy import EVERYONE, is_channel, is_group

SECTION_LIMIT = 3_000
"""Characters of a section's text (Slack, "Section block")."""
MESSAGE_BUDGET = 11_000
"""Characters of all blocks together: Slack refuses messages of about 13,200 (``msg_blocks_too_long``)."""
PEOPLE_SHOWN = 10

_OURS = re.compile(r"(policy|schedule):(.+)")
"""Ids of those who act and are no people."""


_CALL = re.compile(r"<(?:@|!subteam\^)([UWS][A-Z0-9]+)(?:\|[^>]*)?>")


def uncalled(value: Any, name_of: Callable[[str], str], but: Collection[str]) -> Any:
    """Texts and blocks in which people and groups are named and not mentioned: Slack notifies for each mention.

    ``but`` are the ids that are mentioned all the same.
    """
    if isinstance(value, str):
        return _CALL.sub(lambda call: call[0] if call[1] in but else plain(name_of(call[1]), 80), value)
    if isinstance(value, dict):
        return {key: uncalled(inner, name_of, but) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(uncalled(inner, name_of, but) for inner in value)
    return value


def escape(text: str) -> str:
    """Escape Slack's control characters, so that a label cannot mention or link anything."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """Shorten display text to ``limit`` characters, visibly."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def code(text: str, limit: int = 200) -> str:
    """Text from a host as inline code: one line, no backticks, escaped and bounded."""
    inner = plain(text.replace("`", "'"), limit)
    return f"`{inner or ' '}`"


def plain(text: str, limit: int = 200) -> str:
    """Text from a host as running text: one line, escaped, bounded, and without Slack's formatting."""
    return escape(clip(_unformatted(one_line(text)), limit))


_MARKS = {"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "'"}
"""What begins and ends formatting at the edge of a word, and what looks much the same."""


def _unformatted(text: str) -> str:
    for mark, alike in _MARKS.items():
        if text.count(mark) > 1:  # a single one formats nothing
            at_edge = rf"(?<!\w){re.escape(mark)}+|{re.escape(mark)}+(?!\w)"
            text = re.sub(at_edge, lambda found, alike=alike: alike * len(found[0]), text)  # type: ignore[misc] # bound at once
    return text


def one_line(text: str) -> str:
    """Text from a host without line breaks, and without what is invisible: some of it reorders its line."""
    return " ".join("".join(char for char in text if char.isprintable() or char.isspace()).split())


def mention(person: Person) -> str:
    return mention_id(person.id)


def mention_id(user_id: str) -> str:
    """A Slack mention; a policy or a schedule is called by its name, an id from elsewhere is plain text."""
    if ours := _OURS.fullmatch(user_id):
        return f"{ours[1]} “{plain(ours[2])}”"
    user = split_id(user_id)[1]
    return f"<@{user}>" if user else plain(user_id)


def entry_text(entry: str) -> str:
    """An entry of a policy, as Slack shows it."""
    if entry == EVERYONE:
        return "anyone"
    if is_channel(entry):
        return f"anyone in <#{entry}>"
    return f"<!subteam^{entry}>" if is_group(entry) else mention_id(entry)


def is_user(person_id: str) -> bool:
    """Whether an id is that of a person in Slack."""
    return bool(split_id(person_id)[1])


def mentions(user_ids: Sequence[str]) -> str:
    """Mention several people; beyond ten they are counted."""
    shown = ", ".join(mention_id(user_id) for user_id in user_ids[:PEOPLE_SHOWN])
    return f"{shown} and {len(user_ids) - PEOPLE_SHOWN} more" if len(user_ids) > PEOPLE_SHOWN else shown


def date(moment: datetime, form: str = "{date_short_pretty} {time}") -> str:
    """A moment in the reader's own time zone, with UTC for those that cannot show it."""
    fallback = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(moment.timestamp())}^{form}|{fallback}>"


_ADDRESS = re.compile(r"https?://[^\s<>|]+")


def link(address: str, words: str) -> str:
    """A link with these words, which are Slack's own text; empty where the address is none that leads anywhere.

    Addresses come out of the database: one that held more than an address could mention somebody.
    """
    return f"<{address}|{words}>" if _ADDRESS.fullmatch(address) else ""


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


def paragraphs(lines: Iterable[str], limit: int = SECTION_LIMIT) -> list[str]:
    """Join lines, none of which is longer than ``limit``, into as few texts of at most ``limit`` characters."""
    texts: list[str] = []
    for line in lines:
        if texts and len(texts[-1]) + len(line) < limit:
            texts[-1] += f"\n{line}"
        else:
            texts.append(line)
    return texts


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
