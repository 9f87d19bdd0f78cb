"""Pages, filters and totals of the audit's list, on both databases."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import create_engine, text

from bot.core.audit.filters import AuditFilter, parse_filter
from bot.core.audit.review import Place, Tally
from bot.core.docker.inventory import Kind
from bot.core.life.states import Status
from bot.core.plan.plan import Item
from bot.ports import Cleanup
from bot.store.opening import Store
from tests.store.cleaned import BYTES, CYD, cleaned, image
from tests.store.conftest import Filled
from tests.store.samples import ANNA, BEN, propose, the

MIGRATION = Path(__file__).parents[3] / "migrations" / "versions" / "0006_review.py"


def plans(found: Sequence[Cleanup]) -> list[str]:
    return [cleanup.plan for cleanup in found]


def asked(*words: str) -> AuditFilter:
    return parse_filter(words, (), datetime.now().astimezone())


def fill(store: Store) -> None:
    postgres = image("registry.example/db/postgres:14", "postgres:14")
    cleaned(store, "a", postgres, host="prod-3", profile="ci")
    cleaned(store, "b", image("web:1", number=2), host="prod-4", status=Status.PARTIAL, by=CYD)
    cleaned(store, "c", image("web:2", number=3), host="prod-3", approver=CYD)
    cleaned(store, "d", image("web:2", number=4), image("web:3", number=5), host="ci-1", status=Status.FAILED)
    propose(store, "undecided", "ci-1")
    cleaned(store, "e", image("webshop:1", number=6), host="prod-4", status=None)


@pytest.fixture
def url(request: pytest.FixtureRequest, filled: Filled, tmp_path: Path) -> Iterator[str]:
    """Of a database with five cleanups, of which the last still runs."""
    with filled.url(request.param, fill, tmp_path) as url:
        yield url


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), "edcba"),
        (("postgres:14",), "a"),
        (("db/postgres",), "a"),
        (("web",), "dcb"),
        (("web*",), "edcb"),
        (("web:2", "web:3"), "d"),
        (("web:9",), ""),
        (("by=U0CYD",), "cb"),
        (("by=@cyd ö.",), "cb"),
        (("by=U0CYD,U0ANNA",), "edcba"),
        (("by=U0ANNA", "web*"), "edc"),
        (("outcome=done",), "ca"),
        (("outcome=partial,failed",), "db"),
        (("outcome=running",), "e"),
        (("profile=ci",), "a"),
        (("profile=ci", "outcome=failed"), ""),
        (("profile=routine", "outcome=failed,partial", "web:1"), "b"),
    ],
)
def test_a_filter_finds_what_it_means_newest_first(store: Store, words: tuple[str, ...], found: str) -> None:
    assert plans(store.audit.cleanups(matching=asked(*words))) == list(found)
    totals = store.audit.totals(matching=asked(*words))
    assert totals.all.cleanups == len(found)
    assert store.audit.statistics(matching=asked(*words)).all == totals.all


@pytest.mark.parametrize(
    ("hosts", "found"),
    [(None, "edcba"), ([], ""), (["prod-3"], "ca"), (["prod-3", "ci-1"], "dca"), (["nowhere"], "")],
)
def test_only_what_ran_on_these_hosts_is_found(store: Store, hosts: list[str] | None, found: str) -> None:
    assert plans(store.audit.cleanups(hosts=hosts)) == list(found)
    assert store.audit.totals(hosts=hosts).all.cleanups == len(found)
    by_person = store.audit.cleanups(hosts=hosts, matching=asked("by=U0ANNA,U0CYD"))
    assert plans(by_person) == list(found)


def test_since_counts_its_moment_and_until_does_not(store: Store) -> None:
    starts = {cleanup.plan: cleanup.started_at for cleanup in store.audit.cleanups()}
    between = AuditFilter(since=starts["b"], until=starts["d"])
    assert plans(store.audit.cleanups(matching=between)) == ["c", "b"]
    assert store.audit.totals(matching=between).all == Tally(2, 2 * BYTES)
    assert plans(store.audit.cleanups(matching=replace(between, texts=("web:2",)))) == ["c"]
    assert store.audit.totals(matching=replace(between, texts=("web:2",))).all == Tally(1, BYTES)


@pytest.mark.parametrize("words", [(), ("by=U0ANNA,U0CYD",), ("outcome=done,partial,failed,running",)])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_pages_follow_each_other_both_ways_and_leave_nothing_out(
    store: Store, words: tuple[str, ...], size: int
) -> None:
    everything = store.audit.cleanups(matching=asked(*words))
    assert plans(everything) == list("edcba")
    edges = [None, *(Place(started_at=each.started_at, plan=each.plan) for each in everything)]
    for index, edge in enumerate(edges):
        page = store.audit.cleanups(matching=asked(*words), limit=size, beyond=edge)
        assert page == everything[index : index + size]
    for index, edge in enumerate(edges[1:]):
        assert edge is not None
        newer = replace(edge, newer=True)
        page = store.audit.cleanups(matching=asked(*words), limit=size, beyond=newer)
        assert page == everything[max(index - size, 0) : index]


def test_cleanups_of_the_same_moment_are_told_apart(store: Store) -> None:
    newest = store.audit.cleanups()[0]
    at = Place(started_at=newest.started_at, plan="dd")
    assert plans(store.audit.cleanups(beyond=at)) == list("dcba")
    assert plans(store.audit.cleanups(beyond=replace(at, plan="f"))) == list("edcba")


def test_a_line_says_who_what_and_how_much(store: Store) -> None:
    line = store.audit.cleanups(matching=asked("postgres:14"))[0]
    state = the(store, "a")
    assert (line.id, line.host, line.profile, line.outcome) == ("cleanup:a", "prod-3", "ci", "done")
    assert (line.requested_by, line.approved_by) == (ANNA.id, (BEN.id,))
    assert (line.reclaimed_bytes, line.predicted_bytes) == (BYTES, state.plan.draft.frees.high)
    assert (line.started_at, line.finished_at) == (state.started_at, state.finished_at)


def test_a_running_cleanup_shows_what_it_freed_so_far_and_totals_wait_for_its_end(store: Store) -> None:
    assert store.audit.cleanups(matching=asked("outcome=running"))[0].reclaimed_bytes == BYTES
    assert store.audit.totals(matching=asked("outcome=running")).all == Tally(1, 0)


def test_totals_are_by_host_and_statistics_by_all_that_a_cleanup_has_one_of(store: Store) -> None:
    by_host = {"ci-1": Tally(1, 2 * BYTES), "prod-3": Tally(2, 2 * BYTES), "prod-4": Tally(2, BYTES)}
    assert store.audit.totals().by_host == by_host
    assert list(store.audit.totals().by_host) == ["prod-3", "ci-1", "prod-4"]
    counted = store.audit.statistics()
    assert counted.by_host == by_host
    assert counted.by_profile == {"routine": Tally(4, 4 * BYTES), "ci": Tally(1, BYTES)}
    assert counted.by_requester == {ANNA.id: Tally(4, 4 * BYTES), CYD.id: Tally(1, BYTES)}
    assert counted.by_outcome == {
        "failed": Tally(1, 2 * BYTES), "done": Tally(2, 2 * BYTES), "partial": Tally(1, BYTES),
        "running": Tally(1, 0),
    }  # fmt: skip
    started = the(store, "a").started_at
    assert started is not None
    assert counted.by_month == {f"{started:%Y-%m}": Tally(5, 5 * BYTES)}


def test_what_a_process_of_an_earlier_release_ran_is_found_after_the_next_cleanup(
    store: Store, sql: Callable[[str], None]
) -> None:
    sql("DELETE FROM cleanup_word WHERE plan_id = 'd'")
    sql("UPDATE plan SET reclaimed_bytes = 0 WHERE id = 'd'")
    assert plans(store.audit.cleanups()) == list("ecba")
    cleaned(store, "f", host="prod-9")
    assert plans(store.audit.cleanups()) == list("fedcba")
    assert plans(store.audit.cleanups(matching=asked("outcome=failed", "web:3"))) == ["d"]
    assert store.audit.totals(hosts=["ci-1"]).all == Tally(1, 2 * BYTES)


def test_every_host_that_was_ever_cleaned_is_known(store: Store) -> None:
    assert store.audit.hosts_of_cleanups() == {"prod-3", "prod-4", "ci-1"}


def test_the_objects_of_several_cleanups_come_in_their_order(store: Store) -> None:
    found = store.audit.recorded_items(["d", "a"])
    assert [(one.plan, one.name, one.outcome, one.bytes) for one in found] == [
        ("a", "registry.example/db/postgres:14", "removed", BYTES),
        ("d", "web:2", "removed", BYTES),
        ("d", "web:3", "removed", BYTES),
    ]


def test_a_cleanup_that_is_taken_up_again_is_found_once(store: Store) -> None:
    state = the(store, "e")
    later = store.runs.claim("e", "replica-2", timedelta())
    assert later is None, "its lease holds"
    assert plans(store.audit.cleanups(matching=asked("webshop:1"))) == ["e"]
    assert state.status is Status.RUNNING


@pytest.mark.parametrize("name", ["a'b", '"', "%", "_", "\\", "☃", "x" * 2_000, "a\0b", "\udc00"])
def test_odd_names_are_found_by_themselves_and_by_nothing_else(store: Store, name: str) -> None:
    odd = Item(kind=Kind.VOLUME, id=name, name=name, rule="anonymous")
    cleaned(store, "odd", odd)
    cleaned(store, "other", replace(odd, id="other", name="other"), host="prod-9")
    assert plans(store.audit.cleanups(matching=AuditFilter(texts=(name,)))) == ["odd"]
    assert plans(store.audit.cleanups(matching=AuditFilter(texts=(f"{name}*",)))) == ["odd"]


def test_the_migration_finds_for_old_cleanups_the_words_that_new_ones_get(store: Store, url: str) -> None:
    store.close()
    db = create_engine(url)
    with db.connect() as connection:
        rows = connection.execute(text("SELECT word, started_at, plan_id, host FROM cleanup_word"))
        new = {tuple(row) for row in rows}
        batches = migration()._words_of_old_cleanups(connection)
        old = {tuple(row.values()) for batch in batches for row in batch}
    db.dispose()
    assert old == new
    assert len(new) > 50


def migration() -> ModuleType:
    found = importlib.util.spec_from_file_location("migration", MIGRATION)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
