"""What the failures of hosts looked like, for the table at the end of the test report."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    case: str
    error: str
    seconds: float
    sentence: str


SEEN: list[Seen] = []
