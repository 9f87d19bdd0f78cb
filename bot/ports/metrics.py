"""What operators count. No id of a person or a plan is ever part of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.core.audit.events import Event
from bot.core.docker.usage import LastLook


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many plans there are in each state, and where the audit ends, by the database."""

    plans: Mapping[str, int] = field(default_factory=dict)
    """By status; those whose time is up count until somebody has closed them."""
    attention: int = 0
    """Running cleanups that nobody goes on with by themselves."""
    oldest_proposed: datetime | None = None
    """When the plan was proposed that waits longest for its decision."""
    head: int = 0
    """The number of the audit's last event."""
    head_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is so now, and not counted: gathered when somebody asks."""

    counted: Counted
    looks: Mapping[str, LastLook]
    """What each registered host showed the last time."""
    hosts: int
    slack_connected: bool


class Metrics(Protocol):
    """Safe to use from any thread; nothing here fails, and nothing waits."""

    def looking(self, host: str) -> AbstractContextManager[object]:
        """Around a look at a host: how long it takes, and whether it fails."""
        ...

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Around what is done under one id: the answer to a click or a command, a cleanup; ``what`` is no id."""
        ...

    def queued(self, queue: str) -> Callable[[], None]:
        """Work waits in a queue from now on; to be called once, when it begins or is dropped."""
        ...

    def transaction(self, kind: str) -> AbstractContextManager[object]:
        """Around a transaction: how long it takes, and whether it fails."""
        ...

    def written(self, event: Event) -> None:
        """An event is in the audit for good."""
        ...

    def called_slack(self, method: str, outcome: str, seconds: float) -> None:
        """A method of Slack's was called: how that ended (ok, limited, refused, failed), and how long it took."""
        ...

    def paused_by_slack(self, seconds: float) -> None:
        """A call waited so long because Slack asked for it."""
        ...

    def watch(self, figures: Callable[[], Figures]) -> None:
        """Whom to ask for what is so now; DeckhandError from there leaves it out."""
        ...


class NoMetrics:
    """Nobody counts."""

    def looking(self, host: str) -> AbstractContextManager[object]:  # noqa: ARG002 - as the port has it
        return nullcontext()

    def doing(self, what: str) -> AbstractContextManager[object]:  # noqa: ARG002 - as above
        return nullcontext()

    def queued(self, queue: str) -> Callable[[], None]:  # noqa: ARG002 - as above
        return _nothing

    def transaction(self, kind: str) -> AbstractContextManager[object]:  # noqa: ARG002 - as above
        return nullcontext()

    def written(self, event: Event) -> None: ...

    def called_slack(self, method: str, outcome: str, seconds: float) -> None: ...

    def paused_by_slack(self, seconds: float) -> None: ...

    def watch(self, figures: Callable[[], Figures]) -> None: ...


def _nothing() -> None: ...


NO_METRICS: Metrics = NoMetrics()
