"""What drives a terminal, reorders a line or begins a new one, made visible: text of hosts and people holds it too.

That is every C0 and C1 control, DEL, every bidirectional control and mark, the line and paragraph separators, and
halves of surrogate pairs, which no encoding can write.
"""

import json
import re

from bot.core.json import Json

_DRIVING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""One line of text, with ``\x1b``, ``\n`` or ``\u202e`` where such a character stood."""
    return _DRIVING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def visible_lines(text: str) -> str:
    """The same for a whole file, whose lines end as they do, and whose tabs part cells: no tab drives anything."""
    parts = re.split("(\\r?\\n|\t)", text)
    parts[::2] = map(visible, parts[::2])
    return "".join(parts)


def visible_json(line: str) -> str:
    r"""The same JSON, written in one line, with ``\uXXXX`` for such characters: what is read from it is the same."""
    return _DRIVING.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def json_text(value: Json, *, indent: int | None = None) -> str:
    """A value as JSON that a terminal can show; other letters stay readable."""
    # No string holds a line break here: JSON writes it as two characters.
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    return "\n".join(map(visible_json, written.split("\n")))
