"""What people are told once, however many processes run; and how each of them wants to be told."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.rules.telling import Wished


class Taking(StrEnum):
    """What came of taking a notice up."""

    OURS = "ours"  # tell it, then say so
    TOLD = "told"  # it was told already
    BUSY = "busy"  # another process is at it, or was, and its lease has not ended


class Notices(Protocol):
    """Intents to tell something, each under a name that is there once.

    Whoever dies between an intent and the telling leaves it to the next: it is told twice only where somebody dies
    between the telling and saying so.
    """

    def begin(self, name: str, event: Event) -> bool:
        """Write the intent with its event, under its name, in one transaction, where there is none.

        Whether there is still something to tell: not where it was told, nor where the audit has that event under that
        name already and no intent, as the releases before this one leave it.
        """
        ...

    def take(self, name: str, owner: str, lease: timedelta) -> Taking:
        """Take up what is to be told, with its intent where there is none yet."""
        ...

    def intend(self, name: str) -> None:
        """Write an intent alone, where there is none; what became of it is for whoever tells it to find out."""
        ...

    def open(self) -> tuple[str, ...]:
        """Names of what is still to be told, and that nobody is at; the oldest first."""
        ...

    def told(self, name: str) -> None:
        """It was told, or there is nobody to tell; it is so for good."""
        ...

    def leave(self, name: str, owner: str) -> None:
        """It could not be told: whoever comes next may try."""
        ...

    def forget(self, older: timedelta) -> None:
        """Forget what was told longer ago."""
        ...


class People(Protocol):
    """How people want to be told, each by their own setting."""

    def wish(self, person: str) -> Wished:
        """That of one person; as policies say where they never chose."""
        ...

    def wished(self) -> tuple[Wished, ...]:
        """Everybody's who chose something else than what policies say, by id."""
        ...

    def choose(self, wished: Wished) -> None:
        """Keep what a person chose."""
        ...
