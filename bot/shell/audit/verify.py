"""Verifying the audit in the shell: ``deckhand audit verify``."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bot.config.settings import load
from bot.config.toml import DEFAULT_FILE
from bot.core.audit.format import AuditKeys, Head
from bot.core.audit.rows.values import Compared
from bot.core.audit.walk import ChainVerdict
from bot.core.errors import ConfigurationError, DeckhandError, StoreUnavailableError
from bot.core.json import Json
from bot.shell.options import AsJson, Config, known_head
from bot.shell.refusals import FAILED
from bot.shell.show import output
from bot.shell.stored import opened_store
from bot.store.audit.export_files import EventsOfFile, Footer, file_footer, sha256_of, verify_file
from bot.store.events.walking import ArchivedTo
from bot.store.events.witness import Witness

GAPS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What was verified, and what else there is to say."""

    verdict: ChainVerdict
    compared: Compared | None = None
    """The database's rows beside its events; beside those of an archive, where one was verified."""
    footer: Footer | None = None
    """What a file says of its own end."""
    notes: tuple[str, ...] = ()

    @property
    def problem(self) -> str | None:
        """Why it does not hold, as a sentence."""
        compared = self.compared
        if self.verdict.broken:
            return f"The audit does not hold: {self.verdict.broken.reason}."
        if compared is None or not compared.differences:
            return None
        lines = "\n".join(f"  {difference}" for difference in compared.differences)
        more = f"\n  … and {compared.more:,} more" if compared.more else ""
        return (
            "The chain holds, and the database's rows do not say what it says: somebody has changed them. The chain is "
            f"right.\n{lines}{more}"
        )


def verify(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An export or an archive; else the database.")
    ] = None,
    known: Annotated[
        str | None, typer.Option("--head", metavar="SEQ:HASH", help="An event that is known from elsewhere.")
    ] = None,
    complete: Annotated[  # noqa: FBT002 - typer's flags
        bool, typer.Option("--complete", help="Of a FILE: fail when any event is left out, or the end.")
    ] = False,
    config: Config = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flags
) -> None:
    """Walk the chain of events, and compare every row with it: plans, votes, objects, restores, and what finds them.

    Exit code 1, the first broken event and what happened to it, or each row that says something else, when it does
    not hold. A chain with a key needs DECKHAND_AUDIT_KEY. An archive is compared with the database, if there is one.
    """
    pinned = known_head(known)
    if file is not None:
        checked = _verify_file(file, pinned, config)
    else:
        with opened_store(load(config)) as store:
            verdict, archives = store.chain.verify(pinned), store.chain.archives()
            compared = None if verdict.broken else store.chain.compare()
        checked = _Checked(verdict=verdict, compared=compared, notes=tuple(map(_archive_note, archives)))
    left_out = _left_out(checked)
    if as_json:
        output.print_json(_verdict_json(checked))
        if checked.problem or (complete and left_out):
            raise typer.Exit(FAILED)
        return
    _say(checked, left_out, demand_complete=complete)


def _say(checked: _Checked, left_out: Sequence[str], *, demand_complete: bool) -> None:
    for note in checked.notes:
        output.say(note)
    if checked.problem:
        first, *others = checked.problem.splitlines()
        output.complain(f"deckhand: {first}", *others)
        raise typer.Exit(FAILED)
    if demand_complete and left_out:
        raise DeckhandError(f"The file is not complete. {' '.join(left_out)}")
    if left_out or not checked.verdict.events:
        output.say("What is there holds: each of these events is as it was written.")
    else:
        output.say("The audit holds: every event is as it was written.")
    output.say(_extent(checked.verdict))
    for sentence in (*left_out, *_rows_note(checked.compared)):
        output.say(sentence)


def _left_out(checked: _Checked) -> list[str]:
    """What a file leaves out, a sentence each; nothing of a database."""
    verdict, footer, said = checked.verdict, checked.footer, []
    if footer is None:
        return []
    if verdict.left_out:
        stretches = [str(a) if a == b else f"{a} to {b}" for a, b in verdict.gaps[:GAPS_SHOWN]]
        more = (
            f" and {len(verdict.gaps) - GAPS_SHOWN:,} more stretches"
            if len(verdict.gaps) > GAPS_SHOWN
            else ""
        )
        said.append(
            f"{verdict.left_out:,} events between its first and its last are left out: {', '.join(stretches)}{more}."
        )
    elif not verdict.complete:
        said.append("It is a selection, and says itself that events may be left out.")
    if footer.head.seq > verdict.last.seq:
        said.append(
            f"It ends with event {verdict.last.seq}; the chain went on to {footer.head.seq} when it was written."
        )
    return said


def _rows_note(compared: Compared | None) -> list[str]:
    if compared is None:
        return []
    said = [f"The rows of {compared.plans:,} plans say what their events say."]
    if compared.archived:
        said.append(
            f"{compared.archived:,} plans were archived: `deckhand audit verify ARCHIVE` compares their rows with the "
            "archived events."
        )
    return said


def _archive_note(archive: ArchivedTo) -> str:
    return (
        f"Events {archive.first} to {archive.last} were archived to {archive.file}, sha256 {archive.sha256}, by event "
        f"{archive.checkpoint}: verify that file too."
    )


def _extent(verdict: ChainVerdict) -> str:
    if verdict.first is None:
        return "It has no events."
    keyed = f"; sealed with a key from event {verdict.keyed_from} on" if verdict.keyed_from else ""
    return f"{verdict.events} events from {verdict.first} to {verdict.last.seq}{keyed}. Head: {verdict.last}"


def _verify_file(file: Path, known: Head | None, config: Path | None) -> _Checked:
    footer = file_footer(file)
    end = footer.last if footer else None
    keys, witness, note = _asked_database(config, end)
    verdict = verify_file(file, keys, known, demand_key=not (witness and end and witness.vouches_for(end)))
    if verdict.broken is not None or witness is None or end is None:
        return _Checked(verdict=verdict, footer=footer, notes=(note,) if note else ())
    note = f"Event {witness.seq} of the database names the same end."
    if witness.sha256 and witness.sha256 != sha256_of(file):
        note += " The file holds the archived events, but is not byte for byte the one that was written."
    verdict = verdict.but(witness.contradicts(verdict.last))
    compared = None
    if witness.sha256 and verdict.broken is None and verdict.is_whole:
        with opened_store(load(config), migrate=False) as store:
            compared = store.chain.compare(EventsOfFile(file))
    return _Checked(verdict=verdict, compared=compared, footer=footer, notes=(note,))


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
            witness = store.chain.witness(end.seq)
    except StoreUnavailableError as error:
        return keys, None, f"Not compared with the database: {error}"
    return keys, witness, "" if witness else "The database knows nothing of the file's last event."


def _keys_alone() -> AuditKeys:
    try:
        return AuditKeys.read(os.environ.get("DECKHAND_AUDIT_KEY", ""))
    except ValueError as error:
        raise ConfigurationError([f"environment: DECKHAND_AUDIT_KEY: {error}"]) from None


def _verdict_json(checked: _Checked) -> dict[str, Json]:
    verdict, broken, footer = checked.verdict, checked.verdict.broken, checked.footer
    return {
        "holds": checked.problem is None,
        "broken": {"seq": broken.seq, "kind": str(broken.kind), "reason": broken.reason} if broken else None,
        "events": verdict.events,
        "first": verdict.first,
        "last": verdict.last.seq if verdict.first is not None else None,
        "hash": verdict.last.hash if verdict.first is not None else None,
        "keyed_from": verdict.keyed_from,
        "complete": not _left_out(checked),
        "left_out": verdict.left_out,
        "gaps": [list(gap) for gap in verdict.gaps],
        "head": {"seq": footer.head.seq, "hash": footer.head.hash} if footer else None,
        "rows": _rows_json(checked.compared),
        "notes": list(checked.notes),
    }


def _rows_json(compared: Compared | None) -> Json:
    """What comparing the rows found; None where they were not compared."""
    if compared is None:
        return None
    return {
        "plans": compared.plans,
        "archived": compared.archived,
        "differences": [str(difference) for difference in compared.differences],
        "more": compared.more,
    }
