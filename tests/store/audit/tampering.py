"""Random single changes to an audit database, by somebody who dropped the triggers, and what each should be called."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from bot.core.audit.breaks import BreakKind

COLUMNS = ("at", "tag", "plan", "host", "actor", "facts", "previous", "hash", "key", "seal")
VALUES = (
    "",
    "x",
    "sha256",
    "hmac-sha256:0123456789abcdef",
    "2020-01-01T00:00:00.000000Z",
    "{}",
    "null",
    "0" * 64,
)


@dataclass(frozen=True, kw_only=True)
class Tampering:
    """What was done, and the first broken event and its kind that name it right."""

    said: str
    right: tuple[int, BreakKind]


class Tamperer:
    """Changes one thing. ``first`` and ``last`` are the numbers of the events that are there."""

    def __init__(self, database: sqlite3.Connection, random: Random) -> None:
        self.database, self.random = database, random
        self.first, self.last = database.execute("SELECT min(seq), max(seq) FROM event").fetchone()

    def change(self) -> Tampering:
        ways: list[Callable[[], Tampering]] = [
            self.value, self.value, self.number, self.delete, self.truncate, self.swap, self.insert, self.append,
        ]  # fmt: skip
        return self.random.choice(ways)()

    def _any(self) -> int:
        return self.random.randint(self.first, self.last)

    def _run(self, statement: str, *values: object) -> None:
        self.database.execute(statement, values)

    def value(self) -> Tampering:
        seq, column = self._any(), self.random.choice(COLUMNS)
        (before,) = self.database.execute(f"SELECT {column} FROM event WHERE seq = ?", (seq,)).fetchone()  # noqa: S608 - ours
        after = before
        while after == before:
            after = self.random.choice(
                [*VALUES, before + " ", before[1:], before.swapcase(), f"{before}{seq}"]
            )
        if column == "key":
            after += f" of {seq}"  # the index wants them to differ
        self._run(f"UPDATE event SET {column} = ? WHERE seq = ?", after, seq)  # noqa: S608 - ours
        return Tampering(said=f"{column} of {seq}: {before!r} → {after!r}", right=(seq, BreakKind.CHANGED))

    def number(self) -> Tampering:
        seq = self._any()
        after = self.random.choice([-3, 0, self.last + 1, self.last + 50])
        self._run("UPDATE event SET seq = ? WHERE seq = ?", after, seq)
        # What stands before the first is met first.
        place = seq if after > 0 else self.first
        return Tampering(said=f"{seq} numbered {after}", right=(place, BreakKind.REORDERED))

    def delete(self) -> Tampering:
        seq = self._any()
        self._run("DELETE FROM event WHERE seq = ?", seq)
        kind = BreakKind.CUT_OFF if seq == self.last else BreakKind.MISSING
        # Without the checkpoint that stands first, nothing says where those before it went.
        place = seq if seq > self.first else 1
        return Tampering(said=f"{seq} deleted", right=(place, kind))

    def truncate(self) -> Tampering:
        seq = self._any()
        self._run("DELETE FROM event WHERE seq >= ?", seq)
        # An empty table does not even say that there was an archive.
        place = seq if seq > self.first else 1
        return Tampering(said=f"cut from {seq} on", right=(place, BreakKind.CUT_OFF))

    def swap(self) -> Tampering:
        one, other = sorted(self.random.sample(range(self.first, self.last + 1), 2))
        for before, after in ((one, -1), (other, one), (-1, other)):
            self._run("UPDATE event SET seq = ? WHERE seq = ?", after, before)
        return Tampering(said=f"{one} and {other} swapped", right=(one, BreakKind.REORDERED))

    def insert(self) -> Tampering:
        """A copy of some event in the place of another, and all from there on one further."""
        seq, copied = self._any(), self._any()
        self._run("CREATE TEMP TABLE forged AS SELECT * FROM event WHERE seq = ?", copied)
        self._run("UPDATE event SET seq = -seq WHERE seq >= ?", seq)
        self._run("UPDATE event SET seq = 1 - seq WHERE seq < 0")
        self._run("UPDATE forged SET seq = ?, key = 'forged', actor = 'U0EVE'", seq)
        self._run("INSERT INTO event SELECT * FROM forged")
        self._run("UPDATE chain_head SET seq = seq + 1")
        return Tampering(said=f"a copy of {copied} put at {seq}", right=(seq, BreakKind.INSERTED))

    def append(self) -> Tampering:
        seq = self.last + self.random.randint(1, 3)
        self._run("CREATE TEMP TABLE forged AS SELECT * FROM event WHERE seq = ?", self.last)
        self._run("UPDATE forged SET seq = ?, key = 'forged', previous = hash", seq)
        self._run("INSERT INTO event SELECT * FROM forged")
        return Tampering(said=f"{seq} appended", right=(self.last + 1, BreakKind.INSERTED))
