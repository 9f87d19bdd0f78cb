"""What is remembered of the images of an engine."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.core.docker.inventory import Container, Identity, Mounting
from bot.core.docker.sightings import Place, Sighting
from bot.store.opening import Store
from tests.store.samples import at_once

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
E1, E2 = (Place("prod-3", Identity(name, "m", "/var/lib/docker")) for name in ("E1", "E2"))
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def test_first_sight_and_last_use_are_remembered_across_processes(
    open_another: Callable[[], Store],
) -> None:
    first = open_another().ledger.look(E1, ["a", "b"], ["a"], MONDAY)
    assert first == {"a": Sighting(first_at=MONDAY, used_at=MONDAY), "b": Sighting(first_at=MONDAY)}
    second = open_another().ledger.look(E1, ["a", "b", "c"], ["b", "c"], TUESDAY)
    assert second == {
        "a": Sighting(first_at=MONDAY, used_at=MONDAY),
        "b": Sighting(first_at=MONDAY, used_at=TUESDAY),
        "c": Sighting(first_at=TUESDAY, used_at=TUESDAY),
    }


def test_an_image_that_was_gone_is_seen_for_the_first_time_again(store: Store) -> None:
    store.ledger.look(E1, ["a", "b"], ["a"], MONDAY)
    store.ledger.look(E1, ["b"], [], TUESDAY)
    assert store.ledger.look(E1, ["a", "b"], [], WEDNESDAY) == {
        "a": Sighting(first_at=WEDNESDAY),
        "b": Sighting(first_at=MONDAY),
    }


def test_engines_do_not_share_what_is_known(store: Store) -> None:
    store.ledger.look(E1, ["a"], ["a"], MONDAY)
    assert store.ledger.look(E2, ["a"], [], TUESDAY) == {"a": Sighting(first_at=TUESDAY)}
    assert store.ledger.look(E1, ["a"], [], WEDNESDAY)["a"].used_at == MONDAY


def test_clones_with_one_engine_id_never_wipe_what_is_known_of_each_other(store: Store) -> None:
    clones = [
        E1,
        Place("prod-4", E1.engine),
        Place("prod-3", E1.engine._replace(name="clone")),
        Place("prod-3", E1.engine._replace(data_root="/other")),
    ]
    for place in clones:
        store.ledger.look(place, ["a", place.host], ["a"], MONDAY)
        store.ledger.look_at_volumes(place, ["v"], [mounting("db", "v")], MONDAY)
    for place in clones:
        store.ledger.look(place, [], [], TUESDAY)
        store.ledger.look_at_volumes(place, [], [], TUESDAY)
        others = [other for other in clones if other != place]
        assert {store.ledger.look(other, ["a"], [], TUESDAY)["a"].first_at for other in others} == {MONDAY}
        assert {store.ledger.look_at_volumes(o, ["v"], [], TUESDAY)["v"].first_at for o in others} == {MONDAY}
        store.ledger.look(place, ["a"], [], MONDAY)
        store.ledger.look_at_volumes(place, ["v"], [], MONDAY)


def test_a_clock_that_goes_back_takes_no_use_away(store: Store) -> None:
    store.ledger.look(E1, ["a"], ["a"], TUESDAY)
    assert store.ledger.look(E1, ["a"], ["a"], MONDAY)["a"].used_at == TUESDAY


def test_many_looks_at_once_leave_one_row_an_image(open_another: Callable[[], Store]) -> None:
    images = [f"sha256:{number}" for number in range(2_500)]
    stores = [open_another() for _ in range(4)]
    looks = at_once([partial(store.ledger.look, E1, images, images[:5], MONDAY) for store in stores])
    assert [len(look) for look in looks if not isinstance(look, BaseException)] == [2_500] * 4
    known = stores[0].ledger.look(E1, images, [], TUESDAY)
    assert [image for image in images if known[image].used_at] == images[:5]


# --- who mounted named volumes ------------------------------------------------------------------


def mounting(name: str, *volumes: str, made: datetime = MONDAY) -> Container:
    return Container(
        id=f"id-{name}", name=name, state="running", image_id="i", image=f"{name}:1", volumes=volumes,
        created_at=made,
    )  # fmt: skip


def test_who_mounted_a_volume_is_known_after_that_container_has_gone(
    open_another: Callable[[], Store],
) -> None:
    first = open_another().ledger.look_at_volumes(E1, ["pg", "old"], [mounting("db", "pg")], MONDAY)
    seen = Mounting(first_at=MONDAY, at=MONDAY, container="db", image="db:1")
    assert first == {"pg": seen, "old": Mounting(first_at=MONDAY)}
    assert open_another().ledger.look_at_volumes(E1, ["pg", "old"], [], TUESDAY) == first
    again = open_another().ledger.look_at_volumes(E1, ["pg"], [mounting("db2", "pg")], WEDNESDAY)
    assert again == {"pg": Mounting(first_at=MONDAY, at=WEDNESDAY, container="db2", image="db2:1")}


def test_of_several_containers_that_mount_a_volume_the_one_made_last_is_told(store: Store) -> None:
    both = [mounting("new", "pg", made=TUESDAY), mounting("old", "pg", made=MONDAY)]
    for containers in (both, both[::-1]):
        assert store.ledger.look_at_volumes(E1, ["pg"], containers, WEDNESDAY)["pg"].container == "new"


def test_a_volume_that_was_gone_is_seen_for_the_first_time_again(store: Store) -> None:
    store.ledger.look_at_volumes(E1, ["pg"], [mounting("db", "pg")], MONDAY)
    store.ledger.look_at_volumes(E1, [], [], TUESDAY)
    assert store.ledger.look_at_volumes(E1, ["pg"], [], WEDNESDAY) == {"pg": Mounting(first_at=WEDNESDAY)}
    assert store.ledger.look_at_volumes(E2, ["pg"], [], WEDNESDAY) == {"pg": Mounting(first_at=WEDNESDAY)}
