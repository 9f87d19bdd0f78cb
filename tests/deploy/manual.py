"""The commands of deploy/install.md, as they stand."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANUAL = ROOT / "deploy" / "install.md"


def sections() -> dict[str, list[str]]:
    """The blocks of commands of each section, by its title."""
    parts = re.split(r"^## (.*)\n", MANUAL.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def script(*blocks: str) -> str:
    """What a shell runs that stops at the first command that fails, and shows each."""
    return "set -eux\n" + "\n".join(blocks)
