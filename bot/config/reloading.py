"""The configuration file while Deckhand runs: read again when it changes or on SIGHUP; a broken one is refused."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bot.config.settings import Settings
from bot.core.errors import ConfigurationError

LOG = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks at the file. It is read once it stayed the same for so long."""

Signature: TypeAlias = tuple[int, int, int] | None


class Reloading:
    """Watches one file in a thread of its own; ``adopt`` gets every configuration that can be used."""

    def __init__(
        self,
        file: Path,
        load: Callable[[], Settings],
        adopt: Callable[[Settings], None],
        *,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._file = file
        self._load = load
        self._adopt = adopt
        self._look_every = look_every
        self._used = self._signature()
        self._asked = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._watch, name="configuration", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def now(self) -> None:
        """Read the file at once; a signal handler may call it."""
        self._asked.set()

    def stop(self) -> None:
        self._ended = True
        self._asked.set()
        self._thread.join()

    def _watch(self) -> None:
        last = self._used
        while True:
            asked = self._asked.wait(self._look_every)
            self._asked.clear()
            if self._ended:
                return
            seen = self._signature()
            if asked or (seen != self._used and seen == last):
                self._read()
                self._used = seen
            last = seen

    def _signature(self) -> Signature:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> None:
        try:
            settings = self._load()
            self._adopt(settings)
        except ConfigurationError as error:
            LOG.error("the changed configuration is refused, and the one before stays")  # noqa: TRY400 - the problems say it all
            for problem in error.problems:
                LOG.error("%s", problem)  # noqa: TRY400 - as above
        except Exception:
            LOG.exception("the changed configuration could not be taken up")
