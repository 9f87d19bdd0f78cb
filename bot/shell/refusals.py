"""Errors and refusals in the shell's words: all plain, with the commands that help in a terminal."""

from bot.core.errors import DeckhandError, NoSuchHostsError


def words(error: DeckhandError) -> str:
    """What somebody reads of an error in a terminal."""
    if isinstance(error, NoSuchHostsError):
        return f"{error} `deckhand hosts list` lists all hosts."
    return str(error)
