from datetime import timedelta

import pytest
from docker.errors import APIError, NotFound

from bot.trial.sample import Step
from bot.trial.sample.making.builder import mounted
from tests.trial.sample.conftest import Host

STEPS = (Step(command="ADD rootfs /", size=1000),)


def refused(error: pytest.ExceptionInfo[APIError]) -> tuple[int, str]:
    response = error.value.response
    assert response is not None
    return response.status_code, response.json()["message"]


@pytest.fixture(autouse=True)
def image(host: Host) -> None:
    host.build.image("web:1", steps=STEPS)


def test_a_running_container_is_removed_only_by_force(host: Host) -> None:
    host.build.container("web-1", "web:1")
    with pytest.raises(APIError) as error:
        host.client.remove_container("web-1")
    assert refused(error) == (
        409,
        (
            'cannot remove container "/web-1": container is running: '
            "stop the container before removing or force remove"
        ),
    )
    host.client.remove_container("web-1", force=True)
    assert host.client.containers(all=True) == []


def test_a_paused_container_is_not_removed_either(host: Host) -> None:
    host.build.container("web-1", "web:1", state="paused")
    with pytest.raises(APIError) as error:
        host.client.remove_container("web-1")
    assert refused(error)[1].endswith("container is paused and must be unpaused first")


def test_a_container_lives_from_create_to_remove(host: Host) -> None:
    made = host.client.create_container("web:1", ["sleep", "9"], name="web-1", labels={"a": "b"})
    shown = host.client.inspect_container("web-1")
    assert (shown["State"]["Status"], shown["State"]["StartedAt"]) == ("created", "0001-01-01T00:00:00Z")
    host.client.start(made)
    host.clock.pass_time(timedelta(hours=3))
    [running] = host.client.containers()
    assert (running["State"], running["Status"]) == ("running", "Up 3 hours")
    host.client.stop(made["Id"][:12])
    [stopped] = host.client.containers(all=True, filters={"status": "exited"})
    assert stopped["Status"] == "Exited (137) Less than a second ago"
    assert host.client.inspect_container("web-1")["State"]["FinishedAt"] == "2026-03-01T15:00:00Z"
    host.client.remove_container("web-1")
    with pytest.raises(NotFound) as error:
        host.client.remove_container("web-1")
    assert refused(error) == (404, "No such container: web-1")


def test_a_name_is_taken_only_once(host: Host) -> None:
    host.client.create_container("web:1", name="web-1")
    with pytest.raises(APIError) as error:
        host.client.create_container("web:1", name="web-1")
    assert refused(error)[0] == 409


def test_sizes_are_shown_when_asked_for_and_an_empty_one_is_left_out(host: Host) -> None:
    host.build.container("full", "web:1", state="exited", size_rw=5)
    host.build.container("empty", "web:1", state="created")
    assert "SizeRootFs" not in host.client.containers(all=True)[0]
    shown = {one["Names"][0]: one for one in host.client.containers(all=True, size=True)}
    assert (shown["/full"]["SizeRw"], shown["/full"]["SizeRootFs"]) == (5, 1005)
    assert "SizeRw" not in shown["/empty"]


def test_removing_with_volumes_takes_the_anonymous_ones_only(host: Host) -> None:
    named, anonymous, shared = (host.build.volume(name) for name in ("data", "", ""))
    mounts = (mounted(named, "/data"), mounted(anonymous, "/tmp/x"), mounted(shared, "/tmp/y"))  # noqa: S108 - a path inside a container that does not exist
    host.build.container("one", "web:1", state="exited", mounts=mounts)
    host.build.container("two", "web:1", state="exited", mounts=mounts[2:])
    host.client.remove_container("one", v=True)
    assert set(host.universe.volumes) == {"data", shared.name}


def test_a_volume_of_a_stopped_container_is_in_use_even_by_force(host: Host) -> None:
    volume = host.build.volume("data", size=9)
    container = host.build.container("db", "web:1", state="exited", mounts=(mounted(volume, "/data"),))
    for force in (False, True):
        answer = host.client.delete(f"http+docker://localhost/volumes/data?force={force}")
        message = f"remove data: volume is in use - [{container.id}]"
        assert (answer.status_code, answer.json()) == (409, {"message": message})
    host.client.remove_container("db")
    host.client.remove_volume("data")
    with pytest.raises(NotFound) as gone:
        host.client.remove_volume("data")
    assert refused(gone) == (404, "get data: no such volume")
    # The SDK loses `force` on volumes, so this one is asked for by hand.
    assert host.client.delete("http+docker://localhost/volumes/data?force=1").status_code == 204


def test_dangling_volumes_are_those_that_no_container_names(host: Host) -> None:
    used = host.build.volume("used")
    host.build.volume("spare", labels={"owner": "alice"})
    host.build.container("db", "web:1", state="exited", mounts=(mounted(used, "/data"),))
    [spare] = host.client.volumes(filters={"dangling": True})["Volumes"]
    assert (spare["Name"], spare["Labels"]) == ("spare", {"owner": "alice"})
    assert host.client.inspect_volume("used")["Labels"] is None


def test_a_network_with_endpoints_stays_and_one_of_a_stopped_container_goes(host: Host) -> None:
    network = host.build.network("shop")
    container = host.build.container("web-1", "web:1", network="shop")
    assert list(host.client.inspect_network("shop")["Containers"]) == [container.id]
    assert host.client.networks(names=["shop"])[0]["Containers"] == {}
    with pytest.raises(APIError) as error:
        host.client.remove_network("shop")
    assert refused(error) == (
        403,
        f"error while removing network: network shop id {network.id} has active endpoints",
    )
    host.client.stop("web-1")
    host.client.remove_network(network.id[:12])
    with pytest.raises(NotFound) as unstartable:
        host.client.start("web-1")
    assert refused(unstartable)[1].endswith("network shop not found")


@pytest.mark.parametrize("name", ["bridge", "host", "none"])
def test_predefined_networks_cannot_be_removed(host: Host, name: str) -> None:
    with pytest.raises(APIError) as error:
        host.client.remove_network(name)
    assert refused(error) == (403, f"{name} is a pre-defined network and cannot be removed")


def test_what_is_not_there_is_a_404_in_the_engines_words(host: Host) -> None:
    for call, message in (
        (host.client.inspect_container, "No such container: nope"),
        (host.client.start, "No such container: nope"),
        (host.client.inspect_network, "network nope not found"),
        (host.client.inspect_volume, "get nope: no such volume"),
    ):
        with pytest.raises(NotFound) as error:
            call("nope")
        assert refused(error) == (404, message)


def test_created_containers_bring_their_volumes(host: Host) -> None:
    config = host.client.create_host_config(binds=["data:/data", "/srv:/srv:ro"])
    host.client.create_container("web:1", name="db", volumes=["/data", "/cache"], host_config=config)
    mounts = {one["Destination"]: one for one in host.client.inspect_container("db")["Mounts"]}
    assert (mounts["/data"]["Name"], mounts["/srv"]["Type"], mounts["/srv"]["RW"]) == ("data", "bind", False)
    assert len(mounts["/cache"]["Name"]) == 64
    assert host.client.inspect_volume(mounts["/cache"]["Name"])["Labels"] == {
        "com.docker.volume.anonymous": ""
    }


def test_containers_are_found_by_each_filter(host: Host) -> None:
    network, volume = host.build.network("shop"), host.build.volume("data")
    wanted = host.build.container(
        "db-1",
        "web:1",
        state="exited",
        mounts=(mounted(volume, "/data"),),
        network="shop",
        labels={"team": "shop"},
    )
    host.build.image("other:1", steps=STEPS)
    host.build.container("other", "other:1", state="created")
    for filters in (
        {"name": "^db-"},
        {"id": wanted.id[:12]},
        {"label": "team"},
        {"network": network.id},
        {"volume": "data"},
        {"ancestor": "web:1"},
    ):
        assert [one["Id"] for one in host.client.containers(all=True, filters=filters)] == [wanted.id], (
            filters
        )
    for filters in ({"name": "("}, {"label": "team=else"}, {"ancestor": "gone:1"}):
        assert host.client.containers(all=True, filters=filters) == []
    assert len(host.client.containers(limit=1)) == 1


def test_a_container_descends_from_the_parents_of_its_image(host: Host) -> None:
    base = host.build.image("base:1", steps=STEPS)
    host.build.legacy_image("app:1", base=base, steps=STEPS)
    host.build.container("app", "app:1")
    assert len(host.client.containers(filters={"ancestor": "base:1"})) == 1


def test_an_id_prefix_that_fits_several_is_refused(host: Host) -> None:
    made = [host.build.container(f"c-{number}", "web:1").id for number in range(17)]
    made_networks = [host.build.network(f"n-{number}").id for number in range(17)]
    for ids, call, words in (
        (made, host.client.inspect_container, "Multiple IDs found with provided prefix"),
        (made_networks, host.client.inspect_network, "matches found based on ID prefix"),
    ):
        digits = [one[0] for one in ids]
        with pytest.raises(APIError) as error:
            call(max(digits, key=digits.count))
        status, message = refused(error)
        assert status == 400
        assert words in message


def test_a_request_that_makes_no_sense_creates_nothing(host: Host) -> None:
    url = "http+docker://localhost/containers/create"
    for body, name in (("[]", "x-1"), ("{", "x-1"), ("{}", "x-1"), ('{"Image": "web:1"}', "%20")):
        assert host.client.post(f"{url}?name={name}", data=body).status_code == 400
    assert host.client.containers(all=True) == []


def test_a_container_without_a_name_gets_one(host: Host) -> None:
    made = host.client.create_container("web:1")
    assert host.client.inspect_container(made["Id"])["Name"].startswith("/sample_")


def test_a_paused_container_cannot_be_started(host: Host) -> None:
    host.build.container("web-1", "web:1", state="paused")
    with pytest.raises(APIError) as error:
        host.client.start("web-1")
    assert refused(error)[0] == 409


def test_unused_networks_are_found_by_filter(host: Host) -> None:
    host.build.network("idle")
    host.build.network("busy")
    host.build.container("web-1", "web:1", network="busy")
    assert [one["Name"] for one in host.client.networks(filters={"dangling": True})] == ["idle"]
    assert len(host.client.networks(filters={"type": "builtin"})) == 3
