"""Alerts: what is open, who was told of it, and who acted."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.life.states import MessageRef
from bot.core.watch.pressure.alert import Alert, Kind, Outcome, Standing
from bot.core.watch.pressure.notice import Notice, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A message, and the alerts that it is about, the oldest first."""

    notice: Notice
    alerts: tuple[Alert, ...]
    behind: bool
    """Whether the message shows less than is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All of which there may be something to tell."""

    waiting: tuple[Alert, ...] = ()
    """Open ones that no message is about, the oldest first."""
    noticed: tuple[Noticed, ...] = ()


class Alerts(Protocol):
    """Each host has at most one open alert of a kind, however many processes look at it."""

    def look(self, host: str, kind: Kind, decide: Callable[[Standing], Outcome]) -> Outcome:
        """Write what follows from a look, with its events. ``decide`` may be asked twice."""
        ...

    def board(self) -> Board:
        """What is open, or has ended and was not told of."""
        ...

    def gather(self, notice: Notice, alerts: Collection[str]) -> bool:
        """Let a message be about those of these alerts that none is about yet; it is made when it is not there.

        False: there are none, or all was told of the message already.
        """
        ...

    def begin(self, notice: str, owner: str, lease: timedelta) -> Noticed | None:
        """Keep others from telling of the same for so long; None while somebody is at it, or where all was told."""
        ...

    def trying(self, notice: str) -> None:
        """Remember that its message may stand in the channel from now on."""
        ...

    def told(
        self, before: Noticed, notice: Notice, event: Event | None = None, *, is_shown: bool = False
    ) -> None:
        """Keep what people were told; ``is_shown``: the message shows what ``before`` knew."""
        ...

    def leave(self, notice: str, owner: str) -> None:
        """Let others tell of it."""
        ...

    def act(
        self,
        notice: str,
        alerts: Collection[str],
        change: Callable[[Alert], Alert],
        tell: Callable[[Alert], Event],
    ) -> tuple[Alert, ...]:
        """Change open alerts of a message as somebody wants it, an event each; those that were changed."""
        ...

    def open_on(self, host: str) -> tuple[tuple[str, Alert], ...]:
        """The open alerts of a host, each with its message's id (empty: it has none)."""
        ...

    def noticed(self, notice: str) -> Noticed | None:
        """A message by its id; None where there is none."""
        ...


class AlertChat(Protocol):
    """Where alerts are told. Every method may raise ChatError."""

    def post_alerts(self, noticed: Noticed, now: datetime) -> MessageRef:
        """Post the message, or find the one that stands there already where it was tried before."""
        ...

    def update_alerts(self, noticed: Noticed, now: datetime) -> None:
        """Bring the message up to date in place; MessageGoneError when somebody deleted it."""
        ...

    def say_of_alerts(self, noticed: Noticed, step: Step, to: Sequence[str], now: datetime) -> None:
        """Tell in a line what is new; ``to`` are those who hear of it because nobody acts."""
        ...
