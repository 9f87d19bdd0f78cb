"""One tree of errors; the text of each is the sentence that a person reads: what happened, where, what next.

Adapters translate what they catch into these with ``raise … from``; nobody matches on the text.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar


class DeckhandError(Exception):
    """Base of everything that Deckhand raises on purpose; ``str(error)`` may be shown to a person."""


class ConfigurationError(DeckhandError):
    """Every mistake of a configuration at once, each with its place and its remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


# --- what a person typed or clicked -------------------------------------------------------------


class UsageError(DeckhandError):
    """A command that cannot be understood: the sentence says which word is wrong, and what to write.

    ``wrong`` is that word as it was written and ``right`` the one that was probably meant, where there is one.
    """

    def __init__(self, sentence: str, *, wrong: str = "", right: str = "") -> None:
        self.wrong, self.right = wrong, right
        super().__init__(sentence)


class NoSuchHostsError(UsageError):
    """No registered host is meant; ``of_all`` is False where one may be that a person may not know of."""

    def __init__(
        self, sentence: str, nearest: Sequence[str], *, wrong: str = "", of_all: bool = True
    ) -> None:
        self.nearest, self.of_all = tuple(nearest), of_all
        hint = f" Did you mean {' or '.join(self.nearest)}?" if nearest else ""
        super().__init__(f"{sentence}.{hint}", wrong=wrong, right=(*nearest, "")[0])


class UnknownHostError(NoSuchHostsError):
    """No host of that name is registered."""

    def __init__(self, name: str, nearest: Sequence[str], *, of_all: bool = True) -> None:
        self.name = name
        hidden = "" if of_all else ", or you may not look at it here"
        super().__init__(f"No host named “{name}” is registered{hidden}", nearest, wrong=name, of_all=of_all)


class UnknownProfileError(UsageError):
    """No cleanup profile of that name exists."""

    def __init__(self, name: str, known: Sequence[str], nearest: Sequence[str] = ()) -> None:
        hint = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
        said = f"There is no profile “{name}”.{hint} The profiles are: {', '.join(known)}."
        super().__init__(said, wrong=name, right=(*nearest, "")[0])


class RefusedError(DeckhandError):
    """Understood, and not done: no right, too late, already decided.

    ``refusal`` is the value that says why (``core.refusals``), or a sentence that is the same wherever it is read.
    """

    def __init__(self, refusal: object) -> None:
        self.refusal = refusal
        super().__init__(str(refusal))


class BusyError(RefusedError):
    """So much of this kind waits already, for one person or of one host, that no more is taken."""

    def __init__(self, kind: str, key: str, waiting: int) -> None:
        """``kind`` says whose share is used up: that of a ``person``, or of a ``host``."""
        self.kind, self.key, self.waiting = kind, key, waiting
        super().__init__(f"{waiting} wait already. Try again in a moment.")


class EndingError(DeckhandError):
    """The process ends, and takes nothing new."""


class PlanDiffersError(RefusedError):
    """The rows of a plan say something else than its events in the audit: somebody changed them. It was closed."""


class PlanExistsError(DeckhandError, ValueError):
    """A plan of that id is stored already, and is another one."""


class NothingToRemoveError(DeckhandError):
    """A cleanup was asked for that would remove nothing; the sentence says under which rules all is kept."""


# --- reaching a host ----------------------------------------------------------------------------


class HostError(DeckhandError):
    """Something failed between Deckhand and the engine of ``host``."""

    cause: ClassVar[str] = "the engine answered with an error"
    """What hosts that fail alike are grouped by."""

    def __init__(self, host: str, sentence: str) -> None:
        self.host = host
        super().__init__(f"{host}: {sentence}")


def by_cause(errors: Iterable[HostError]) -> list[tuple[str, list[HostError]]]:
    """Those that failed alike together, the most frequent cause first."""
    causes: dict[str, list[HostError]] = {}
    for error in errors:
        causes.setdefault(error.cause, []).append(error)
    return sorted(causes.items(), key=lambda cause: -len(cause[1]))


class HostUnreachableError(HostError):
    """Nothing answers at the host's address, or the connection broke."""

    cause = "not reached"


class HostKeyError(HostError):
    """The host's SSH key is unknown or is not the pinned one."""

    cause = "SSH key not trusted"


class UntrustedKeyError(HostKeyError):
    """The host's SSH key is not trusted, and a person who has compared it can pin it."""

    def __init__(self, host: str, sentence: str) -> None:
        super().__init__(host, f"{sentence}, or run: deckhand hosts trust {host}")


class LoginRefusedError(HostError):
    """The SSH server accepted none of our identities."""

    cause = "login refused"


class EngineUnavailableError(HostError):
    """The machine is there; its engine or the engine's socket is not, or we may not use it."""

    cause = "no engine to use"


class DiskFullError(HostError):
    """The disk behind the engine's data root has no room left for the engine to work in."""

    cause = "disk full"


class EngineTimeoutError(HostError):
    """The engine did not answer within the deadline of the call."""

    cause = "engine did not answer in time"


class EngineAnswerError(HostError):
    """What answers says something that no engine says: longer, or of another shape."""

    cause = "answers that make no sense"


class EngineUnsupportedError(HostError):
    """An engine that Deckhand refuses to work on (Podman, or older than 20.10)."""

    cause = "engine not supported"


class EngineChangedError(HostError):
    """The host's name now points at another engine than the one that was planned on."""

    cause = "another engine than before"


class EngineRequestError(HostError):
    """The engine answered with an error of its own; ``status`` is the HTTP status."""

    def __init__(self, host: str, status: int, message: str) -> None:
        self.status, self.message = status, message
        super().__init__(host, f"the engine answered {status}: {message}")


class InBetweenError(EngineRequestError):
    """Something between Deckhand and the engine answered in the engine's place: a filtering proxy."""

    cause = "something in between answers in the engine's place"

    def __init__(self, host: str, status: int, message: str) -> None:
        super().__init__(host, status, message)
        self.args = (f"{host}: {message}",)


class ConflictError(EngineRequestError):
    """409: the engine refuses, since the object is in use or changing."""


class NotFoundError(EngineRequestError):
    """404: the object is not there (any more)."""


# --- the database -------------------------------------------------------------------------------


class StoreUnavailableError(DeckhandError):
    """The audit database cannot be read or written, so nothing may be removed."""


class NewerReleaseError(DeckhandError):
    """A row of the database says what only a newer release understands; it is left alone."""


class LeaseLostError(DeckhandError):
    """Another process has taken this cleanup over: stand down at once."""


# --- Slack --------------------------------------------------------------------------------------


class ChatError(DeckhandError):
    """Slack could not be reached or asked us to wait; trying again later makes sense."""

    retry_after: float = 0
    """Seconds for which Slack asked to be left alone; 0 where it did not say."""


class ChatRefusedError(ChatError):
    """Slack refused for good (the channel or the message is gone): trying again makes no sense."""


class MessageGoneError(ChatRefusedError):
    """The message that was to be changed was deleted, or cannot be changed any more."""


class ChannelClosedError(ChatRefusedError):
    """Deckhand is not in the channel, or the channel is archived or gone."""


class UndrawableError(ChatRefusedError):
    """Slack does not draw the message as it is; ``faults`` say where."""

    faults: tuple[str, ...] = ()


class ViewGoneError(ChatRefusedError):
    """The view was closed, changed by somebody else, or came too late to be opened."""
