"""The pretended disk behind a sample engine: what is removed there is free afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.docker.usage import DiskSpace

REST = 0.25
"""What of all that is on it is in no figure of Docker's."""


@dataclass(frozen=True, slots=True)
class PretendedDisk:
    size: int
    rest: int
    """Bytes that are taken by what is not Docker's."""
    objects: Callable[[], int]
    """Bytes that the engine's objects take now."""

    @staticmethod
    def behind(objects: Callable[[], int], full: float) -> "PretendedDisk":
        """One that these objects have filled up to this share."""
        used = objects() / (1 - REST)
        return PretendedDisk(size=max(1, round(used / full)), rest=round(used * REST), objects=objects)

    def space(self) -> DiskSpace:
        return DiskSpace(size=self.size, free=max(0, self.size - self.rest - self.objects()))
