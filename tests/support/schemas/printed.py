"""What a command prints with ``--json`` is as deploy/schemas says, whichever test asks for it."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.schemas.json_schema import problems

SCHEMAS = Path(__file__).parents[3] / "deploy" / "schemas"


def must_be_as_described(arguments: Sequence[str], printed: str) -> None:
    """Fail where what was printed is not what its schema says; nothing where nothing was printed."""
    if "--json" not in arguments or not printed:
        return
    name = "-".join(arguments[:2])
    name = name if (SCHEMAS / f"{name}.json").exists() else arguments[0]
    found = list(problems(json.loads(printed), _schema(name)))
    assert not found, f"deckhand {' '.join(arguments)}: {found[:5]}"


@cache
def _schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
