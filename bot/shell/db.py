"""``deckhand db …``: the schema, copies of the database, and whether it is in order."""

import shlex
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bot.config.settings import Settings, load
from bot.core.audit.format import Head
from bot.core.errors import DeckhandError, StoreUnavailableError
from bot.process.clock import process_now
from bot.shell.options import Config, known_head
from bot.shell.refusals import FAILED
from bot.shell.show import output
from bot.store.db import copies, database, revisions
from bot.store.db.sessions import Sessions
from bot.store.opening import migrate, open_store

KnownHead = Annotated[
    str | None,
    typer.Option(
        "--head",
        metavar="SEQ:HASH",
        help="An event that is known from elsewhere: a copy without it is refused.",
    ),
]


def upgrade(
    plan: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--plan", help="Say what would be done and whether it is safe, and do nothing.")
    ] = False,
    config: Config = None,
) -> None:
    """Bring the database's schema up to date; `deckhand run` does this by itself."""
    settings = load(config)
    with closing(_sessions(settings)) as sessions:
        found = revisions.current(sessions)
    for step in revisions.steps(found) if found else ():
        output.say(f"{step.revision}  {step.purpose}", f"      {step.safety}")
    if not plan:
        migrate(settings.database_url.get_secret_value())
        output.say("The database is up to date.")
    elif found is None:
        output.say(f"The database has no tables yet; they would be those of {revisions.newest()}.")
    elif not revisions.steps(found):
        output.say(f"The database is up to date ({found}).")


def check(config: Config = None) -> None:
    """Check the database itself: its schema and, of SQLite, every page. `deckhand audit verify` checks what it says."""
    with closing(_sessions(load(config))) as sessions:
        found = _faults(sessions.file) if sessions.file is not None else []
        problem = "" if found else revisions.behind(sessions)
        found += [problem] if problem else []
        name = sessions.name
    if found:
        output.complain(*(f"{name}: {problem}" for problem in found))
        raise typer.Exit(FAILED)
    output.say(f"{name} is in order.")


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the copy goes; it must not be there yet.")
    ],
    config: Config = None,
) -> None:
    """Copy the SQLite database to a file, as it is at one moment, also while the bot runs; say where its audit ends."""
    settings = load(config)
    with closing(_sessions(settings)) as sessions:
        source = _sqlite_file(sessions, settings, f"pg_dump --format=custom --file={shlex.quote(str(file))}")
    copies.back_up(source, file)
    output.say(f"{file} holds the database up to {_head_of(file, None, settings)}.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A copy that `deckhand db backup` made.")],
    known: KnownHead = None,
    config: Config = None,
) -> None:
    """Put a copy in the place of the SQLite database, which is kept under another name. No bot may run on it."""
    settings = load(config)
    pinned = known_head(known)
    with closing(_sessions(settings)) as sessions:
        target = _sqlite_file(
            sessions, settings, f"pg_restore --clean --if-exists {shlex.quote(str(file))} --dbname"
        )
    head = _head_of(file, pinned, settings)
    aside = copies.put_back(file, target, process_now())
    output.say(f"{target} holds the copy now; its audit ends with {head}.")
    if aside is not None:
        output.say(f"What was there before is {aside}.")
    output.say(
        "`deckhand audit verify --head SEQ:HASH`, with the head that was posted last, says whether events are missing."
    )


def _sessions(settings: Settings) -> Sessions:
    return database.connect(settings.database_url.get_secret_value(), settings.audit.keys)


def _sqlite_file(sessions: Sessions, settings: Settings, command: str) -> Path:
    """The database's file; DeckhandError with the command of PostgreSQL's own that does it there."""
    if sessions.file is not None:
        return sessions.file
    url = database.without_password(settings.database_url.get_secret_value())
    raise DeckhandError(
        f"PostgreSQL has its own tools for this, which do it while bots run: {command} {shlex.quote(url)}"
    )


def _head_of(file: Path, known: Head | None, settings: Settings) -> Head:
    """Where the audit in a copy ends; DeckhandError when it does not hold, or does not have the known event."""
    found = copies.faults(file) if file.is_file() else [f"there is no such file: {file}"]
    if found:
        raise StoreUnavailableError(f"{file} cannot be used: {'; '.join(found)}.")
    url = f"sqlite:///{file}"
    with closing(open_store(url, migrate=False, audit_keys=settings.audit.keys)) as store:
        verdict = store.chain.verify(known)
        if verdict.broken:
            raise DeckhandError(
                f"The audit in {file} does not hold: {verdict.broken.reason}. Nothing was changed."
            )
        return store.audit.head()


def _faults(file: Path) -> list[str]:
    try:
        return list(copies.faults(file))
    except OSError as error:
        raise StoreUnavailableError(f"{file} cannot be read: {error.strerror}.") from error
