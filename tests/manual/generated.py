"""The parts of the manual that are made from the code, so that they cannot lie.

``.venv/bin/python -m tests.manual.generated`` writes them anew; ``tests/manual/test_generated.py`` compares them.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperOption

from bot.config.file import tables
from bot.config.telling.described import described
from bot.config.telling.schema import DIALECT, schema
from bot.config.telling.written import as_written
from bot.core.audit.events import Tag
from bot.ports.metrics import Counted, Figures
from bot.shell.commands import COMMANDS
from bot.telemetry.registry import Registry
from tests.manual.pages import MANUAL, README
from tests.manual.shapes.all import SHAPES

PART = re.compile(r"(<!-- made from the code: (\w+) -->\n).*?(<!-- to here -->)", re.DOTALL)


def written_anew(text: str) -> str:
    """A page with all its parts as the code says now."""
    return PART.sub(lambda found: f"{found[1]}{PARTS[found[2]]()}{found[3]}", text)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---" for _ in head], *rows]
    return "".join(
        f"| {' | '.join(_cell(cell) for cell in line)} |\n".replace("| |", "| |") for line in lines
    )


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def configuration() -> str:
    """Every key, table by table."""
    parts = []
    for place, table in tables():
        about = described(table)
        rows = [
            (f"`{key}`", about[name], _unwritten(table.model_fields[name]))
            for key, name in table.fields_by_key().items()
        ]
        parts.append(f"\n### [{place}]\n{_table(('key', 'what it says', 'where it is not written'), rows)}")
    return "".join(parts)[1:]


def _unwritten(field: FieldInfo) -> str:
    """What counts where a key is not written."""
    if field.is_required():
        return "needed"
    written = as_written(field.default)
    return f"`{written}`" if written else "unset"


def commands() -> str:
    """Every command with its arguments and options, in the order of the help."""
    parts = []
    for path, place in COMMANDS.items():
        command = place.loaded(path.rpartition(" ")[2])
        usage = " ".join(["deckhand", path, *_arguments(command)])
        options = [one for one in command.params if isinstance(one, TyperOption) and one.name != "config"]
        listed = "".join(f"- `{_option(one)}`: {_cell(one.help or '')}\n" for one in options)
        about = f"{place.purpose}\n\n{listed}- for example `{place.example}`"
        parts.append(f"\n### {path}\n`{usage}`\n\n{about}\n")
    return "".join(parts)[1:]


def _arguments(command: TyperCommand) -> list[str]:
    return [str(one.metavar or one.name) for one in command.params if isinstance(one, TyperArgument)]


def _option(option: TyperOption) -> str:
    name = next(name for name in option.opts if name.startswith("--"))
    return name if option.is_flag else f"{name} {option.metavar or str(option.name).upper()}"


def events() -> str:
    """Every event, in the order of a plan's life."""
    about = described(Tag)
    return _table(("event", "what it says"), ((f"`{tag}`", about[tag.name]) for tag in Tag))


def metrics() -> str:
    """Every metric of Deckhand's own."""
    registry = Registry()
    registry.watch(lambda: NOTHING_YET)
    text, _ = registry.scraped("text/plain")
    found = re.findall(r"^# HELP (deckhand_\S+) (.*)\n# TYPE \S+ (\w+)$", text.decode(), re.MULTILINE)
    rows = [
        (f"`{name}`", kind, about) for name, about, kind in sorted(found) if not name.endswith("_created")
    ]
    return _table(("metric", "kind", "what it says"), rows)


NOTHING_YET = Figures(
    counted=Counted(oldest_proposed=datetime.now(UTC), head_at=datetime.now(UTC)), looks={}, hosts=0,
    slack_connected=False,
)  # fmt: skip


def create_app() -> str:
    """Where Slack's *Create app* opens with the manifest filled in."""
    lines = (MANUAL.parent / "slack-manifest.yaml").read_text(encoding="utf-8").splitlines()
    told = (line.partition(" #")[0].rstrip() for line in lines if not line.lstrip().startswith("#"))
    return f"[create-app]: https://api.slack.com/apps?new_app=1&manifest_yaml={quote(chr(10).join(told), safe='')}\n"


PARTS: Mapping[str, Callable[[], str]] = MappingProxyType({
    "configuration": configuration, "commands": commands, "create_app": create_app, "events": events,
    "metrics": metrics,
})  # fmt: skip

SCHEMAS = MANUAL.parent / "schemas"


def schemas() -> Mapping[str, str]:
    """The files of deploy/schemas, by name."""
    made = {"deckhand.toml": schema()}
    for path, shape in SHAPES.items():
        made[path.replace(" ", "-")] = {
            "$schema": DIALECT,
            **_untitled(shape.model_json_schema(ref_template="#/definitions/{model}")),
            "title": f"deckhand {path} --json",
        }
    return {
        f"{name}.json": json.dumps(each, indent=2, ensure_ascii=False) + "\n" for name, each in made.items()
    }


def _untitled(made: Any) -> Any:
    """Without titles, which only repeat names."""
    if isinstance(made, list):
        return [_untitled(each) for each in made]
    if not isinstance(made, dict):
        return made
    kept = {key: each for key, each in made.items() if key != "title" or not isinstance(each, str)}
    return {"definitions" if key == "$defs" else key: _untitled(each) for key, each in kept.items()}


if __name__ == "__main__":
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
    for page in (README, *MANUAL.glob("*.md")):
        before = page.read_text(encoding="utf-8")
        page.write_text(written_anew(before), encoding="utf-8")
