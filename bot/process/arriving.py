"""Signals of the operating system, taken one after the other by who waits for them."""

import signal
from contextlib import suppress
from queue import Empty, SimpleQueue

LOOK_AGAIN = 0.5
"""Seconds after which a signal is noticed that the system gave to another thread, which wakes nobody."""


class Arriving:
    """Catches these signals from its making on; nothing is interrupted by one, however many come.

    A handler in Python runs inside whatever the main thread is doing, a handler included: a storm nests
    them until the stack ends, and an event that both set is locked for ever. This one is a single C call
    that may be entered again (``queue.SimpleQueue.put``).
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self._arrived: SimpleQueue[int] = SimpleQueue()
        for number in numbers:
            signal.signal(number, self._arrived.put)  # type: ignore[arg-type] # the frame means: block, which it never does

    def wait(self) -> signal.Signals:
        """The next one, in the order in which they came."""
        while True:
            with suppress(Empty):
                return signal.Signals(self._arrived.get(timeout=LOOK_AGAIN))
