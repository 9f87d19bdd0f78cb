"""Labels: ``key`` or ``key=value``, as Docker's ``label`` and ``label!`` filters read them."""

from collections.abc import Mapping
from dataclasses import dataclass


def carries(labels: Mapping[str, str], wanted: str) -> bool:
    """Whether an object's labels hold ``key``, or ``key=value``."""
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFilter:
    """Objects that carry all of ``wanted`` and none of ``refused``.

    Docker's own prune, given several ``label!``, spares only what carries all of them; here each spares.
    """

    wanted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def objection(self, labels: Mapping[str, str]) -> str | None:
        """Why an object with these labels is left out; None when it is not."""
        lacking = next((label for label in self.wanted if not carries(labels, label)), None)
        if lacking is not None:
            return f"it does not carry the label {lacking}"
        carried = next((label for label in self.refused if carries(labels, label)), None)
        return None if carried is None else f"it carries the label {carried}"

    def words(self) -> str:
        """The filter as a person reads it."""
        parts = [f"label {label}" for label in self.wanted]
        return ", ".join(parts + [f"no label {label}" for label in self.refused])

    def options(self) -> str:
        """The filter as options of a Docker command; for display only."""
        wanted = "".join(f" --filter label={label}" for label in self.wanted)
        return wanted + "".join(f" --filter label!={label}" for label in self.refused)


ANY_OBJECT = LabelFilter()
