"""Digests, on a real database: once a day, by the clock of whoever wants them, of what waits for them then."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.rules.policy import Tell
from bot.core.rules.telling import Wish, Wished
from bot.store.opening import Store
from tests.services.watch.teller import MINUTE, Clock, DiesError, Replica, policy

pytestmark = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


def at_nine(clock: Clock) -> None:
    """The plan of this database waits at nine, whatever the time is now."""
    clock.moment = datetime.now(UTC).replace(hour=9, minute=0, second=1)


@pytest.fixture
def bob(a_store: Store) -> Store:
    a_store.people.choose(Wished(person="U0BOB", wish=Wish.DIGEST))
    return a_store


def test_a_digest_is_sent_once_a_day_by_one_of_all_replicas(bob: Store, clock: Clock) -> None:
    replicas = [Replica(bob, clock, policy(Tell.DIRECT), name=name) for name in ("one", "other")]
    at_nine(clock)
    clock.moment -= MINUTE
    for each in replicas:
        each.digests()
    assert [each.chat.told for each in replicas] == [[], []]
    clock.moment += MINUTE
    for _ in range(3):
        for each in replicas:
            each.digests()
    assert [each.chat.told for each in replicas] == [["digest U0BOB 1"], []]
    again = Replica(bob, clock, policy())
    again.digests()
    clock.moment += timedelta(days=1)
    again.digests()
    assert again.chat.told == ["digest U0BOB 1"], "of the next day"


def test_a_digest_comes_by_the_clock_of_its_person_and_hours_later_not_at_all(
    bob: Store, clock: Clock
) -> None:
    bob.people.choose(Wished(person="U0BOB", wish=Wish.DIGEST, zone="Asia/Kathmandu"))  # 3:15 in UTC
    one = Replica(bob, clock, policy())
    at_nine(clock)
    one.digests()
    assert one.chat.told == []
    clock.moment -= timedelta(hours=5)
    one.digests()
    assert one.chat.told == ["digest U0BOB 1"]


def test_of_nothing_and_to_who_may_not_decide_no_digest_is_sent(bob: Store, clock: Clock) -> None:
    one = Replica(bob, clock, policy(approve=("U0CYD",)))
    at_nine(clock)
    one.digests()
    one.policy = policy()
    one.digests()
    assert one.chat.told == [], "what waits since is for the next day"


def test_a_digest_that_a_killed_replica_began_another_sends(
    bob: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.services.watch.telling.SENDING", timedelta())
    killed, other = (Replica(bob, clock, policy(), name=name) for name in ("killed", "other"))
    killed.chat.error = DiesError()  # type: ignore[assignment] # more than an error
    at_nine(clock)
    with pytest.raises(DiesError):
        killed.digests()
    other.digests()
    assert other.chat.told == ["digest U0BOB 1"]
