"""How a command ends that did not do what it was asked for: in the shell's words, and with which exit code."""

from bot.core.errors import DeckhandError, NoSuchHostsError

FAILED, MISUSED = 1, 2
"""Exit codes: something is in the way; the command or the configuration is wrong."""


def words(error: DeckhandError) -> str:
    """What somebody reads of an error in a terminal: all plain, with the commands that help there."""
    if isinstance(error, NoSuchHostsError):
        return f"{error} `deckhand hosts list` lists all hosts."
    return str(error)
