"""The audit in the shell: ``deckhand audit export | verify | head | archive | format``."""

import getpass
import os
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot import output, private
from bot.cli_options import FAILED, AsJson, Config, Filter, asked_cleanups, moment, opened_store
from bot.config import DEFAULT_FILE, load
from bot.core import audit_format
from bot.core.audit import Json
from bot.core.audit_format import AuditKeys, Head
from bot.core.errors import ConfigurationError, DeckhandError, StoreUnavailableError, UsageError
from bot.core.verifying import Verdict
from bot.services import review
from bot.store.export import Selection, csv_lines, file_end, json_lines, sha256_of, verify_file
from bot.store.witness import Witness


class ExportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"


Moment = typer.Option(
    metavar="WHEN", help="A date (UTC), a time, or how long ago: 2026-11-01, 2026-11-01T12:00Z, 30d."
)


def register(audit: typer.Typer) -> None:
    """Add these commands to ``deckhand audit``."""
    for name, command in (
        ("export", export),
        ("verify", verify),
        ("head", head),
        ("archive", archive),
        ("format", show_format),
    ):
        audit.command(name)(command)


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
        now = store.now()
        selection = Selection(
            since=moment(since, now) if since else None,
            until=moment(until, now) if until else None,
            host=host,
            plan=plan,
            plans=plans,
        )
        with store.exported(lines, selection) as exported:
            _write(exported, file)


def _plans(config: Path | None, words: Sequence[str]) -> frozenset[str]:
    """The plans of all cleanups that a filter means."""
    with asked_cleanups(config, words) as (store, asked):
        found = review.every_cleanup(store, asked.hosts, asked.matching)
        return frozenset(cleanup.plan for cleanup in found)


def _write(lines: Iterator[str], file: Path | None) -> None:
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
    output.say(f"Exported to {file}.")


# --- verify -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What was verified, and what else there is to say."""

    verdict: Verdict
    notes: tuple[str, ...] = ()


def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An export or an archive; else the database.")
    ] = None,
    known: Annotated[
        str | None, typer.Option("--head", metavar="SEQ:HASH", help="An event that is known from elsewhere.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Walk the chain of events; exit code 1, the first broken event and what happened to it, when it does not hold.

    A chain with a key needs DECKHAND_AUDIT_KEY. The end of an archive is compared with the database, if there is one.
    """
    pinned = _known_head(known)
    if file is not None:
        checked = _verify_file(file, pinned, config)
    else:
        with opened_store(load(config)) as store:
            checked = _Checked(verdict=store.verify(pinned))
    verdict = checked.verdict
    if as_json:
        output.print_json(_verdict_json(checked))
        if verdict.broken:
            raise typer.Exit(FAILED)
        return
    for note in checked.notes:
        output.say(note)
    if verdict.broken:
        raise DeckhandError(f"The audit does not hold: {verdict.broken.reason}.")
    output.say("The audit holds: every event is as it was written.")
    output.say(_extent(verdict))


def _extent(verdict: Verdict) -> str:
    if verdict.first is None:
        return "It has no events."
    keyed = f"; sealed with a key from event {verdict.keyed_from} on" if verdict.keyed_from else ""
    return f"{verdict.events} events from {verdict.first} to {verdict.last.seq}{keyed}. Head: {verdict.last}"


def _known_head(text: str | None) -> Head | None:
    if text is None:
        return None
    seq, _, digest = text.strip().partition(":")
    if not re.fullmatch("[0-9]{1,18}", seq) or not re.fullmatch("[0-9a-fA-F]{64}", digest):
        raise UsageError(
            f"“{text}” is no head; `deckhand audit head` prints one: a number, a colon, and 64 digits."
        )
    return Head(seq=int(seq), hash=digest.lower())


def _verify_file(file: Path, known: Head | None, config: Path | None) -> _Checked:
    end = file_end(file)
    keys, witness, note = _asked_database(config, end)
    verdict = verify_file(file, keys, known, demand_key=not (witness and end and witness.vouches_for(end)))
    if verdict.broken is not None or witness is None or end is None:
        return _Checked(verdict=verdict, notes=(note,) if note else ())
    note = f"Event {witness.seq} of the database names the same end."
    if witness.sha256 and witness.sha256 != sha256_of(file):
        note += " The file holds the archived events, but is not byte for byte the one that was written."
    return _Checked(verdict=verdict.but(witness.contradicts(verdict.last)), notes=(note,))


def _asked_database(config: Path | None, end: Head | None) -> tuple[AuditKeys, Witness | None, str]:
    """The keys of the environment, and what the database says of the end of a file, if it can be asked."""
    nowhere = config is None and "DECKHAND_CONFIG" not in os.environ and not Path(DEFAULT_FILE).exists()
    if nowhere:
        return _keys_alone(), None, ""
    keys = load(config).audit.keys
    if end is None:
        return keys, None, ""
    try:
        with opened_store(load(config), migrate=False) as store:
            witness = store.witness(end.seq)
    except StoreUnavailableError as error:
        return keys, None, f"Not compared with the database: {error}"
    return keys, witness, "" if witness else "The database knows nothing of the file's last event."


def _keys_alone() -> AuditKeys:
    try:
        return AuditKeys.read(os.environ.get("DECKHAND_AUDIT_KEY", ""))
    except ValueError as error:
        raise ConfigurationError([f"environment: DECKHAND_AUDIT_KEY: {error}"]) from None


def _verdict_json(checked: _Checked) -> dict[str, Json]:
    verdict, broken = checked.verdict, checked.verdict.broken
    return {
        "holds": broken is None,
        "broken": {"seq": broken.seq, "kind": str(broken.kind), "reason": broken.reason} if broken else None,
        "events": verdict.events,
        "first": verdict.first,
        "last": verdict.last.seq if verdict.first is not None else None,
        "hash": verdict.last.hash if verdict.first is not None else None,
        "keyed_from": verdict.keyed_from,
        "notes": list(checked.notes),
    }


# --- head, archive, format ----------------------------------------------------------------------


def head(config: Config = None, as_json: AsJson = False) -> None:  # noqa: FBT002 - typer's flags
    """Print where the chain ends, as SEQ:HASH. Kept elsewhere, it shows later whether the chain was rewritten."""
    with opened_store(load(config)) as store:
        end = store.head()
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
        cut = moment(before, store.now())
        if cut > store.now():
            raise UsageError(f"--before {before} has not come yet.")
        archived = store.archive(cut, file, f"{getpass.getuser()}@{socket.gethostname()}")
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
