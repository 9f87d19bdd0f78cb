"""What Deckhand logs: one line a record, whatever is in it; what drives a terminal is made visible."""

import logging
import sys
import threading

from bot.core.visible import visible

FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOISY = ("slack_sdk", "slack_bolt", "uvicorn", "alembic", "urllib3")
MARGIN = "  | "
"""Before each line of a traceback, so that none looks like a record."""

LOG = logging.getLogger(__name__)


def log_to_stderr() -> None:
    """Log to standard error, from here on; what a thread dies of is logged too."""
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter(FORM))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable


class VisibleFormatter(logging.Formatter):
    """Formats every record in one line, and its traceback below it behind a margin."""

    def format(self, record: logging.LogRecord) -> str:
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        lines = [visible(self.formatMessage(record))]
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        for more in filter(None, (trace, record.stack_info)):
            lines += (MARGIN + visible(line) for line in more.split("\n"))
        return "\n".join(lines)


def _thread_died(died: threading.ExceptHookArgs) -> None:
    if died.exc_type is SystemExit:
        return
    name = died.thread.name if died.thread else "unknown"
    error = died.exc_value or died.exc_type()
    LOG.error("the thread %s ended with an error", name, exc_info=error)


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    LOG.error("an error that could not be raised, in %r", found.object, exc_info=found.exc_value)
