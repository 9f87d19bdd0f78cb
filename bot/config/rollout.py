"""``[rollout]``: how plans for many hosts begin."""

from typing import Annotated

from pydantic import Field, InstanceOf

from bot.config.types import Table, as_text, read_text
from bot.core.plan.waves import Share, Waves, parse_share

_WAVES = Waves()


def _percent(text: str) -> Share:
    share = parse_share(text)
    if not share.is_percent:
        raise ValueError(f"“{text}” is no share; write it like 50%")
    return share


ShareOfHosts = Annotated[
    InstanceOf[Share],
    read_text(parse_share, 'hosts of a wave are written as text, like "25%" or "5"'),
    as_text("25%", "[1-9][0-9]* ?%?"),
]
Percent = Annotated[
    InstanceOf[Share],
    read_text(_percent, 'a share is written as text, like "50%"'),
    as_text("50%", "[1-9][0-9]* ?%"),
]


class RolloutTable(Table):
    """How a plan for many hosts begins, once it is approved: in waves."""

    first: Annotated[int, Field(ge=1)] = _WAVES.first
    """How many hosts begin first."""
    then: ShareOfHosts = _WAVES.then
    """How many begin at a time after them: a share of all hosts of the plan, like `25%`, or a number, like `5`."""
    stop_on: Annotated[int, Field(ge=1)] = _WAVES.stop_on
    """How many hosts in trouble hold the rest until a person says go on."""
    kept_share: Percent = _WAVES.kept_share
    """A host is in trouble too where more than this share of its plan's objects was kept; `100%`: never."""

    def waves(self) -> Waves:
        return Waves(first=self.first, then=self.then, stop_on=self.stop_on, kept_share=self.kept_share)
