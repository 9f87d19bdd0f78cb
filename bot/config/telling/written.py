"""Values of the configuration as ``deckhand.toml`` has them."""

import json
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from bot.config.types import Table
from bot.core.units import duration_text


def as_written(value: Any) -> str:
    """A value as it would stand behind its key; empty for what cannot be written, or has nothing in it."""
    if value is None or isinstance(value, Table) or (isinstance(value, Mapping) and not value):
        return ""
    return json.dumps(plain(value), ensure_ascii=False)


def plain(value: Any) -> Any:
    """A value in texts, numbers, truths, and lists and tables of them."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, timedelta | time):
        return duration_text(value) if isinstance(value, timedelta) else f"{value:%H:%M}"
    if isinstance(value, tuple) and [type(one) for one in value] == [str, int]:
        return f"{value[0]}:{value[1]}"  # an address to listen on
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    return str(value)
