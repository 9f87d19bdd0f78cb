"""Build steps, and the layers and history that they make."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.trial.sample.objects import HistoryEntry, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction; `size` in bytes of the layer it makes, None where it makes none.

    Equal steps make equal layers; `version` sets two apart that read the same.
    """

    command: str
    size: int | None = None
    version: str = ""

    @property
    def diff_id(self) -> str:
        return digest("layer", self.command, self.version, str(self.size))


def diff_ids(steps: Sequence[Step]) -> tuple[str, ...]:
    return tuple(step.diff_id for step in steps if step.size is not None)


def history(steps: Sequence[Step], created: datetime, comment: str) -> tuple[HistoryEntry, ...]:
    return tuple(
        HistoryEntry(created=created, created_by=step.command, comment=comment, empty=step.size is None)
        for step in steps
    )
