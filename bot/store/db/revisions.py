"""Which revision the database has and which this release wants, told without Alembic: its import takes a while."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from bot.store.db.sessions import Sessions

_PACKAGE = Path(__file__).resolve().parents[2]
_REVISION = re.compile(r'^revision = "(\d+)"$', re.MULTILINE)
_AFTER = re.compile(r'^down_revision = (?:"(\d+)"|None)$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One migration, and its own words on what it does and whether a release before may run on beside it."""

    revision: str
    purpose: str
    safety: str


def folder() -> Path:
    """The migrations of the installed package, or those of the checkout around it."""
    installed = _PACKAGE / "migrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "migrations"


@cache
def chain() -> tuple[str, ...]:
    """This release's revisions, the first one first, as each names the one before it."""
    return _in_order({after: revision for revision, after in map(_named, _sources().values())})


def newest() -> str:
    """The revision of this release."""
    return chain()[-1]


def steps(after: str | None) -> Sequence[Step]:
    """The migrations that a database of this revision still needs, in their order; none for a newer release's."""
    if after is not None and after not in chain():
        return ()
    sources = {_named(source)[0]: source for source in _sources().values()}
    missing = chain()[chain().index(after) + 1 :] if after else chain()
    return tuple(_step(revision, sources[revision]) for revision in missing)


def current(sessions: Sessions) -> str | None:
    """The revision that the database has; None when it has none yet."""

    def read(connection: Connection) -> str | None:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found

    return sessions.reading(lambda session: read(session.connection()))


def behind(sessions: Sessions) -> str:
    """What is in the way of this release in the database's schema; StoreUnavailableError.

    A newer schema is not: a release runs on beside the next one, which has grown it.
    """
    found = current(sessions)
    return f"the schema is {found or 'not there'}, and {newest()} is needed" if steps(found) else ""


def _sources() -> Mapping[Path, str]:
    return {
        file: file.read_text(encoding="utf-8") for file in sorted((folder() / "versions").glob("[0-9]*_*.py"))
    }


def _named(source: str) -> tuple[str, str]:
    """A migration's revision, and the one before it; empty for the first."""
    revision, after = _REVISION.search(source), _AFTER.search(source)
    assert revision is not None  # noqa: S101 - every file there has both
    assert after is not None  # noqa: S101 - as above
    return revision[1], after[1] or ""


def _in_order(next_after: Mapping[str, str]) -> tuple[str, ...]:
    found, at = [], ""
    while at in next_after:
        at = next_after[at]
        found.append(at)
    return tuple(found)


def _step(revision: str, source: str) -> Step:
    purpose, _, safety = (ast.get_docstring(ast.parse(source)) or "").partition("\n\n")
    return Step(revision=revision, purpose=" ".join(purpose.split()), safety=" ".join(safety.split()))
