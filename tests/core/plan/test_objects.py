"""Objects by name: what a name means, and a plan of nothing but the objects that were named."""

import pytest

from bot.core.docker.inventory import Inventory, Kind
from bot.core.errors import UsageError
from bot.core.plan.arguments import PICKED, parse_arguments
from bot.core.plan.objects import find, picked, things
from bot.core.plan.plan import Draft
from bot.core.plan.planner import draft
from bot.core.plan.prediction import Measured
from bot.core.plan.protection import Protection
from tests.core.things import ago, container, image, inventory, network, record, volume

FULL = "sha256:" + "ab" * 32
TWIN = "sha256:" + "ab" * 20 + "cd" * 12
APP = image("app", ("a", 9), id=FULL, tags=("app:1", "reg:5000/team/app:latest"), digests=("app@sha256:77",))
OTHER = image("other", ("o", 5), id=TWIN)
DB = image("db", ("d", 7), tags=("db:latest",))
HOST = inventory(
    APP,
    OTHER,
    DB,
    container("db", DB, "running"),
    container("job", DB, size_rw=3),
    network("db"),
    network("abababab"),
    record("record1"),
    volume("db"),
)


def found(name: str, kind: Kind | None = None, seen: Inventory = HOST) -> list[tuple[Kind, str]]:
    return [(thing.kind, thing.id) for thing in find(seen, name, kind)]


# --- find ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["app:1", "reg:5000/team/app", "reg:5000/team/app:latest", "app@sha256:77", FULL, "ab" * 25]
)
def test_an_image_is_meant_by_each_reference_by_its_id_and_by_the_beginning_of_it(name: str) -> None:
    assert found(name) == [(Kind.IMAGE, FULL)]


@pytest.mark.parametrize("prefix", ["ab" * 21, "sha256:" + "ab" * 21, "ab" * 32])
def test_an_id_may_be_begun_with_and_without_its_algorithm(prefix: str) -> None:
    assert found(prefix) == [(Kind.IMAGE, FULL)]


def test_a_name_without_a_tag_means_the_tag_latest_alone() -> None:
    assert found("db", Kind.IMAGE) == [(Kind.IMAGE, DB.id)]
    with pytest.raises(UsageError):
        find(HOST, "app", Kind.IMAGE)


def test_equal_names_of_several_kinds_are_all_meant_unless_a_kind_is_asked_for() -> None:
    everything = [
        (Kind.CONTAINER, "id-db"),
        (Kind.NETWORK, "id-db"),
        (Kind.IMAGE, DB.id),
        (Kind.VOLUME, "db"),
    ]
    assert found("db") == everything
    for kind, object_id in everything:
        assert found("db", kind) == [(kind, object_id)]


def test_an_exact_name_hides_the_ids_that_begin_with_it() -> None:
    assert found("abababab") == [(Kind.NETWORK, "id-abababab")]
    assert found("ababab") == [(Kind.IMAGE, FULL), (Kind.IMAGE, TWIN)]


def test_the_beginning_of_several_ids_means_all_of_them() -> None:
    assert found("ab" * 20) == [(Kind.IMAGE, FULL), (Kind.IMAGE, TWIN)]
    assert found("id-job") == [(Kind.CONTAINER, "id-job")]
    assert found("record") == [(Kind.BUILD_CACHE, "record1")]


def test_a_dangling_image_is_meant_by_the_short_id_that_tables_show() -> None:
    alone = inventory(OTHER)
    assert found(OTHER.name, seen=alone) == [(Kind.IMAGE, TWIN)]


@pytest.mark.parametrize("name", ["ababa", "sha256:ababa", "sha256:", "", "app:10", "jo", "APP:1", "recor"])
def test_five_characters_of_an_id_and_half_a_name_mean_nothing(name: str) -> None:
    with pytest.raises(UsageError) as refused:
        find(HOST, name)
    assert str(refused.value).startswith(f"There is no “{name}” on this host; write its name, tag or id.")


def test_what_is_not_there_is_said_with_the_kind_that_was_asked_for() -> None:
    with pytest.raises(UsageError, match=r"There is no build cache “app:1” on this host"):
        find(HOST, "app:1", Kind.BUILD_CACHE)


def test_every_object_can_be_named() -> None:
    assert [thing.kind for thing in things(HOST)] == sorted(
        (thing.kind for thing in things(HOST)), key=list(Kind).index
    )
    for thing in things(HOST):
        assert (thing.kind, thing.id) in found(thing.name)


# --- picked -------------------------------------------------------------------------------------


def plan(text: str, seen: Inventory = HOST, protection: Protection | None = None) -> Draft:
    profile = picked(seen, parse_arguments(text.split()).picks)
    return draft(Measured.of(seen), profile, protection or Protection())


def test_a_plan_of_picked_objects_takes_nothing_else() -> None:
    made = plan("container=job network=abababab")
    assert [(item.kind, item.id) for item in made.items] == [
        (Kind.CONTAINER, "id-job"), (Kind.NETWORK, "id-abababab"),
    ]  # fmt: skip
    assert {kept.because for kept in made.kept} == {"not asked for"}
    assert len(made.items) + len(made.kept) == len(list(things(HOST)))


def test_a_plan_of_picked_objects_says_what_it_is_and_can_be_asked_for_again() -> None:
    made = plan("container=job network=abababab")
    assert made.profile == PICKED
    assert made.words == "nothing but container=job network=abababab"
    assert made.commands == ("docker rm job", "docker network rm abababab")
    assert plan(made.request.removeprefix(f"{PICKED} ")) == made
    assert parse_arguments(made.request.split()).picks == parse_arguments(made.arguments.split()).picks
    assert plan(f"image={FULL}").commands == (f"docker rmi {FULL}",)


def test_picked_objects_have_no_least_age_but_that_of_dangling_images() -> None:
    minute = ago(minutes=1)
    young = image("young", ("y", 1), tags=("young:1",), built_at=minute)
    nameless = image("nameless", ("n", 1), id=FULL, built_at=minute)
    seen = inventory(young, nameless, container("c", young, created_at=minute))
    made = plan(f"image=young:1 container=c image={FULL}", seen)
    assert [item.name for item in made.items] == ["c", "young:1"]
    (kept,) = made.kept
    assert kept.rule == "built 1 minute ago: younger than 1 hour"


def test_a_picked_object_in_use_stays_with_the_reason() -> None:
    made = plan("image=db container=db network=db")
    assert [(item.kind, item.name) for item in made.items] == [(Kind.NETWORK, "db")]
    rules = {(kept.kind, kept.name): kept.rule for kept in made.kept}
    assert rules[Kind.IMAGE, "db:latest"] == "container db uses it"
    assert rules[Kind.CONTAINER, "db"] == "it is running"


def test_a_picked_image_goes_with_the_container_that_is_picked_too() -> None:
    job = container("job", DB)
    assert not plan("image=db", inventory(DB, job)).items
    assert [item.name for item in plan("image=db container=job", inventory(DB, job)).items] == [
        "job", "db:latest",
    ]  # fmt: skip


def test_a_picked_image_stays_for_the_image_that_is_built_on_it() -> None:
    child = image("child", ("d", 7), ("c", 1), parent=DB.id, tags=("child:1",))
    (kept,) = [one for one in plan("image=db", inventory(DB, child)).kept if one.id == DB.id]
    assert kept.rule == "image child:1 stays and is built on it"
    both = plan("image=db image=child:1", inventory(DB, child))
    assert [item.name for item in both.items] == ["child:1", "db:latest"]


@pytest.mark.parametrize(
    ("protection", "said"),
    [
        (Protection(images=("db",)), "protected by the pattern db"),
        (Protection(keep_last=1), "among the newest versions of db, which stay"),
        (Protection(labels=("keep",)), "protected by the label keep"),
    ],
)
def test_what_is_protected_stays_when_it_is_picked(protection: Protection, said: str) -> None:
    held = image("db", ("d", 7), tags=("db:latest",), labels={"keep": ""})
    made = plan("image=db", inventory(held), protection)
    assert not made.items
    assert made.kept[0].rule == said


def test_one_of_several_tags_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(UsageError) as refused:
        plan("image=app:1")
    assert str(refused.value) == (
        "app:1 is also tagged reg:5000/team/app:latest: taking one name off frees nothing. To remove the image "
        f"with all its names, write image={FULL}."
    )


def test_an_image_goes_when_all_its_tags_are_named_or_its_id_is() -> None:
    for text in ("image=app:1 image=reg:5000/team/app", f"image={FULL}", f"image={'ab' * 25}"):
        assert [item.id for item in plan(text).items] == [FULL]


def test_a_digest_is_one_of_several_names_where_there_are_tags_and_the_only_one_where_not() -> None:
    with pytest.raises(UsageError, match=r"app@sha256:77 is also tagged app:1, reg:5000/team/app:latest"):
        plan("image=app@sha256:77")
    alone = image("alone", ("a", 1), digests=("app@sha256:77",))
    assert [item.id for item in plan("image=app@sha256:77", inventory(alone)).items] == [alone.id]


def test_a_pick_that_may_be_several_objects_is_refused_with_their_ids() -> None:
    with pytest.raises(UsageError) as refused:
        plan(f"image={'ab' * 20}")
    assert str(refused.value) == (
        f"“{'ab' * 20}” may be any of 2: app:1 ({FULL}), {OTHER.name} ({TWIN}). Write the whole id."
    )


def test_of_very_many_candidates_five_are_named() -> None:
    many = inventory(*(image("x", (str(n), 1), id=f"sha256:{'ab' * 6}{n:04}") for n in range(9)))
    with pytest.raises(UsageError, match=r"may be any of 9") as refused:
        plan("image=abababab", many)
    assert str(refused.value).count("(sha256:") == 5


def test_a_pick_of_what_is_not_there_is_refused_and_so_is_a_name_of_another_kind() -> None:
    for text, said in (
        ("image=nope", "There is no image “nope”"),
        ("container=app:1", "There is no container"),
    ):
        with pytest.raises(UsageError, match=said):
            plan(text)
