"""Waves: how many hosts of a fleet run at a time, and what holds the rest."""

from dataclasses import dataclass

_ALL = 100
"""Percent."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """So many of something, or a share of it."""

    number: int
    is_percent: bool = False

    def of(self, every: int) -> int:
        """How many of so many that is, at least 1."""
        return max(1, -(-every * self.number // _ALL) if self.is_percent else self.number)

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.is_percent else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """A first few hosts, then shares of all; whoever approves a fleet reads these, and its digest holds them."""

    first: int = 1
    """Hosts of the first wave, at least 1."""
    then: Share = Share(25, is_percent=True)
    """Hosts of each wave after it, or their share of all."""
    stop_on: int = 1
    """How many hosts in trouble hold the rest, at least 1."""
    kept_share: Share = Share(50, is_percent=True)
    """The share of a plan's objects beyond which, where they were kept, its host is in trouble; 100%: never."""

    def size(self, begun: int, hosts: int) -> int:
        """How many of so many hosts the next wave takes when so many waves have begun; at least 1."""
        return self.then.of(hosts) if begun else max(1, self.first)

    def too_many_kept(self, kept: int, objects: int) -> bool:
        """Whether so many kept objects of so many are trouble."""
        return kept * _ALL > self.kept_share.number * objects

    def words(self) -> str:
        """``1 host first, then 25% at a time; 1 host in trouble holds the rest``."""
        held = f"{_hosts(self.stop_on)} in trouble {'holds' if self.stop_on == 1 else 'hold'} the rest"
        return f"{_hosts(self.first)} first, then {self.then} at a time; {held}"


def _hosts(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"


def parse_share(text: str) -> Share:
    """Read ``25%`` or ``5``. ValueError says what is wrong."""
    digits = text.strip().removesuffix("%").strip()
    percent = text.strip().endswith("%")
    if not digits.isdecimal() or not digits.isascii() or not 1 <= int(digits) <= (_ALL if percent else _MOST):
        raise ValueError(f"“{text}” is neither a number of hosts from 1 on, like 5, nor a share like 25%")
    return Share(int(digits), is_percent=percent)
