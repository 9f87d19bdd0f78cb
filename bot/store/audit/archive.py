"""Archiving: old events move to a file that verifies on its own, and a checkpoint stands for them in the chain."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex

from sqlalchemy import delete, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from bot.core.audit.events import Event, Tag, time_text
from bot.core.audit.format import AuditKeys, Entry, Head
from bot.core.errors import DeckhandError, RefusedError
from bot.core.json import Json
from bot.core.life.states import ENDED
from bot.process import private
from bot.store.audit.export import Selection, json_lines
from bot.store.audit.export_files import sha256_of, verify_file
from bot.store.db.sessions import Sessions
from bot.store.events import chain, walking
from bot.store.models import EventRow, PlanRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """What was moved, and the checkpoint that stands for it."""

    first: int
    last: Head
    sha256: str
    checkpoint: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """The events that are to go."""

    first: Entry
    last: Head

    @property
    def events(self) -> int:
        return self.last.seq - self.first.seq + 1


def archive(sessions: Sessions, before: datetime, output: Path, by: str) -> Archived | None:
    """Move the events before a moment to a file; None when there are none.

    The file is complete, on the disk and verified before anything is removed: whatever interrupts this, it
    can be done again. RefusedError when a plan of that time has not ended, or the file cannot be this one.
    """
    partial = output.with_name(f"{output.name}.{token_hex(4)}.partial")  # replicas may share the folder
    try:
        stretch = sessions.reading(lambda session: _write(session, before, partial))
        if stretch is None:
            return None
        _check(partial, sessions.audit_keys, stretch)
        digest = sha256_of(partial)
        _put_in_place(partial, output, digest)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    signed: dict[str, Json] = {"file": output.name, "before": time_text(before), "by": by}
    checkpoint = sessions.writing(lambda session: _let_go(session, stretch, {"sha256": digest, **signed}))
    return Archived(first=stretch.first.seq, last=stretch.last, sha256=digest, checkpoint=checkpoint)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyArchive:
    """A folder with a file for each time that events were moved by themselves."""

    sessions: Sessions
    folder: Path
    by: str

    def __call__(self, before: datetime) -> str:
        """Move the events before a moment; where they are, or nothing when there are none. As ``archive``."""
        file = self.folder / f"audit-before-{before:%Y-%m-%d}.jsonl"
        try:
            private.make_folder(self.folder)
        except OSError as error:
            raise DeckhandError(
                f"{self.folder} cannot be made: {error.strerror}. Nothing was archived."
            ) from error
        moved = archive(self.sessions, before, file, self.by)
        return (
            f"archived events {moved.first} to {moved.last.seq} to {file}: sha256 {moved.sha256}"
            if moved
            else ""
        )


def _write(session: Session, before: datetime, partial: Path) -> _Stretch | None:
    stretch = _stretch(session, before)
    if stretch is None:
        return None
    try:
        with private.created(partial) as file:
            file.writelines(json_lines(session, Selection(end=stretch.last)))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DeckhandError(
            f"{partial} cannot be written: {error.strerror}. Nothing was archived."
        ) from error
    return stretch


def _stretch(session: Session, before: datetime) -> _Stretch | None:
    """The events up to the first that is not before that moment."""
    later = session.execute(
        select_columns(func.min(col(EventRow.seq))).where(col(EventRow.at) >= before)
    ).scalar()
    cut = (chain.head(session).seq + 1 if later is None else later) - 1
    first = next(chain.streamed(session, col(EventRow.seq) == walking.lowest(session)), None)
    last = next(chain.streamed(session, col(EventRow.seq) == cut), None)
    if first is None or last is None:
        return None
    _must_have_ended(session, cut)
    return _Stretch(first=first, last=Head(seq=last.seq, hash=last.hash))


def _must_have_ended(session: Session, cut: int) -> None:
    """The events of a plan whose end is not known yet stay where its run writes them."""
    still = session.exec(
        select(EventRow.seq, EventRow.at, PlanRow.id, PlanRow.status)
        .join(PlanRow, col(PlanRow.id) == col(EventRow.plan))
        .where(col(EventRow.seq) <= cut, col(PlanRow.status).not_in([str(status) for status in ENDED]))
        .order_by(col(EventRow.seq))
        .limit(1)
    ).first()
    if still is not None:
        seq, at, plan, status = still
        raise RefusedError(
            f"Event {seq} belongs to plan {plan}, which is {status} and has not ended. Nothing was archived; "
            f"archive what is before {time_text(at)}, or wait for its end."
        )


def _check(partial: Path, keys: AuditKeys, stretch: _Stretch) -> None:
    """Read the file back from the disk: only what verifies there may go from the database."""
    verdict = verify_file(partial, keys, stretch.last, demand_key=False)
    if verdict.broken is not None:
        raise DeckhandError(f"The audit does not hold, and nothing was archived: {verdict.broken.reason}.")
    if (verdict.first, verdict.last, verdict.events) != (stretch.first.seq, stretch.last, stretch.events):
        raise DeckhandError(f"{partial} does not hold what was written to it. Nothing was archived.")


def _put_in_place(partial: Path, output: Path, digest: str) -> None:
    """Give the file its name; one that is there already must be the same, left by an attempt before this."""
    try:
        if output.exists():
            if sha256_of(output) != digest:
                raise RefusedError(f"{output} exists, and is another file. Nothing was archived.")
            private.narrow(output)
        else:
            partial.rename(output)
        folder = os.open(output.absolute().parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise DeckhandError(f"{output} cannot be written: {error.strerror}. Nothing was archived.") from error


def _let_go(session: Session, stretch: _Stretch, signed: Mapping[str, Json]) -> Head:
    """Write the checkpoint and remove what it names, in one transaction; the triggers see to it that it is so."""
    chain.locked_head(session)
    first = next(chain.streamed(session, col(EventRow.seq) == walking.lowest(session)), None)
    last = next(chain.streamed(session, col(EventRow.seq) == stretch.last.seq), None)
    if first != stretch.first or last is None or last.hash != stretch.last.hash:
        raise RefusedError("Someone else has archived in the meantime. Nothing more was archived.")
    facts: dict[str, Json] = {
        "first": stretch.first.seq,
        "last": stretch.last.seq,
        "previous": stretch.first.previous,
        "hash": stretch.last.hash,
        "events": stretch.events,
        **signed,
    }
    event = Event(tag=Tag.AUDIT_ARCHIVED, facts=facts)
    checkpoint = chain.append(session, {f"audit/archived to {stretch.last.seq}": event})
    if checkpoint is None:
        raise RefusedError("This was archived before. Nothing more was archived.")
    session.execute(
        delete(EventRow)
        .where(col(EventRow.seq) <= stretch.last.seq)
        .execution_options(synchronize_session=False)
    )
    return checkpoint
