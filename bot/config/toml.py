"""Reading ``deckhand.toml``, whatever lies in its place, and writing what it reads."""

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.core.errors import ConfigurationError
from bot.process import private

DEFAULT_FILE = "deckhand.toml"
EXAMPLE = "deploy/deckhand.example.toml shows a whole one"
MOST_BYTES = 1 << 20
"""Some thousands of hosts."""
_DEEP_KEY = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:(?>[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64}"""
)
"""A key of so many parts, which Python's own parser needs minutes for."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}  # fmt: skip


def place(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the configuration is: the file that is given, else the one that DECKHAND_CONFIG names, else here."""
    return given or Path(environment.get("DECKHAND_CONFIG") or DEFAULT_FILE)


def read(file: Path) -> Mapping[str, Any]:
    """The tables of a file; ConfigurationError when it is no regular file, too long, or not TOML."""
    try:
        text = _bytes(file).decode()
        if _DEEP_KEY.search(text):
            raise _problem(file, "has a key of more than 64 parts")
        return tomllib.loads(text)
    except FileNotFoundError:
        problem = f"there is no such file; write it ({EXAMPLE}), or name it with --config or DECKHAND_CONFIG"
        raise _problem(file, problem) from None
    except UnicodeDecodeError as error:
        raise _problem(file, f"cannot be read: {error}") from None
    except RecursionError:
        raise _problem(file, f"is not TOML: it is nested too deeply; {EXAMPLE}") from None
    except ValueError as error:
        raise _problem(file, f"is not TOML: {error}; {EXAMPLE}") from None
    except OSError as error:
        raise _problem(file, f"cannot be read: {error}") from None


def _bytes(file: Path) -> bytes:
    """What a regular file holds. Nothing else is opened: a FIFO waits for a writer, and a device may act."""
    _must_be_regular(file, file.stat().st_mode)
    # Not blocking, for whatever took the file's place since.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as opened:
        _must_be_regular(file, os.fstat(opened.fileno()).st_mode)
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _problem(file, f"is longer than {MOST_BYTES >> 20} MiB, which no configuration is; {EXAMPLE}")
    return content


def _must_be_regular(file: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "no file")
        raise _problem(file, f"is {kind}; the configuration has to be a regular file, or a link to one")


def _problem(file: Path, words: str) -> ConfigurationError:
    return ConfigurationError([f"{file}: {words}"])


def write(file: Path, tables: Mapping[str, Any]) -> None:
    """A file of this account alone, in the place of what was there. OSError."""
    with private.created(file) as opened:
        opened.write(written(tables))


def line(key: str, value: Any) -> str:
    """A key and its value: a text, a number, a truth, a list, or a table in braces."""
    return f"{_key(key)} = {_value(value)}"


def dotted(parts: Iterable[str]) -> str:
    """The head of a table; a part may be any name, like that of a registry."""
    return ".".join(map(_key, parts))


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(line(key, one) for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return json.dumps(value, ensure_ascii=False)


def written(tables: Mapping[str, Any], above: str = "") -> str:
    """Tables in tables, down to texts, numbers, truths and lists of them, as a file has them."""
    values, below = [], []
    for key, value in tables.items():
        if isinstance(value, Mapping):
            below.append(written(value, f"{above}{_key(key)}."))
        else:
            values.append(f"{line(key, value)}\n")
    head = [f"[{above.removesuffix('.')}]\n"] if above and values else []
    return "".join([*head, *values, *below])
