"""What an upgrade of the schema means is said before it runs, by the migrations' own words."""

from pathlib import Path

import pytest

from bot.store.db import database, revisions, schema
from tests.support.shell import deckhand


@pytest.fixture
def folder(folder: Path) -> Path:
    """Without its database."""
    (folder / "deckhand.db").unlink()
    return folder


def test_every_migration_says_what_it_does_and_whether_a_release_before_may_run_on() -> None:
    steps = revisions.steps(None)
    assert [step.revision for step in steps] == list(revisions.chain())
    for step in steps:
        assert step.purpose.endswith("."), step
        assert step.safety.startswith(("Safe while the previous release runs: ", "Not safe ")), step


def test_the_plan_of_an_upgrade_is_told_and_nothing_is_done(folder: Path) -> None:
    sessions = database.connect(f"sqlite:///{folder / 'deckhand.db'}")
    before = revisions.chain()[-3]
    schema.upgrade(sessions, before)
    told = deckhand("db", "upgrade", "--plan", folder=folder)
    assert told.returncode == 0
    steps = revisions.steps(before)
    assert [line[:4] for line in told.stdout.splitlines()[::2]] == [step.revision for step in steps]
    assert all(step.safety in told.stdout for step in steps)
    assert revisions.current(sessions) == before
    done = deckhand("db", "upgrade", folder=folder)
    assert done.stdout == told.stdout + "The database is up to date.\n"
    assert revisions.current(sessions) == revisions.newest()
    sessions.close()
    assert deckhand("db", "upgrade", "--plan", folder=folder).stdout == (
        f"The database is up to date ({revisions.newest()}).\n"
    )


def test_a_database_that_is_not_there_yet_has_a_plan_too(folder: Path) -> None:
    told = deckhand("db", "upgrade", "--plan", folder=folder)
    assert told.stdout == f"The database has no tables yet; they would be those of {revisions.newest()}.\n"


@pytest.mark.parametrize("found", [None, "0001"])
def test_what_is_behind_is_in_the_way_and_what_is_newer_is_not(tmp_path: Path, found: str | None) -> None:
    sessions = database.connect(f"sqlite:///{tmp_path / 'deckhand.db'}")
    if found:
        schema.upgrade(sessions, found)
    assert "is needed" in revisions.behind(sessions)
    schema.upgrade(sessions)
    assert revisions.behind(sessions) == ""
    sessions.writing(
        lambda session: session.connection().exec_driver_sql(
            "UPDATE alembic_version SET version_num = '9999'"
        )
    )
    assert revisions.behind(sessions) == ""
    sessions.close()


def test_the_order_is_the_one_that_the_migrations_name_and_not_that_of_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions").mkdir()
    for revision, after in (("0001", "None"), ("0003", '"0001"'), ("0002", '"0003"')):
        (tmp_path / "versions" / f"{revision}_x.py").write_text(
            f'revision = "{revision}"\ndown_revision = {after}\n'
        )
    monkeypatch.setattr(revisions, "folder", lambda: tmp_path)
    assert revisions.chain.__wrapped__() == ("0001", "0003", "0002")
