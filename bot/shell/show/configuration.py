"""What the shell shows of the configuration."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from bot.config import toml
from bot.config.telling.shown import BY_ITSELF, Shown
from bot.core.json import Json
from bot.shell.show import output

PLACE_AT = 44
"""Columns before it is said where a value comes from."""


def value_json(one: Shown) -> Json:
    return {"table": one.table, "key": one.key, "value": one.value, "place": one.place}


def show_values(values: Sequence[Shown], file: Path) -> None:
    """Print them as a file of TOML that says the same; where each comes from is a comment, and so is what is unset."""
    for number, (table, group) in enumerate(groupby(values, lambda one: one.table)):
        output.say(*[""] * bool(number), f"[{table}]" if table else "# the environment")
        for one in group:
            if one.value is None and table.partition(".")[0] in {"hosts", "profiles"}:
                continue  # one of several ways, or a kind that is not taken
            place = "" if one.place == str(file) else f"  # {one.place}"
            output.say(f"{_line(one):<{PLACE_AT if place else 0}}{place}")


def _line(one: Shown) -> str:
    if not one.table:
        return f"# {one.key} = {one.value}"
    if one.value is None:
        return f"# {one.key} is unset"
    return f"{'# ' * (one.place == BY_ITSELF)}{toml.line(one.key, one.value)}"
