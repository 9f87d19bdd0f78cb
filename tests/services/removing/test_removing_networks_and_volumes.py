"""Networks and volumes: kept when anything names them, or when another took the planned one's name."""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.errors import EngineTimeoutError
from bot.core.life.states import Outcome, Status
from tests.services.bench import HOST, Bench, Lead, WatchedEngine, item, outcomes
from tests.services.held import look
from tests.support.machines.engine import PrivateEngine

ANONYMOUS = ("--label", "com.docker.volume.anonymous=")  # engine 20.10 does not set it by itself
SLEEP = ("/bin/busybox", "sleep", "1000000")


def next_second(engine: PrivateEngine) -> None:
    """Wait until the engine's clock is in another second: it tells a volume's creation in whole ones."""

    def second() -> str:
        return engine.docker("info", "--format", "{{.SystemTime}}")[: len("2026-11-23T12:00:00")]

    begun = second()
    while second() == begun:
        time.sleep(0.02)


class Uncounting(WatchedEngine):
    """An engine that does not count its volumes in time."""

    asked = 0

    def volume_sizes(self) -> Mapping[str, int]:
        self.asked += 1
        raise EngineTimeoutError(HOST, "it did not count its volumes in time.")


def test_an_engine_that_does_not_count_its_volumes_in_time_is_waited_for_once_and_keeps_them_all(
    bench: Bench,
) -> None:
    for _ in range(3):
        bench.engine.docker("volume", "create", *ANONYMOUS)
    next_second(bench.engine)
    plan = bench.approved("volumes")
    before = look(bench.engine)
    engine = Uncounting(bench.clients, lambda _call, _ids: None)
    bench.execute(engines=Lead(engine))(plan.id)
    assert {each.reason for each in bench.state(plan).items} == {"the engine does not tell what it holds now"}
    assert engine.asked == 1
    assert look(bench.engine) == before


def test_a_network_that_a_kept_container_names_stays_even_when_that_container_is_stopped(
    bench: Bench,
) -> None:
    engine = bench.engine
    engine.base()
    ids = {name: engine.network(name) for name in ("joined", "running", "again", "went", "spare")}
    stays = engine.created("base", "--name", "stays", command=SLEEP)
    plan = bench.approved("system")
    assert set(outcomes(bench.state(plan), Kind.NETWORK)) == set(ids)

    engine.docker("start", "stays")
    engine.docker("network", "connect", "joined", engine.stopped("base", "--network", "joined"))
    engine.run("base", "--network", "running")
    engine.docker("network", "rm", "again", "went")
    newer = engine.network("again")
    before = look(engine)
    state = bench.run(plan)

    assert outcomes(state, Kind.NETWORK) == {
        "joined": Outcome.KEPT,
        "running": Outcome.KEPT,
        "again": Outcome.GONE,
        "went": Outcome.GONE,
        "spare": Outcome.REMOVED,
    }
    assert "needs it now" in item(state, ids["joined"]).reason
    assert before.gone(look(engine)) == {(Kind.NETWORK, ids["spare"])}
    assert newer in look(engine).ids[Kind.NETWORK]
    assert item(state, stays).outcome is Outcome.KEPT


def test_a_network_goes_with_the_stopped_container_that_named_it(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    network = engine.network("front")
    container = engine.stopped("base", "--network", "front")
    plan = bench.approved("system")
    before = look(engine)
    state = bench.run(plan)
    assert state.status is Status.DONE
    assert before.gone(look(engine)) == {(Kind.CONTAINER, container), (Kind.NETWORK, network)}


def test_the_network_of_a_container_that_has_run_since_stays_so_that_it_can_start_again(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    network = engine.network("front")
    container = engine.docker("create", "--network", "front", "base", "/bin/busybox", "true")
    plan = bench.approved("system")
    engine.docker("start", container)
    engine.docker("wait", container)
    state = bench.run(plan)
    assert item(state, network).outcome is Outcome.KEPT
    engine.docker("start", container)


def test_of_volumes_the_anonymous_and_unchanged_ones_go_and_their_bytes_are_told(bench: Bench) -> None:
    engine = bench.engine
    engine.base()
    unused, mounted, again, went = (engine.volume(*ANONYMOUS, size=size) for size in (12_345, 1, 2, 3))
    named = engine.volume("data", size=5)
    next_second(engine)
    plan = bench.approved("volumes")
    assert {each.id for each in plan.draft.items} == {unused, mounted, again, went}

    engine.created("base", "--name", "later", "--volume", f"{mounted}:/data")
    engine.docker("volume", "rm", again, went)
    engine.docker("volume", "create", *ANONYMOUS, again)
    before = look(engine)
    state = bench.run(plan)
    after = look(engine)

    assert {each.item.id: each.outcome for each in state.items} == {
        unused: Outcome.REMOVED,
        mounted: Outcome.KEPT,
        again: Outcome.KEPT,
        went: Outcome.GONE,
    }
    assert item(state, mounted).reason == "container later mounts it now"
    assert "created anew" in item(state, again).reason
    assert before.gone(after) == {(Kind.VOLUME, unused)}
    assert named in after.ids[Kind.VOLUME]
    assert state.reclaimed == item(state, unused).bytes == 12_345


def test_a_volume_that_was_made_anew_in_the_second_of_the_plan_is_kept(bench: Bench) -> None:
    engine = bench.engine

    def created_at(name: str) -> datetime:
        told = engine.docker("volume", "inspect", "--format", "{{.CreatedAt}}", name)
        return datetime.fromisoformat(told)

    next_second(engine)  # so that all of what follows fits into one second
    planned = engine.volume(*ANONYMOUS, "v1")
    first = created_at(planned)
    plan = bench.approved("volumes")
    engine.docker("volume", "rm", planned)
    engine.docker("volume", "create", planned)
    again = created_at(planned)
    state = bench.run(plan)
    assert item(state, planned).outcome is Outcome.KEPT
    assert ("in the second of the plan" in item(state, planned).reason) == (first == again)
    assert look(engine).ids[Kind.VOLUME] == {planned}


@pytest.mark.parametrize("written", [b"", b"a longer text than before"])
def test_a_volume_that_was_written_to_since_the_plan_is_kept(bench: Bench, written: bytes) -> None:
    engine = bench.engine
    changed, same = (engine.volume(*ANONYMOUS, size=9) for _ in range(2))
    next_second(engine)
    plan = bench.approved("volumes")
    where = engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", changed)
    (Path(where) / "file").write_bytes(written)
    state = bench.run(plan)
    assert item(state, same).outcome is Outcome.REMOVED
    assert item(state, changed).outcome is Outcome.KEPT
    assert item(state, changed).reason == (
        f"it was written to since the plan was made: it holds {len(written)} bytes now, and held 9 then"
    )
    assert (Path(where) / "file").read_bytes() == written


def test_a_volume_in_which_a_file_was_made_since_the_plan_is_kept_with_a_reason_that_is_true(
    bench: Bench,
) -> None:
    """Engine 20.10 tells the time of the last change in the folder as that of the volume's creation."""
    engine = bench.engine
    volume = engine.volume(*ANONYMOUS, size=9)
    next_second(engine)
    plan = bench.approved("volumes")
    where = engine.docker("volume", "inspect", "--format", "{{.Mountpoint}}", volume)
    (Path(where) / "more").write_bytes(b"precious")
    state = bench.run(plan)
    assert item(state, volume).outcome is Outcome.KEPT
    assert "it was written to" in item(state, volume).reason
