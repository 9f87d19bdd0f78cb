"""The table of what people can press, submit and type: what is shown is handled, and what is handled is shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from bot.slack import action_ids
from bot.slack.door.routing import Act
from bot.slack.routes import routes

HERE = Path(__file__).parent
FOLDERS = ("goldens", "plan/forms/goldens", "fleet/goldens")
GOLDENS = [file for folder in FOLDERS for file in HERE.glob(f"{folder}/*.json")]
TABLE = [(route.act, route.name) for route in routes(Mock())]


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside, but for the fields of forms: they are answered when the form is submitted."""
    if isinstance(value, list):
        for inner in value:
            yield from parts(inner)
    elif isinstance(value, dict):
        if value.get("type") == "input" and not value.get("dispatch_action"):
            return
        yield value
        for inner in value.values():
            yield from parts(inner)


def every_part(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield value
    for inner in inside:
        yield from every_part(inner)


def shown(golden: Path) -> set[tuple[Act, str]]:
    """What can be pressed or submitted in a golden."""
    found = list(parts(json.loads(golden.read_text(encoding="utf-8"))))
    actions = {
        (Act.ACTION, str(each["action_id"]).partition(":")[0]) for each in found if "action_id" in each
    }
    forms = {
        (Act.VIEW, str(each["callback_id"]))
        for each in found
        if each.get("type") == "modal" and "submit" in each
    }
    return actions | forms


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda golden: golden.stem)
def test_all_that_can_be_pressed_or_submitted_is_in_the_table(golden: Path) -> None:
    assert shown(golden) - set(TABLE) == set()


def test_all_that_the_table_handles_is_shown_somewhere() -> None:
    everywhere = set().union(*map(shown, GOLDENS))
    before = {(Act.ACTION, action_ids.COMMANDS)}
    """Of messages that releases before this one posted."""
    assert {line for line in TABLE if line[0] in {Act.ACTION, Act.VIEW}} == everywhere | before


def test_every_id_is_in_the_one_file_of_them() -> None:
    written = {value for name, value in vars(action_ids).items() if name.isupper()}
    named = {Act.ACTION, Act.VIEW, Act.OPTIONS, Act.SHORTCUT}
    assert {name for act, name in TABLE if act in named} == written


def test_every_command_of_the_table_is_in_the_manifest_and_no_other_one() -> None:
    manifest = (HERE.parent.parent / "deploy" / "slack-manifest.yaml").read_text(encoding="utf-8")
    told = {line.split()[-1] for line in manifest.splitlines() if line.strip().startswith("- command:")}
    assert {name for act, name in TABLE if act is Act.COMMAND} == told


def test_every_shortcut_of_the_table_is_in_the_manifest_and_no_other_one() -> None:
    manifest = (HERE.parent.parent / "deploy" / "slack-manifest.yaml").read_text(encoding="utf-8")
    told = {line.split()[-1] for line in manifest.splitlines() if line.strip().startswith("callback_id:")}
    assert {name for act, name in TABLE if act is Act.SHORTCUT} == told


def test_what_is_typed_alone_is_a_command_and_every_menu_of_options_is_answered() -> None:
    commands = {name for act, name in TABLE if act is Act.COMMAND}
    assert {name for act, name in TABLE if act is Act.ALONE} <= commands
    menus = {
        str(each["action_id"])
        for golden in GOLDENS
        for each in every_part(json.loads(golden.read_text(encoding="utf-8")))
        if each.get("type") in {"external_select", "multi_external_select"}
    }
    assert {name for act, name in TABLE if act is Act.OPTIONS} == menus


def test_no_line_of_the_table_stands_twice() -> None:
    assert len(TABLE) == len(set(TABLE))
