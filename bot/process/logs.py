"""What Deckhand logs: one line a record, whatever is in it; what drives a terminal is made visible, secrets are not."""

import json
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from bot.core.traces import trace
from bot.core.visible import visible

FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOISY = ("slack_sdk", "slack_bolt", "uvicorn", "alembic", "urllib3")
MARGIN = "  | "
"""Before each line of a traceback, so that none looks like a record."""
HIDDEN = "(secret)"
SHORTEST_SECRET = 8
"""Characters; what is shorter would be found in ordinary words."""
_NOTHING: Mapping[str, str] = MappingProxyType({})

LOG = logging.getLogger(__name__)


def log_to_stderr(
    form: str = "text", level: str = "info", levels: Mapping[str, str] = _NOTHING, secrets: Sequence[str] = ()
) -> None:
    """Log to standard error, from here on; what a thread dies of is logged too.

    ``levels`` has those of single loggers, by name. No record shows any of the ``secrets``.
    """
    handler = logging.StreamHandler()
    hidden = tuple(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)
    handler.setFormatter(JsonFormatter(hidden) if form == "json" else VisibleFormatter(FORM, hidden))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    quiet = dict.fromkeys(NOISY, "warning")
    for name, one in {**quiet, **levels}.items():
        logging.getLogger(name).setLevel(one.upper())
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable


class VisibleFormatter(logging.Formatter):
    """Formats every record in one line, and its traceback below it behind a margin."""

    def __init__(self, form: str, secrets: Sequence[str] = ()) -> None:
        super().__init__(form)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        done = trace()
        lines = [visible(self.formatMessage(record) + (f" [{done}]" if done else ""))]
        trace_back = self.formatException(record.exc_info) if record.exc_info else ""
        for more in filter(None, (trace_back, record.stack_info)):
            lines += (MARGIN + visible(line) for line in more.split("\n"))
        return _without(self._secrets, "\n".join(lines))


class JsonFormatter(logging.Formatter):
    """Formats every record as one object of JSON in one line, in ASCII."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": visible(record.getMessage()),
            "thread": visible(record.threadName or ""),
            "trace": trace(),
            "error": self.formatException(record.exc_info) if record.exc_info else "",
            "stack": record.stack_info or "",
        }
        return json.dumps({key: _without(self._secrets, text) for key, text in said.items() if text})


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _thread_died(died: threading.ExceptHookArgs) -> None:
    if died.exc_type is SystemExit:
        return
    name = died.thread.name if died.thread else "unknown"
    error = died.exc_value or died.exc_type()
    LOG.error("the thread %s ended with an error", name, exc_info=error)


def _unraisable(found: "sys.UnraisableHookArgs") -> None:
    LOG.error("an error that could not be raised, in %r", found.object, exc_info=found.exc_value)
