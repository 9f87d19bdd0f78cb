import threading
from pathlib import Path

import docker
import pytest

from bot.trial.sample import SampleEngine, Step, Universe
from tests.trial.sample.conftest import Host

BASE = (Step(command="ADD rootfs /", size=1000),)
APP = (Step(command="RUN install", size=300),)


def test_it_says_what_it_is(host: Host) -> None:
    info = host.client.info()
    assert info["OperatingSystem"] == "Deckhand sample engine (simulated)"
    assert (info["ServerVersion"], info["Driver"]) == ("26.1.5", "overlay2")
    assert info["SystemTime"] == "2026-03-01T12:00:00Z"
    version = host.client.version(api_version=False)
    assert (version["ApiVersion"], version["MinAPIVersion"]) == ("1.45", "1.24")


def test_an_engine_keeps_its_id_over_restarts_and_another_name_is_another_engine() -> None:
    assert Universe().engine_id == Universe().engine_id != Universe(name="other").engine_id


def test_it_answers_to_pings_with_its_version(host: Host) -> None:
    assert host.client.ping()
    head = host.client.head("http+docker://localhost/_ping")
    assert (head.status_code, head.headers["Api-Version"], head.headers["Ostype"]) == (200, "1.45", "linux")
    assert host.get("/v1.41/_ping").text == "OK"


def test_versions_that_it_does_not_speak_are_refused(host: Host) -> None:
    for version, word in (("1.46", "too new"), ("1.23", "too old")):
        answer = host.get(f"/v{version}/info")
        assert answer.status_code == 400
        assert f"client version {version} is {word}" in answer.json()["message"]


def test_an_unknown_path_is_not_found(host: Host) -> None:
    answer = host.get("/v1.45/nothing")
    assert (answer.status_code, answer.json()) == (404, {"message": "page not found"})


def test_disk_usage_counts_each_layer_of_images_once(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    host.build.image("web:1", base=base, steps=APP)
    host.build.container("web-1", "web:1", size_rw=4)
    host.build.build_cache((Step(command="RUN lost", size=50),), base=base)
    usage = host.client.df()
    assert usage["LayersSize"] == 1300
    shown = {one["RepoTags"][0]: one for one in usage["Images"]}
    assert (shown["web:1"]["Size"], shown["web:1"]["SharedSize"]) == (1300, 1000)
    assert (shown["web:1"]["Containers"], shown["base:1"]["Containers"]) == (1, 0)
    assert usage["Containers"][0]["SizeRw"] == 4


def test_disk_usage_by_type_leaves_the_others_out_from_api_1_42(host: Host) -> None:
    host.build.image("base:1", steps=BASE)
    host.build.volume("data", size=9)
    usage = host.get("/v1.42/system/df?type=volume&type=container").json()
    assert (usage["LayersSize"], usage["Images"], usage["BuildCache"]) == (0, None, None)
    assert usage["Volumes"][0]["UsageData"] == {"RefCount": 0, "Size": 9}
    assert host.get("/v1.41/system/df?type=volume").json()["LayersSize"] == 1000
    refused = host.get("/v1.45/system/df?type=moon")
    assert (refused.status_code, refused.json()["message"]) == (400, "unknown object type: moon")


def test_volumes_with_driver_options_are_listed_and_never_in_disk_usage(host: Host) -> None:
    host.build.volume("media", options={"type": "nfs", "device": ":/export"})
    assert host.client.inspect_volume("media")["Options"]["type"] == "nfs"
    assert host.client.df()["Volumes"] == []


def test_images_are_shown_as_each_api_version_shows_them(host: Host) -> None:
    host.build.image(steps=BASE)
    [old] = host.get("/v1.42/images/json").json()
    assert (old["RepoTags"], old["VirtualSize"]) == (["<none>:<none>"], 1000)
    [new] = host.get("/images/json").json()
    assert (new["RepoTags"], new["RepoDigests"], new["Containers"]) == ([], [], -1)
    assert "VirtualSize" not in new
    assert "ContainerConfig" in host.get(f"/v1.44/images/{new['Id']}/json").json()
    assert "ContainerConfig" not in host.get(f"/v1.45/images/{new['Id']}/json").json()


def test_filters_that_are_no_json_object_are_refused(host: Host) -> None:
    for raw in ("bad", "[1]", '{"label":5}'):
        assert host.get(f"/images/json?filters={raw}").status_code == 400


def test_it_starts_again_after_a_stop_and_leaves_nothing_behind(socket_path: Path) -> None:
    engine, before = SampleEngine(socket_path=socket_path), threading.active_count()
    for _ in range(2):
        with engine:
            assert threading.active_count() > before
            client = docker.APIClient(base_url=engine.url)
            assert client.images()
            client.close()
        assert not socket_path.exists()
    engine.stop()
    assert threading.active_count() <= before


def test_it_cannot_be_started_twice(host: Host) -> None:
    with pytest.raises(RuntimeError):
        host.engine.start()


def test_a_socket_path_that_is_too_long_is_an_error_at_once(tmp_path: Path) -> None:
    engine = SampleEngine(socket_path=tmp_path / ("x" * 120), universe=Universe())
    with pytest.raises(OSError, match="too long"):
        engine.start()


def test_calls_at_the_same_time_each_see_a_whole_universe(host: Host) -> None:
    for number in range(30):
        host.build.image(f"web:{number}", steps=(*BASE, Step(command=f"RUN {number}", size=1)))
    failures: list[str] = []

    def remove(numbers: range) -> None:
        client = docker.APIClient(base_url=host.engine.url)
        for number in numbers:
            client.remove_image(f"web:{number}")
            usage = client.df()
            if usage["LayersSize"] != (1000 + len(usage["Images"]) if usage["Images"] else 0):
                failures.append(f"{usage['LayersSize']} with {len(usage['Images'])} images")
        client.close()

    threads = [threading.Thread(target=remove, args=(range(first, 30, 3),)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert host.universe.layers == {}
