"""Who uses what: containers by the image, volume or network that they refer to."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.core.docker.inventory import Container, Network
from bot.core.docker.users import Users
from tests.core.things import container, image, inventory, network, volume

APP = image("app", tags=("app:1", "reg:5000/app:latest"), digests=("app@sha256:1",))
NET = network("front")


def users(*containers: Container, store: str = "overlay2") -> Users:
    return Users.of(inventory(APP, *containers, store=store))


def test_containers_in_every_state_use_their_image() -> None:
    for state in ("running", "paused", "restarting", "created", "exited", "dead", "removing", ""):
        one = container("c", APP, state)
        assert users(one).of_image(APP) == one


def test_the_first_by_name_is_named_whatever_the_order_of_the_list() -> None:
    a, b = container("a", APP), container("b", APP)
    assert users(a, b).of_image(APP) == users(b, a).of_image(APP) == a


def test_what_goes_too_is_no_user() -> None:
    a, b = container("a", APP, networks=("front",)), container("b", APP, networks=("front",))
    both = users(a, b)
    assert both.of_image(APP, {a.id}) == both.of_network(NET, {a.id}) == b
    assert both.of_image(APP, {a.id, b.id}) is both.of_network(NET, {a.id, b.id}) is None


def test_a_reference_ties_a_container_to_its_image_on_the_containerd_store_only() -> None:
    for reference in ("app:1", "reg:5000/app", "app@sha256:1"):
        by_name = container("c", image("other"), image=reference)
        assert users(by_name, store="containerd").of_image(APP) == by_name
        assert users(by_name).of_image(APP) is None


def test_no_reference_and_other_references_are_no_use() -> None:
    for reference in ("", "app", "app:10", "reg/app:1", "sha256:app"):
        other = container("c", image("other"), image=reference)
        assert users(other, store="containerd").of_image(APP) is None
    nameless = replace(APP, tags=(), digests=())
    assert users(container("c", image("other"), image=""), store="containerd").of_image(nameless) is None


def test_a_container_that_is_tied_in_two_ways_counts_once() -> None:
    twice = container("twice", APP, image="app:1")
    once = container("once", image("other"), image="app@sha256:1")
    assert users(twice, once, store="containerd").count(APP) == 2
    assert users(twice, once).count(APP) == 1
    assert users().count(APP) == 0


def test_a_volume_is_used_by_whoever_mounts_it_running_or_not() -> None:
    stopped = container("db", APP, "exited", volumes=("other", "data"))
    assert users(stopped).of_volume(volume("data")) == stopped
    assert users(stopped).of_volume(volume("dat")) is None


def test_a_network_is_used_by_its_name_and_by_its_id() -> None:
    for reference in ("front", "id-front"):
        one = container("c", APP, networks=("bridge", reference))
        assert users(one).of_network(NET) == one
    assert users(container("c", APP, networks=("id-fron",))).of_network(NET) is None


def test_networks_of_one_name_are_told_apart_by_their_ids() -> None:
    twin = Network(id="id-twin", name="other", driver="bridge", scope="local")
    one = container("c", APP, networks=(NET.id,))
    assert users(one).of_network(twin) is None


@given(st.permutations([container(f"c{n}", APP, volumes=("v",), networks=("front",)) for n in range(4)]))
def test_the_index_does_not_depend_on_the_order_of_the_list(containers: list[Container]) -> None:
    assert users(*containers) == users(*sorted(containers, key=lambda one: one.name))
