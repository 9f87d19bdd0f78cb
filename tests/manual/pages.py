"""The README and the pages of the manual: their blocks, commands, links and anchors."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
MANUAL = ROOT / "deploy" / "manual"
INSTALL = MANUAL / "install.md"
"""Its commands are followed word by word in tests/deploy."""
PAGES = (
    README, *sorted(MANUAL.glob("*.md")), *sorted((ROOT / "deploy").glob("*.md")),
    *sorted((ROOT / ".github").glob("*.md")),
)  # fmt: skip


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of a page in one language, as they stand."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The lines of a page's shell blocks, each as its words."""
    lines = (line for block in blocks(page, "sh") for line in block.splitlines())
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def sections(page: Path = INSTALL) -> dict[str, list[str]]:
    """The blocks of commands of each section, by its title."""
    parts = re.split(r"^## (.*)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {
        title: re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def script(*blocks: str) -> str:
    """What a shell runs that stops at the first command that fails, and shows each."""
    return "set -eux\n" + "\n".join(blocks)


def prose(page: Path) -> str:
    """A page without its blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def mentioned(page: Path) -> Iterator[list[str]]:
    """The words behind ``deckhand`` of each command that a page's sentences name."""
    for span in re.findall(r"`deckhand ([^`]+)`", " ".join(prose(page).split("\n"))):
        yield shlex.split(span)


def links(page: Path) -> list[tuple[str, str]]:
    """Where a page's links and pictures lead that stay in the repository: a path, empty for the page, and an anchor."""
    found = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", prose(page))
    return [(path, anchor) for path, anchor in found]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's titles, as the sites make them that show it."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
