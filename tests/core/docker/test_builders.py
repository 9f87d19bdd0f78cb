"""Other builders' caches are known by the names that buildx gives their volumes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.docker.builders import builder_cache
from bot.core.docker.inventory import Mounting
from bot.core.plan.going import use_words
from tests.core.things import NOW, ago, container, image, volume

STATE = volume("buildx_buildkit_ci-10_state", anonymous=False)
BUILDER = container("buildx_buildkit_ci-10", image("buildkit"), volumes=(STATE.name,))


@pytest.mark.parametrize(
    ("name", "builder"),
    [
        ("buildx_buildkit_ci-10_state", "ci-1"),
        ("buildx_buildkit_ci-13_state", "ci-1"),
        ("buildx_buildkit_default0_state", "default"),
        ("buildx_buildkit_my_state0_state", "my_state"),
        ("buildx_buildkit_arm-node_state", "arm-node"),
        ("buildx_buildkit_0_state", "0"),
    ],
)
def test_the_volume_of_a_node_is_the_cache_of_its_builder(name: str, builder: str) -> None:
    cache = builder_cache(replace(STATE, name=name), None)
    assert cache is not None
    assert str(cache) == f"build cache of builder {builder}"


@pytest.mark.parametrize(
    "name", ["buildx_buildkit_ci-10", "buildx_buildkit__state", "my-buildx_buildkit_ci-10_state", "state", ""]
)
def test_other_volumes_are_no_builders(name: str) -> None:
    assert builder_cache(replace(STATE, name=name), None) is None


def test_a_cache_is_told_with_its_last_use_and_with_whether_its_builder_is_there() -> None:
    stopped = replace(BUILDER, ended_at=ago(days=21))
    running = replace(BUILDER, state="running", ended_at=None)
    unseen = replace(STATE, mounting=Mounting(first_at=ago(days=40), at=ago(days=21), container="b"))
    build = "build cache of builder ci-1"
    assert [*use_words(STATE, [stopped], NOW)] == [
        build, "last used 21 days ago", "container buildx_buildkit_ci-10 is exited",
    ]  # fmt: skip
    assert [*use_words(STATE, [running], NOW)] == [
        build,
        "in use: container buildx_buildkit_ci-10 is running",
    ]
    assert [*use_words(unseen, (), NOW)] == [build, "last used 21 days ago", "its builder is gone"]
    assert [*use_words(STATE, (), NOW)] == [build, "its builder is gone", "who mounted it last is not known"]


def test_a_clock_that_went_back_tells_no_time_below_nothing() -> None:
    cache = builder_cache(STATE, replace(BUILDER, ended_at=NOW + timedelta(hours=1)))
    assert cache is not None
    assert "last used 0 seconds ago" in [*cache.words(NOW)]
