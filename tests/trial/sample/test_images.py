from datetime import timedelta

import pytest
from docker.errors import APIError, ImageNotFound

from bot.trial.sample import Step
from bot.trial.sample.objects import chain_id, short
from tests.trial.sample.conftest import Host

BASE = (Step(command="ADD rootfs /", size=1000), Step(command='CMD ["sh"]'))
APP = (Step(command="RUN install", size=300), Step(command="COPY . .", size=20))


def refused(error: pytest.ExceptionInfo[APIError]) -> tuple[int, str]:
    response = error.value.response
    assert response is not None
    return response.status_code, response.json()["message"]


def test_deleting_one_of_two_tags_only_untags(host: Host) -> None:
    image = host.build.image("web:1", "web:latest", steps=BASE)
    assert host.delete_image("web:1") == [{"Untagged": "web:1"}]
    assert host.client.inspect_image(image.id)["RepoTags"] == ["web:latest"]


def test_deleting_the_last_tag_deletes_the_image_and_lists_its_layers_topmost_first(host: Host) -> None:
    image = host.build.image("web:1", steps=(*BASE, *APP))
    assert host.delete_image("web:1") == [
        {"Untagged": "web:1"},
        {"Deleted": image.id},
        *({"Deleted": chain} for chain in reversed(image.chain_ids)),
    ]
    assert host.universe.layers == {}


def test_deleting_by_id_an_image_with_two_tags_is_a_conflict_even_in_one_repository(host: Host) -> None:
    image = host.build.image("web:1", "web:2", steps=BASE)
    with pytest.raises(APIError) as error:
        host.delete_image(image.id)
    assert refused(error) == (
        409,
        (
            f"conflict: unable to delete {short(image.id)} (must be forced) - "
            "image is referenced in multiple repositories"
        ),
    )
    assert host.delete_image(image.id, force=True)[:2] == [{"Untagged": "web:1"}, {"Untagged": "web:2"}]


def test_a_short_id_names_the_image_and_deletes_its_only_tag_with_it(host: Host) -> None:
    image = host.build.image("web:1", steps=BASE)
    assert host.delete_image(short(image.id))[:2] == [{"Untagged": "web:1"}, {"Deleted": image.id}]


def test_shared_layers_are_freed_only_with_the_last_image(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    one = host.build.image("one:1", base=base, steps=APP)
    host.build.image("two:1", base=base, steps=(Step(command="RUN other", size=50),))
    sizes = host.layer_sizes()
    assert host.layers_freed(host.delete_image(one.id), sizes) == 320
    assert host.layers_freed(host.delete_image("base:1"), sizes) == 0
    assert host.layers_freed(host.delete_image("two:1"), sizes) == 1050


def test_a_layer_that_build_cache_holds_is_neither_listed_nor_freed(host: Host) -> None:
    image = host.build.image("web:1", steps=APP)
    host.build.build_cache(APP)
    before = host.universe.disk_bytes()
    assert host.delete_image(image.id) == [{"Untagged": "web:1"}, {"Deleted": image.id}]
    assert host.universe.disk_bytes() == before
    assert host.client.df()["LayersSize"] == 0


def test_digests_go_with_the_last_tag_of_their_repository(host: Host) -> None:
    host.build.image("postgres:16", "mirror.example/postgres:16", steps=BASE, pulled=True)
    [gone, digest] = host.delete_image("postgres:16")
    assert gone == {"Untagged": "postgres:16"}
    assert digest["Untagged"].startswith("postgres@sha256:")
    assert host.client.inspect_image("mirror.example/postgres:16")["RepoTags"] == [
        "mirror.example/postgres:16"
    ]


def test_a_pulled_image_is_deleted_by_id_with_its_tag_and_digest(host: Host) -> None:
    image = host.build.image("postgres:16", steps=BASE, pulled=True)
    records = host.delete_image(image.id)
    assert [next(iter(record)) for record in records] == ["Untagged", "Untagged", "Deleted", "Deleted"]


def test_an_image_pulled_by_digest_is_found_by_it_and_counts_as_dangling(host: Host) -> None:
    image = host.build.image("scanner@", steps=BASE)
    [digest] = host.client.inspect_image(image.id)["RepoDigests"]
    assert host.client.inspect_image(digest)["Id"] == image.id
    [shown] = host.client.images(filters={"dangling": True})
    assert (shown["RepoTags"], shown["RepoDigests"]) == ([], [digest])


def test_an_image_of_a_running_container_cannot_be_forced(host: Host) -> None:
    image = host.build.image("web:1", steps=BASE)
    container = host.build.container("web-1", "web:1", state="paused")
    with pytest.raises(APIError) as error:
        host.delete_image(image.id, force=True)
    assert refused(error) == (
        409,
        (
            f"conflict: unable to delete {short(image.id)} (cannot be forced) - "
            f"image is being used by running container {short(container.id)}"
        ),
    )


def test_an_image_of_a_stopped_container_must_be_forced_by_id_and_by_name(host: Host) -> None:
    image = host.build.image("web:1", steps=BASE)
    container = host.build.container("web-1", "web:1", state="exited")
    with pytest.raises(APIError) as by_id:
        host.delete_image(image.id)
    assert refused(by_id)[1] == (
        f"conflict: unable to delete {short(image.id)} (must be forced) - "
        f"image is being used by stopped container {short(container.id)}"
    )
    with pytest.raises(APIError) as by_name:
        host.delete_image("web:1")
    assert refused(by_name)[1] == (
        'conflict: unable to remove repository reference "web:1" (must force) - container '
        f"{short(container.id)} is using its referenced image {short(image.id)}"
    )


def test_layers_of_a_forced_image_stay_until_its_container_goes(host: Host) -> None:
    image = host.build.image("web:1", steps=BASE)
    host.build.container("web-1", "web:1", state="exited", size_rw=7)
    assert host.delete_image(image.id, force=True) == [{"Untagged": "web:1"}, {"Deleted": image.id}]
    assert host.universe.disk_bytes() == 1007
    [shown] = host.client.containers(all=True)
    assert shown["Image"] == image.id
    host.client.remove_container("web-1")
    assert host.universe.disk_bytes() == 0


def test_a_parent_of_a_legacy_build_has_dependent_children(host: Host) -> None:
    image = host.build.legacy_image("old:1", steps=APP)
    assert image.parent is not None
    with pytest.raises(APIError) as error:
        host.delete_image(image.parent, force=True)
    assert refused(error) == (
        409,
        (
            f"conflict: unable to delete {short(image.parent)} (cannot be forced) - "
            "image has dependent child images"
        ),
    )


def test_a_delete_takes_untagged_parents_along_and_stops_at_a_tagged_one(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    image = host.build.legacy_image("old:1", base=base, steps=APP)
    deleted = [record["Deleted"] for record in host.delete_image("old:1")[1:]]
    assert deleted == [image.id, image.chain_ids[-1], image.parent, image.chain_ids[-2]]
    assert list(host.universe.images) == [base.id]


def test_noprune_leaves_the_untagged_parents(host: Host) -> None:
    image = host.build.legacy_image("old:1", steps=APP)
    assert host.delete_image("old:1", noprune=True)[1:] == [
        {"Deleted": image.id},
        {"Deleted": image.chain_ids[-1]},
    ]
    assert list(host.universe.images) == [image.parent]


def test_untagging_an_image_with_children_keeps_it(host: Host) -> None:
    base = host.build.image("base:1", steps=BASE)
    host.build.legacy_image("old:1", base=base, steps=APP)
    assert host.delete_image("base:1") == [{"Untagged": "base:1"}]
    assert base.id in host.universe.images


def test_intermediate_images_are_listed_only_with_all(host: Host) -> None:
    image = host.build.legacy_image("old:1", steps=APP)
    dangling = host.build.image(steps=BASE)
    assert {one["Id"] for one in host.client.images()} == {image.id, dangling.id}
    assert len(host.client.images(all=True)) == 3
    assert [one["Id"] for one in host.client.images(filters={"dangling": True})] == [dangling.id]
    assert [one["Id"] for one in host.client.images(filters={"dangling": False})] == [image.id]


def test_images_are_filtered_by_reference_and_label(host: Host) -> None:
    web = host.build.image("registry.example/web:1", "web:1", steps=BASE, labels={"team": "shop"})
    host.build.image("api:1", steps=BASE)
    [by_reference] = host.client.images(filters={"reference": "web"})
    assert (by_reference["Id"], by_reference["RepoTags"]) == (web.id, ["web:1"])
    assert [one["Id"] for one in host.client.images(filters={"label": "team=shop"})] == [web.id]
    with pytest.raises(APIError) as error:
        host.client.images(filters={"colour": "blue"})
    assert refused(error) == (400, "invalid filter 'colour'")


def test_chain_ids_follow_from_the_layers_that_inspect_shows(host: Host) -> None:
    image = host.build.image("web:1", steps=(*BASE, *APP))
    chain: str | None = None
    for diff_id in host.client.inspect_image("web:1")["RootFS"]["Layers"]:
        chain = chain_id(chain, diff_id)
    assert chain == image.chain_ids[-1]


def test_history_is_newest_first_with_sizes_and_the_ids_of_parents_that_are_there(host: Host) -> None:
    image = host.build.legacy_image("old:1", steps=(*BASE, *APP))
    shown = host.client.history("old:1")
    assert [(one["CreatedBy"], one["Size"]) for one in shown] == [
        ("COPY . .", 20),
        ("RUN install", 300),
        ('CMD ["sh"]', 0),
        ("ADD rootfs /", 1000),
    ]
    assert [shown[0]["Id"], shown[1]["Id"]] == [image.id, image.parent]
    host.build.image("new:1", steps=(*BASE, *APP))
    assert {one["Id"] for one in host.client.history("new:1")[1:]} == {"<missing>"}


def test_tagging_moves_a_name_and_sets_the_time_of_the_last_tag(host: Host) -> None:
    old = host.build.image("web:1", steps=BASE, age=timedelta(days=3))
    new = host.build.image(steps=APP)
    assert host.client.inspect_image(new.id)["Metadata"]["LastTagTime"] == "0001-01-01T00:00:00Z"
    assert host.client.tag(new.id, "web", "1")
    assert host.client.inspect_image("web:1")["Id"] == new.id
    assert host.client.inspect_image(old.id)["RepoTags"] == []
    assert host.client.inspect_image(new.id)["Metadata"]["LastTagTime"] == "2026-03-01T12:00:00Z"


def test_names_are_read_as_docker_reads_them(host: Host) -> None:
    image = host.build.image("nginx:latest", steps=BASE)
    for name in ("nginx", "docker.io/library/nginx", "library/nginx:latest", image.id, image.id[7:20]):
        assert host.client.inspect_image(name)["Id"] == image.id
    with pytest.raises(APIError) as error:
        host.client.tag("nginx", "Nginx", "1")
    assert refused(error)[0] == 400


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope", "No such image: nope:latest"),
        ("nope:2", "No such image: nope:2"),
        ("sha256:" + "0" * 64, "No such image: sha256:" + "0" * 64),
    ],
)
def test_an_image_that_is_not_there_is_named_in_the_404(host: Host, name: str, message: str) -> None:
    for call in (host.client.inspect_image, host.client.history, host.delete_image):
        with pytest.raises(ImageNotFound) as error:
            call(name)
        assert refused(error) == (404, message)


def test_an_id_prefix_that_fits_two_images_names_none(host: Host) -> None:
    images = [host.build.image(steps=BASE) for _ in range(17)]
    digits = [image.id[7] for image in images]
    [twice] = {digit for digit in digits if digits.count(digit) > 1} & {max(digits, key=digits.count)}
    with pytest.raises(ImageNotFound):
        host.client.inspect_image(twice)


@pytest.mark.parametrize("name", ["a@sha256:1", "a:%20", "-a"])
def test_what_is_no_reference_is_refused(host: Host, name: str) -> None:
    answer = host.get(f"/images/{name}/json")
    assert (answer.status_code, answer.json()["message"]) == (400, "invalid reference format")
