"""Containers on the real engine: they age from their end, in the state in which they are."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.docker.inventory import Kind
from bot.core.life.states import Outcome, Status
from bot.core.plan.plan import Draft
from bot.core.plan.profiles import Profile, Rule, Scope
from tests.services.ages.test_images import planned
from tests.services.bench import Bench
from tests.support.machines.engine import BUSYBOX

SECOND = timedelta(seconds=1)


def rules(made: Draft) -> dict[str, str]:
    return {kept.name: kept.rule for kept in made.kept if kept.kind is Kind.CONTAINER}


def aged(bench: Bench, least: timedelta) -> None:
    rule = Rule(scope=Scope.STOPPED, min_age=least)
    bench.profiles = {"aged": Profile(name="aged", rules={Kind.CONTAINER: rule})}


def test_a_container_that_ran_for_long_and_ended_a_moment_ago_is_young(bench: Bench) -> None:
    bench.engine.base()
    bench.engine.run("base", "--name", "service", command=(BUSYBOX, "sleep", "4"))
    bench.engine.created("base", "--name", "never-started")
    bench.engine.docker("wait", "service")
    aged(bench, 3 * SECOND)
    made = planned(bench, "aged")
    assert [item.name for item in made.items] == ["never-started"]
    assert rules(made)["service"].startswith("stopped ")
    assert rules(made)["service"].endswith(": stopped for less than 3 seconds")


def test_the_equivalent_command_says_where_docker_counts_otherwise(bench: Bench) -> None:
    made = planned(bench, "routine")
    assert made.commands[:2] == (
        "docker container prune --filter until=24h  # Docker counts from the creation, the plan from the end",
        "docker image prune -a --filter until=168h  # Docker counts from the build, the plan from the arrival too",
    )


@pytest.fixture
def stuck(bench: Bench) -> Iterator[str]:
    """A container whose layer holds an immutable file, on which a removal failed; mended at the end."""
    bench.engine.base()
    container = bench.engine.stopped("base", "--name", "stuck", command=(BUSYBOX, "touch", "/pinned"))
    upper = bench.engine.docker("inspect", "--format", "{{.GraphDriver.Data.UpperDir}}", container)
    pinned = Path(upper) / "pinned"
    if subprocess.run(["chattr", "+i", str(pinned)], check=False).returncode:
        pytest.skip("this file system has no immutable files")
    with pytest.raises(AssertionError, match="ended with 1"):
        bench.engine.docker("rm", container)
    yield str(pinned)
    subprocess.run(["chattr", "-i", str(pinned)], check=False)


@pytest.mark.overlay2
def test_a_container_that_a_removal_failed_on_can_go_later_and_its_image_with_it(
    bench: Bench, stuck: str
) -> None:
    listed = bench.engine.docker("ps", "--all", "--format", "{{.State}}", "--filter", "name=stuck")
    plan = bench.approved("everything")
    assert {item.name for item in plan.draft.items} == {"stuck", "base:latest"}, listed
    (still,) = [one for one in bench.run(plan).items if one.item.kind is Kind.CONTAINER]
    assert still.outcome is Outcome.FAILED
    subprocess.run(["chattr", "-i", stuck], check=True)
    state = bench.run(bench.approved("everything"))
    assert state.status is Status.DONE
    assert bench.engine.docker("ps", "--all", "--quiet") == ""
