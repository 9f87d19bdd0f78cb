from datetime import timedelta
from typing import Any

import pytest
from docker.errors import APIError

from bot.trial.sample import Step
from tests.trial.sample.conftest import Host

BASE = (Step(command="ADD rootfs /", size=1000),)
APP = (Step(command="RUN install", size=300), Step(command="COPY . .", size=20))


def refused(error: pytest.ExceptionInfo[APIError]) -> tuple[int, str]:
    response = error.value.response
    assert response is not None
    return response.status_code, response.json()["message"]


def records(host: Host) -> dict[str, Any]:
    return {record["ID"]: record for record in host.client.df()["BuildCache"]}


def test_an_anchored_filter_prunes_exactly_its_records(host: Host) -> None:
    one, two, three = (host.build.record(name, size=10) for name in "abc")
    pruned = host.prune({"id": [f"^({one}|{three})$"]})
    assert (set(pruned["CachesDeleted"]), pruned["SpaceReclaimed"]) == ({one, three}, 20)
    assert list(records(host)) == [two]


def test_an_unanchored_filter_takes_whatever_contains_it(host: Host) -> None:
    made = [host.build.record(name, size=10) for name in "abc"]
    assert len(host.prune({"id": ["[a-z0-9]"]})["CachesDeleted"]) == len(made)


def test_a_broken_expression_matches_nothing(host: Host) -> None:
    host.build.record("a", size=10)
    assert host.prune({"id": ["("]}) == {"CachesDeleted": None, "SpaceReclaimed": 0}


def test_two_ids_are_refused(host: Host) -> None:
    host.build.record("a", size=10)
    with pytest.raises(APIError) as error:
        host.prune({"id": ["a", "b"]})
    assert refused(error) == (400, "failed to prune build cache: filters expect only one value")
    assert len(records(host)) == 1


def test_an_empty_filter_takes_everything_that_is_not_in_use(host: Host) -> None:
    host.build.build_cache(APP)
    busy = host.build.record("busy", size=5, in_use=True)
    assert host.prune()["SpaceReclaimed"] == 320
    assert list(records(host)) == [busy]


def test_a_label_filter_is_accepted_and_ignored(host: Host) -> None:
    host.build.record("a", size=10)
    assert host.prune({"label": ["keep=me"]})["SpaceReclaimed"] == 10


def test_an_unknown_filter_is_refused(host: Host) -> None:
    with pytest.raises(APIError) as error:
        host.prune({"colour": ["blue"]})
    assert refused(error) == (400, "invalid filter 'colour'")


def test_a_record_with_children_is_silently_skipped(host: Host) -> None:
    parent, child = host.build.build_cache(APP)
    assert host.prune({"id": [f"^{parent}$"]})["CachesDeleted"] is None
    assert host.prune({"id": [f"^({parent}|{child})$"]})["CachesDeleted"] == [child, parent]


def test_a_child_in_use_keeps_its_parents(host: Host) -> None:
    parent = host.build.record("parent", size=10)
    host.build.record("child", size=5, parents=(parent,), in_use=True)
    assert host.prune()["CachesDeleted"] is None


def test_shared_records_count_as_reclaimed_though_nothing_is_freed(host: Host) -> None:
    host.build.image("web:1", steps=APP)
    host.build.build_cache(APP)
    assert all(record["Shared"] for record in records(host).values())
    before = host.universe.disk_bytes()
    assert host.prune()["SpaceReclaimed"] == 320
    assert host.universe.disk_bytes() == before


def test_shared_records_become_private_with_their_image_and_then_free_their_layers(host: Host) -> None:
    host.build.image("web:1", steps=APP)
    host.build.build_cache(APP)
    host.delete_image("web:1")
    assert not any(record["Shared"] for record in records(host).values())
    host.prune(everything=False)
    assert host.universe.disk_bytes() == 0


def test_records_of_a_base_say_zero_and_pin_its_layers(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    host.build.build_cache(APP, base=base)
    assert [record["Size"] for record in records(host).values()] == [0, 300, 20]
    host.delete_image("base:1")
    assert host.universe.disk_bytes() == 1320
    assert host.prune()["SpaceReclaimed"] == 320
    assert host.universe.disk_bytes() == 0


def test_without_all_shared_and_internal_records_stay(host: Host) -> None:
    host.build.image("web:1", steps=APP)
    host.build.build_cache(APP)
    host.build.record("frontend", size=1, type="frontend")
    host.build.record("internal", size=2, type="internal")
    plain = host.build.record("plain", size=3)
    assert host.prune(everything=False)["CachesDeleted"] == [plain]


@pytest.mark.parametrize("name", ["until", "unused-for"])
def test_ages_are_counted_from_the_last_use(host: Host, name: str) -> None:
    host.build.record("recent", size=1, age=timedelta(days=9), used=timedelta(minutes=59))
    old = host.build.record("old", size=2, age=timedelta(days=9), used=timedelta(minutes=61))
    assert host.prune({name: ["1h0m"]})["CachesDeleted"] == [old]


def test_two_ages_are_refused(host: Host) -> None:
    with pytest.raises(APIError) as error:
        host.prune({"until": ["1h"], "unused-for": ["2h"]})
    assert refused(error)[1].endswith('conflicting filters: "until" and "unused-for"')


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("7d", 'unknown unit "d" in duration "7d"'),
        ("7", 'missing unit in duration "7"'),
        ("soon", 'invalid duration "soon"'),
    ],
)
def test_what_go_does_not_read_as_a_duration_is_refused(host: Host, text: str, reason: str) -> None:
    host.build.record("a", size=10, age=timedelta(days=9))
    with pytest.raises(APIError) as error:
        host.prune({"until": [text]})
    assert refused(error)[1].endswith("time: " + reason)
    assert len(records(host)) == 1


def test_records_are_chosen_by_type_parent_and_flags(host: Host) -> None:
    parent, child = host.build.build_cache(APP)
    mount = host.build.record("mount", size=1, type="exec.cachemount")
    assert host.prune({"shared": []})["CachesDeleted"] is None
    assert host.prune({"private": ["true"]})["CachesDeleted"] is None
    assert host.prune({"type": ["exec.cachemount"]})["CachesDeleted"] == [mount]
    assert host.prune({"parent": [parent]})["CachesDeleted"] == [child]
    assert host.prune({"private": []})["CachesDeleted"] == [parent]


def test_a_base_that_is_built_on_again_counts_as_just_used(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    [pin, _] = host.build.build_cache(APP[:1], base=base, age=timedelta(days=30))
    host.build.build_cache(APP[1:], base=base, age=timedelta(hours=1))
    assert (records(host)[pin]["LastUsedAt"], records(host)[pin]["UsageCount"]) == ("2026-03-01T11:00:00Z", 2)


def test_parents_are_named_as_each_api_version_names_them(host: Host) -> None:
    parent, child = host.build.build_cache(APP)
    assert records(host)[child][" Parents"] == [parent]
    old = {one["ID"]: one for one in host.get("/v1.41/system/df").json()["BuildCache"]}
    assert (old[child]["Parent"], old[parent]["Parent"]) == (parent, "")
