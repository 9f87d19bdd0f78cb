"""From a URL to a store."""

from collections.abc import Callable
from contextlib import ExitStack

from bot.core.audit.format import AuditKeys
from bot.ports import (
    NO_METRICS,
    Alerts,
    Audit,
    Batches,
    Fleets,
    Ledger,
    Messages,
    Metrics,
    Notices,
    People,
    Plans,
    Restores,
    Runs,
    Samples,
    Timers,
    Trail,
)
from bot.store import transactions
from bot.store.db import revisions
from bot.store.db.alone import stand_alone
from bot.store.db.database import connect, sqlite_file
from bot.store.db.sessions import Sessions


class Store:
    """The ports of one database. Whoever opened it closes it."""

    def __init__(self, sessions: Sessions, close: Callable[[], None]) -> None:
        self.plans: Plans = transactions.SqlPlans(sessions)
        self.fleets: Fleets = transactions.SqlFleets(sessions)
        self.runs: Runs = transactions.SqlRuns(sessions)
        self.restores: Restores = transactions.SqlRestores(sessions)
        self.messages: Messages = transactions.SqlMessages(sessions)
        self.batches: Batches = transactions.SqlBatches(sessions)
        self.timers: Timers = transactions.SqlTimers(sessions)
        self.ledger: Ledger = transactions.SqlLedger(sessions)
        self.samples: Samples = transactions.SqlSamples(sessions)
        self.notices: Notices = transactions.SqlNotices(sessions)
        self.people: People = transactions.SqlPeople(sessions)
        self.alerts: Alerts = transactions.SqlAlerts(sessions)
        self.trail: Trail = transactions.SqlTrail(sessions)
        self.audit: Audit = transactions.SqlAudit(sessions)
        self.chain = transactions.SqlChain(sessions)
        self.sessions = sessions
        self.close = close
        """Closes every connection to the database, and leaves a SQLite file to the next bot."""

    def __repr__(self) -> str:
        return f"Store({self.sessions.name})"


def open_store(
    url: str,
    *,
    migrate: bool = True,
    for_bot: bool = False,
    audit_keys: AuditKeys | None = None,
    metrics: Metrics = NO_METRICS,
) -> Store:
    """The store at a URL, its schema brought up to date unless told not to; its audit sealed with the keys.

    A bot has a SQLite file alone until it closes it; whoever only looks beside it does not ask.
    ConfigurationError when the URL names no database that Deckhand can use; StoreUnavailableError when
    the database cannot be reached, a SQLite file's folder is missing, or another bot has the file.
    """
    with ExitStack() as stack:
        sessions = connect(url, audit_keys)
        sessions.metrics = metrics
        stack.callback(sessions.close)
        if for_bot and sessions.file is not None:
            stack.callback(stand_alone(sessions.file))
        if migrate and revisions.current(sessions) != revisions.newest():
            from bot.store.db import schema  # noqa: PLC0415 - Alembic takes half a second that few starts need

            schema.upgrade(sessions)
        return Store(sessions, stack.pop_all().close)


def is_there(url: str) -> bool:
    """Whether there may be a database at a URL: whoever only looks makes no SQLite file."""
    path = sqlite_file(url)
    return path is None or path.exists()


def migrate(url: str) -> None:
    """Bring the schema up to date; safe when several processes do it at once."""
    open_store(url).close()
