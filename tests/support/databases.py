"""Databases that are ready when a test begins: migrated once, then copied."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from bot.store.opening import migrate


@cache
def migrated_sqlite() -> Path:
    """A SQLite file with the schema and no rows; to be copied, not opened."""
    folder = Path(tempfile.mkdtemp(prefix="migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    migrate(f"sqlite:///{folder / 'deckhand.db'}")
    return folder / "deckhand.db"
