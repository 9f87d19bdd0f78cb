"""What reading commands print with ``--json``: the shapes from which deploy/schemas is made."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, RootModel

from tests.manual.shapes.audit import Head, Line, Record, Statistics, Verdict
from tests.manual.shapes.hosts import Check, Fleet, Row
from tests.manual.shapes.plans import Board, Draft, Explanation, History, WhyFull
from tests.manual.shapes.rules import Explained, Forgotten, Schedule, Value

SHAPES: Mapping[str, type[BaseModel]] = MappingProxyType({
    "df": RootModel[list[Row] | Fleet],
    "plan": RootModel[Draft | list[Draft] | list[Explanation]],
    "history": History,
    "watch": Board,
    "why-full": WhyFull,
    "hosts check": RootModel[list[Check]],
    "schedules": RootModel[list[Schedule | Forgotten]],
    "policy explain": Explained,
    "config show": RootModel[list[Value]],
    "audit list": RootModel[list[Line]],
    "audit stats": Statistics,
    "audit show": Record,
    "audit head": Head,
    "audit verify": Verdict,
})  # fmt: skip
"""By the command that prints it."""
