"""How thorough a run is: the usual one tries some of the cases of which ``tests/run --long`` tries all."""

import os

LONG = os.environ.get("DECKHAND_TEST_LONG") == "yes"


def often(usual: int, long: int) -> int:
    """How many cases to try: seeds, examples, rounds."""
    return long if LONG else usual
