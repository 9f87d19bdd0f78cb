"""The audit in the shell: ``deckhand audit export | head | archive | format``."""

import getpass
import socket
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.config.settings import load
from bot.core.audit import format as audit_format
from bot.core.errors import DeckhandError, UsageError
from bot.process import private
from bot.services.audit import review
from bot.shell.options import AsJson, Config, Filter, moment
from bot.shell.show import output
from bot.shell.stored import asked_cleanups, opened_store
from bot.store.audit.export import Selection, csv_lines, json_lines


class ExportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


Moment = typer.Option(
    metavar="WHEN", help="A date (UTC), a time, or how long ago: 2026-11-01, 2026-11-01T12:00Z, 30d."
)


# --- export -------------------------------------------------------------------------------------


def export(  # noqa: PLR0913, PLR0917 - typer reads options from parameters
    words: Filter = None,
    output_format: Annotated[
        ExportFormat,
        typer.Option("--format", help="json: lines that verify on their own; csv: a table for people."),
    ] = ExportFormat.JSON,
    file: Annotated[
        Path | None, typer.Option("--output", help="Write to this file; else to standard output.")
    ] = None,
    since: Annotated[str | None, Moment] = None,
    until: Annotated[str | None, Moment] = None,
    host: Annotated[str | None, typer.Option(help="Only this host's events.")] = None,
    plan: Annotated[str | None, typer.Option(help="Only this plan's events.")] = None,
    config: Config = None,
) -> None:
    """Export events, oldest first: all of them, or those of the cleanups that a filter means.

    `deckhand audit verify FILE` checks an export in JSON.
    """
    plans = _plans(config, words) if words else None
    lines = json_lines if output_format is ExportFormat.JSON else csv_lines
    with opened_store(load(config)) as store:
        now = store.ledger.now()
        selection = Selection(
            since=moment(since, now) if since else None,
            until=moment(until, now) if until else None,
            host=host,
            plan=plan,
            plans=plans,
        )
        with store.chain.exported(lines, selection) as exported:
            _write(exported, file, complete=selection.complete)


def _plans(config: Path | None, words: Sequence[str]) -> frozenset[str]:
    """The plans of all cleanups that a filter means."""
    with asked_cleanups(config, words) as (store, asked):
        found = review.every_cleanup(store.audit, asked.hosts, asked.matching)
        return frozenset(cleanup.plan for cleanup in found)


def _write(lines: Iterator[str], file: Path | None, *, complete: bool) -> None:
    """To a file it is whole or not there; to a pipe until whoever reads it has enough."""
    if file is None:
        output.stream(lines)
        return
    partial = file.with_name(file.name + ".partial")
    try:
        with private.created(partial) as opened:
            opened.writelines(lines)
        partial.replace(file)
    except OSError as error:
        raise DeckhandError(f"{file} cannot be written: {error.strerror}.") from error
    partial_of = "" if complete else " It is a selection: events between its first and its last are left out."
    output.say(f"Exported to {file}.{partial_of}")


# --- head, archive, format ----------------------------------------------------------------------


def head(config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Print where the chain ends, as SEQ:HASH. Kept elsewhere, it shows later whether the chain was rewritten."""
    with opened_store(load(config)) as store:
        end = store.audit.head()
    if as_json:
        output.print_json({"seq": end.seq, "hash": end.hash})
    else:
        output.say(str(end))


def archive(
    before: Annotated[
        str, typer.Option(metavar="WHEN", help="Move the events before this: 2026-01-01, or 365d ago.")
    ],
    file: Annotated[
        Path, typer.Option("--output", help="The file to move them to; verify checks it on its own.")
    ],
    config: Config = None,
) -> None:
    """Move old events to a file, and leave a checkpoint in the chain. Nothing else ever deletes events."""
    with opened_store(load(config)) as store:
        cut = moment(before, store.ledger.now())
        if cut > store.ledger.now():
            raise UsageError(f"--before {before} has not come yet.")
        archived = store.chain.archive(cut, file, f"{getpass.getuser()}@{socket.gethostname()}")
    if archived is None:
        output.say(f"There are no events before {cut:%Y-%m-%d %H:%M}Z: nothing to archive.")
        return
    output.say(f"Archived events {archived.first} to {archived.last.seq} to {file}: sha256 {archived.sha256}")
    output.say(
        f"The checkpoint is event {archived.checkpoint.seq}. Keep the file: the database no longer has them."
    )


def show_format() -> None:
    """Print the format of the audit: all that is needed to verify an export without Deckhand."""
    output.say(*(audit_format.__doc__ or "").splitlines())
