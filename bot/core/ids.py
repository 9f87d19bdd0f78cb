"""Ids of plans: short enough to type, and never guessed."""

import hashlib

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
"""No letters or digits that are taken for one another when read aloud."""
LENGTH = 10
"""49 bits."""


def id_of(request: str) -> str:
    """The id that belongs to a request, the same each time it is delivered."""
    number = int.from_bytes(hashlib.sha256(request.encode()).digest())
    letters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[index])
    return "".join(letters)
