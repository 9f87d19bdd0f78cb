"""This machine's own clock: no stored moment is compared with it, for that is the database's."""

import time
from datetime import UTC, datetime, timedelta


def process_now() -> datetime:
    """What this machine's clock shows: to be compared with the database's."""
    return datetime.now(UTC)


class SteadyClock:
    """Implements ``bot.ports.Clock`` for what is measured and never stored: it does not jump when clocks are set."""

    def __init__(self) -> None:
        self._began, self._ticks = process_now(), time.monotonic()

    def now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._ticks)
