"""What people are told once: of all processes one is at it, who dies leaves it to the next, and told is told."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bot.core.audit.events import Event, Tag
from bot.core.rules.telling import Wish, Wished
from bot.ports import Taking
from bot.store.opening import Store
from tests.store.samples import at_once

LEASE, AT_ONCE = timedelta(minutes=1), timedelta()
REMINDED = Event(tag=Tag.PLAN_REMINDED, plan="p1", host="prod-3")


def events(store: Store) -> int:
    return len(store.audit.events("p1"))


def test_an_intent_is_written_once_with_its_event_and_is_open_until_it_was_told(store: Store) -> None:
    assert store.notices.begin("p1/reminded", REMINDED)
    assert store.notices.begin("p1/reminded", REMINDED), "nobody has told it yet"
    assert events(store) == 1
    store.notices.told("p1/reminded")
    assert not store.notices.begin("p1/reminded", REMINDED)
    assert events(store) == 1


def test_what_a_release_before_told_is_not_told_again(store: Store) -> None:
    assert store.trail.claim(REMINDED, "p1/reminded")  # as that one does it
    assert not store.notices.begin("p1/reminded", REMINDED)
    assert events(store) == 1


def test_one_process_is_at_a_notice_and_whoever_dies_leaves_it_to_the_next(store: Store) -> None:
    assert store.notices.take("p1/called/U0BOB", "one", LEASE) is Taking.OURS
    assert store.notices.take("p1/called/U0BOB", "other", LEASE) is Taking.BUSY
    assert store.notices.take("p1/called/U0BOB", "one", AT_ONCE) is Taking.OURS, (
        "it goes on; its lease ends at once"
    )
    assert store.notices.take("p1/called/U0BOB", "other", LEASE) is Taking.OURS
    store.notices.leave("p1/called/U0BOB", "one")
    assert store.notices.take("p1/called/U0BOB", "one", LEASE) is Taking.BUSY, (
        "it was no longer its own to leave"
    )
    store.notices.leave("p1/called/U0BOB", "other")
    assert store.notices.take("p1/called/U0BOB", "one", LEASE) is Taking.OURS
    store.notices.told("p1/called/U0BOB")
    assert store.notices.take("p1/called/U0BOB", "other", LEASE) is Taking.TOLD
    assert store.notices.take("p1/called/U0CYD", "other", LEASE) is Taking.OURS, "each has their own"


def test_what_there_is_nobody_to_tell_of_is_told(store: Store) -> None:
    store.notices.told("digest/U0BOB/2026-11-26")
    assert store.notices.take("digest/U0BOB/2026-11-26", "one", LEASE) is Taking.TOLD


def test_of_many_at_once_one_takes_it_and_one_writes_the_event(open_another: Callable[[], Store]) -> None:
    stores = [open_another() for _ in range(4)]
    opened = at_once([partial(each.notices.begin, "p1/reminded", REMINDED) for each in stores])
    assert opened == [True] * 4
    assert events(stores[0]) == 1
    names = [f"replica-{number}" for number in range(4)]
    taken = at_once(
        [partial(e.notices.take, "p1/reminded/U0BOB", n, LEASE) for e, n in zip(stores, names, strict=True)]
    )
    assert sorted(map(str, taken)) == [Taking.BUSY] * 3 + [Taking.OURS]


def test_what_was_told_long_ago_is_forgotten_and_what_was_not_told_is_not(store: Store) -> None:
    store.notices.told("old")
    store.notices.take("open", "one", AT_ONCE)
    store.notices.forget(timedelta(days=1))
    assert store.notices.take("old", "one", LEASE) is Taking.TOLD
    store.notices.forget(timedelta(seconds=-1))
    assert store.notices.take("old", "one", LEASE) is Taking.OURS
    store.notices.told("old")
    assert store.notices.take("open", "other", LEASE) is Taking.OURS


def test_what_a_person_chose_is_kept_for_every_replica(open_another: Callable[[], Store]) -> None:
    one, other = open_another(), open_another()
    assert one.people.wish("U0BOB") == Wished(person="U0BOB")
    chosen = Wished(person="U0BOB", wish=Wish.DIGEST, zone="Europe/Berlin")
    for wished in (
        Wished(person="U0BOB", wish=Wish.DIRECT),
        chosen,
        Wished(person="U0CYD", wish=Wish.CHANNEL),
    ):
        one.people.choose(wished)
    assert other.people.wish("U0BOB") == chosen
    assert [each.person for each in other.people.wished()] == ["U0BOB", "U0CYD"]
    other.people.choose(Wished(person="U0CYD"))
    assert one.people.wished() == (chosen,)
