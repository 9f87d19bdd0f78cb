"""Acknowledge first: work that people asked for begins once all that has come in is acknowledged.

Slack waits three seconds for an acknowledgement, and a hundred commands may come at once: the work of the first ones
must not hold up the acknowledgements of the others.
"""

import threading

LONGEST = 0.5
"""Seconds that work is held up at most, whatever comes in meanwhile."""


class AckFirst:
    """Counts what has come in and is not acknowledged yet; safe to use from any thread."""

    def __init__(self) -> None:
        self._waiting = 0
        self._changed = threading.Condition()

    def came(self) -> None:
        """An event has come in that waits for its acknowledgement."""
        with self._changed:
            self._waiting += 1

    def acknowledged(self) -> None:
        with self._changed:
            self._waiting = max(self._waiting - 1, 0)
            if not self._waiting:
                self._changed.notify_all()

    def hold(self) -> None:
        """Wait until nothing waits for its acknowledgement; not for ever, for some may be lost with a connection."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._waiting, LONGEST):
                self._waiting = 0
