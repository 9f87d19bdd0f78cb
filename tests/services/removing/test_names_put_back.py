"""Names: an image that has to stay while it is being removed gets back the names that it had lost by then."""

from collections.abc import Callable, Iterator, Sequence

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import HostUnreachableError
from bot.core.life.states import ItemState, Outcome, Status
from bot.core.plan.plan import Plan
from tests.services.bench import BEN, HOST, Bench, imported, item
from tests.services.held import look
from tests.support.machines.engine import PrivateEngine
from tests.support.machines.registry import PrivateRegistry, private_registry


@pytest.fixture(scope="module")
def registry() -> Iterator[PrivateRegistry]:
    with private_registry() as started:
        yield started


def removed_while(bench: Bench, image: str, happens: Callable[[str, Sequence[str]], None]) -> ItemState:
    """How the removal of an image ended, when this happened at each call."""
    plan = bench.approved("everything", Kind.IMAGE)
    bench.execute(engines=bench.watched(happens))(plan.id)
    return item(bench.state(plan), image)


def use(engine: PrivateEngine, image: str) -> None:
    engine.created(image, "--name", "user", command=("/file",))


def test_a_name_that_somebody_took_meanwhile_is_left_to_them(bench: Bench) -> None:
    engine = bench.engine
    planned, other = imported(engine, "app:1"), imported(engine, "other:1")
    for name in ("app:2", "app:3"):
        engine.docker("tag", planned, name)

    def happens(call: str, ids: Sequence[str]) -> None:
        if (call, *ids) == ("remove_image", planned):
            use(engine, planned)
            engine.docker("tag", other, "app:1")

    ended = removed_while(bench, planned, happens)
    assert ended.outcome is Outcome.KEPT
    assert ended.reason.endswith(" (untagged and tagged again: app:2; already untagged: app:1)")
    tags = look(engine).tags
    assert (tags["app:1"], tags["app:2"], tags["app:3"]) == (other, planned, planned)


def test_no_name_is_taken_off_an_image_that_came_into_use_a_moment_ago(bench: Bench) -> None:
    engine = bench.engine
    first, planned = imported(engine, "a:1"), imported(engine, "b:1")
    engine.docker("tag", planned, "b:2")
    calls: list[tuple[str, ...]] = []

    def happens(call: str, ids: Sequence[str]) -> None:
        calls.append((call, *ids))
        if calls == [("remove_image", first)]:
            use(engine, planned)

    ended = removed_while(bench, planned, happens)
    assert (ended.outcome, ended.reason) == (Outcome.KEPT, "container user uses it now")
    assert calls == [("remove_image", first)]


def test_names_are_put_back_though_the_connection_was_lost_in_between(bench: Bench) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    engine.docker("tag", planned, "app:2")
    tries: list[str] = []

    def happens(call: str, ids: Sequence[str]) -> None:
        if call == "remove_image":
            tries.append(call)
            use(engine, planned)
            raise HostUnreachableError(HOST, "the connection was lost in the middle of a request.")

    ended = removed_while(bench, planned, happens)
    assert len(tries) == 1
    assert (ended.outcome, ended.reason) == (
        Outcome.KEPT, "container user uses it now (untagged and tagged again: app:1)",
    )  # fmt: skip
    assert look(engine).tags == {"app:1": planned, "app:2": planned}


def test_a_run_that_another_process_takes_up_names_what_may_have_been_untagged_before(bench: Bench) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    engine.docker("tag", planned, "app:2")
    plan = bench.approved()
    run = bench.claimed(plan, "dead")
    bench.store.runs.start_items(run, [0])
    engine.docker("rmi", "app:1")  # as the dead process did
    bench.store.runs.release(run)
    use(engine, planned)
    ended = item(bench.run(plan), planned)
    assert (ended.outcome, ended.reason) == (
        Outcome.KEPT, "container user uses it now (already untagged: app:1)",
    )  # fmt: skip
    assert look(engine).tags == {"app:2": planned}


def died_over(bench: Bench, image: str, died_at: tuple[str, ...]) -> Plan:
    """An approved plan whose run was broken off by the death of its process at this call."""

    class Death(BaseException):
        pass

    def happens(call: str, ids: Sequence[str]) -> None:
        if (call, *ids) == died_at:
            raise Death

    plan = bench.approved("everything", Kind.IMAGE)
    execute = bench.execute(engines=bench.watched(happens), owner="dead")
    with pytest.raises(Death):
        execute(plan.id)
    assert item(bench.state(plan), image).outcome is Outcome.REMOVING
    return plan


LONG_AGO = "UPDATE plan SET lease_until = '2000-01-01T00:00:00.000000Z'"


def test_names_that_a_dead_process_took_off_are_put_back_by_the_next_when_the_image_stays(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    for name in ("app:2", "app:3", "app:4"):
        engine.docker("tag", planned, name)
    plan = died_over(bench, planned, ("untag", "app:3"))
    assert look(engine).tags == {"app:3": planned, "app:4": planned}
    use(engine, planned)
    sql(LONG_AGO)
    ended = item(bench.run(plan), planned)
    assert (ended.outcome, ended.reason, ended.reconciled) == (
        Outcome.KEPT, "container user uses it now (untagged and tagged again: app:1, app:2)", True,
    )  # fmt: skip
    assert look(engine).tags == {f"app:{number}": planned for number in range(1, 5)}


def test_names_that_a_dead_process_took_off_are_put_back_when_the_cleanup_is_stopped_after_it(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    engine.docker("tag", planned, "app:2")
    plan = died_over(bench, planned, ("remove_image", planned))
    assert look(engine).tags == {"app:2": planned}
    bench.stop()(plan.id, BEN)
    sql(LONG_AGO)
    state = bench.run(plan)
    assert state.status is Status.STOPPED
    ended = item(state, planned)
    assert (ended.outcome, ended.reason) == (
        Outcome.KEPT,
        "the cleanup was stopped before it was removed (untagged and tagged again: app:1)",
    )
    assert look(engine).tags == {"app:1": planned, "app:2": planned}


def test_an_image_that_a_dead_process_had_untagged_is_removed_by_the_next(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    engine.docker("tag", planned, "app:2")
    plan = died_over(bench, planned, ("remove_image", planned))
    sql(LONG_AGO)
    assert item(bench.run(plan), planned).outcome is Outcome.REMOVED
    assert not look(engine).tags


def test_an_image_stays_when_another_hand_took_a_name_off_it_though_a_dead_process_had_meant_to_remove_it(
    bench: Bench, sql: Callable[[str], None]
) -> None:
    engine = bench.engine
    one, two = imported(engine, "one:1"), imported(engine, "two:1")
    engine.docker("tag", two, "two:2")
    plan = bench.approved("everything", Kind.IMAGE)
    dead = bench.claimed(plan, "dead")
    bench.store.runs.start_items(dead, [each.position for each in bench.state(plan).items])
    imported(engine, "one:1")
    engine.docker("rmi", "two:1")
    sql(LONG_AGO)
    state = bench.run(plan)
    assert {image: item(state, image).outcome for image in (one, two)} == dict.fromkeys(
        (one, two), Outcome.KEPT
    )
    assert item(state, two).reason == "two:1 no longer names it (already untagged: two:1)"


@pytest.mark.overlay2
def test_a_digest_that_went_with_the_last_tag_of_its_repository_is_named(
    bench: Bench, registry: PrivateRegistry
) -> None:
    engine = bench.engine
    planned = imported(engine, "zoo:1")
    name = f"{registry.address}/app"
    engine.docker("tag", planned, f"{name}:1")
    engine.docker("push", f"{name}:1")
    (digest,) = engine.docker("inspect", "--format", '{{join .RepoDigests " "}}', planned).split()

    def happens(call: str, ids: Sequence[str]) -> None:
        if call == "remove_image":
            use(engine, planned)

    ended = removed_while(bench, planned, happens)
    assert ended.outcome is Outcome.KEPT
    assert f"(untagged and tagged again: {name}:1; already untagged: {digest})" in ended.reason
    assert look(engine).tags == {"zoo:1": planned, f"{name}:1": planned}


def test_an_image_that_somebody_else_removes_while_it_is_being_untagged_is_gone(bench: Bench) -> None:
    engine = bench.engine
    planned = imported(engine, "app:1")
    engine.docker("tag", planned, "app:2")

    def happens(call: str, ids: Sequence[str]) -> None:
        if call == "remove_image":
            engine.docker("rmi", "app:2")

    ended = removed_while(bench, planned, happens)
    assert ended.outcome is Outcome.GONE
    assert not look(engine).tags
