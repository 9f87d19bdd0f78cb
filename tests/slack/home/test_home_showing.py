"""When a Home is published: at once for who asks, else seldom, and only when it says something new."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from bot.core.audit.format import Head
from bot.core.errors import ChatError, ChatRefusedError, StoreUnavailableError, ViewGoneError
from bot.core.plan.plan import Person
from bot.services.home.gather import FleetFigures, Home, Pages
from bot.slack.home.showing import MOST_A_MINUTE, WATCHED, HomeShow
from bot.slack.home.view import digest, home_view
from tests.slack.states import ANN, BOB, MADE

JSON = dict[str, Any]


@dataclass
class World:
    """Time, the database, and Slack, as far as a Home needs them; what is said is how many hosts there are."""

    now_is: datetime = MADE
    seq: int = 1
    hosts: dict[str, int] = field(default_factory=dict)
    asked_for: list[tuple[str, Pages]] = field(default_factory=list)
    published: list[tuple[str, JSON, str]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    away: bool = False
    wakes: int = 0
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    """What happens during the next gathering."""

    def now(self) -> datetime:
        return self.now_is

    def head(self) -> Head:
        if self.away:
            raise StoreUnavailableError("The audit database cannot be reached.")
        return Head(seq=self.seq, hash="")

    def gather(self, person: Person, pages: Pages) -> Home:
        if self.away:
            raise StoreUnavailableError("The audit database cannot be reached.")
        self.asked_for.append((person.id, pages))
        for each in [self.meanwhile.pop() for _ in range(len(self.meanwhile))]:
            each()
        fleet = FleetFigures(hosts=1, looked_at=self.hosts.get(person.id, 1))
        return Home(drawn_at=self.now_is, fleet=fleet)

    def publish_home(self, user: str, view: JSON, seen_hash: str = "") -> str:
        if self.trouble:
            raise self.trouble.pop()
        self.published.append((user, view, seen_hash))
        return f"hash {len(self.published)}"

    def wake(self) -> None:
        self.wakes += 1

    def changes(self, *people: Person) -> None:
        self.seq += 1
        for person in people:
            self.hosts[person.id] = self.hosts.get(person.id, 1) + 1

    @property
    def who(self) -> list[str]:
        return [user for user, _, _ in self.published]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def show(world: World) -> HomeShow:
    # the four doors that it is given; what else they have it does not use
    return HomeShow(
        gather=cast("Any", world.gather), audit=cast("Any", world), chat=cast("Any", world), clock=world,
        wake=world.wake,
    )  # fmt: skip


@pytest.fixture
def later(world: World, show: HomeShow) -> Callable[[float], None]:
    """Lets so many seconds pass, a look of the loop every second."""

    def pass_by(seconds: float) -> None:
        for _ in range(int(seconds)):
            world.now_is += timedelta(seconds=1)
            show()

    return pass_by


def test_nobodys_home_is_published_unasked(world: World, later: Callable[[float], None]) -> None:
    world.changes(ANN)
    later(60)
    assert (world.published, world.asked_for) == ([], [])


def test_who_opens_their_home_gets_it_at_the_next_look(world: World, show: HomeShow) -> None:
    show.opened(ANN)
    assert (world.wakes, world.who) == (1, [])
    show()
    show()
    assert world.who == ["U0ANN"]


def test_who_opens_their_home_while_many_are_looked_at_does_not_wait_for_them(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    people = [Person(id=f"U{number:04}") for number in range(20)]
    for person in people:
        show.opened(person)
    show()
    later(3)
    world.changes(*people)
    world.meanwhile.append(lambda: show.opened(ANN))
    show()
    assert world.who[20:22] == ["U0000", "U0ANN"]
    assert len(world.published) == 41


def test_changes_that_come_fast_are_shown_together_and_the_last_one_is_shown(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show()
    for _ in range(10):
        world.changes(ANN)
        later(1)
    later(3)
    assert 4 <= len(world.published) <= 6
    last = home_view(Home(drawn_at=MADE, fleet=FleetFigures(hosts=1, looked_at=11)))
    assert digest(world.published[-1][1]) == digest(last)


def test_a_change_that_says_nothing_new_to_this_person_is_not_published(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show.opened(BOB)
    show()
    world.changes(BOB)
    later(5)
    assert world.who == ["U0ANN", "U0BOB", "U0BOB"]


def test_what_a_click_changes_is_shown_at_once(world: World, show: HomeShow) -> None:
    show.opened(ANN)
    show.opened(BOB)
    show()
    show.clicked("U0BOB")
    world.changes(ANN, BOB)
    show()
    assert world.who == ["U0ANN", "U0BOB", "U0BOB"]


def test_what_changes_without_an_event_after_a_click_is_found_within_seconds_and_else_within_a_minute(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show.opened(BOB)
    show()
    show.clicked("U0BOB")
    later(4)
    world.hosts = {"U0ANN": 2, "U0BOB": 2}  # somebody looked at a host
    later(4)
    assert world.who == ["U0ANN", "U0BOB", "U0BOB"]
    later(60)
    assert world.who == ["U0ANN", "U0BOB", "U0BOB", "U0ANN"]


def test_a_home_is_left_alone_a_quarter_of_an_hour_after_its_person_was_seen_there(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show()
    world.now_is += WATCHED + timedelta(seconds=1)
    world.changes(ANN)
    later(60)
    assert world.who == ["U0ANN"]


def test_all_homes_together_stay_below_what_slack_takes_and_who_asks_does_not_wait_for_them(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    people = [Person(id=f"U{number:04}") for number in range(40)]
    for person in people:
        show.opened(person)
    show()
    opened = len(world.published)
    assert opened == 40
    for _ in range(6):
        world.changes(*people)
        later(10)
    assert 0 < len(world.published) - opened <= MOST_A_MINUTE, "six changes of forty Homes would be 240"
    show.refresh(people[0])
    show()
    assert world.who[-1] == people[0].id
    world.changes(*people)
    later(180)
    assert {user for user, view, _ in world.published[-40:]} == {person.id for person in people}


def test_an_opened_home_where_something_else_stands_is_published_whatever_it_says(
    world: World, show: HomeShow
) -> None:
    show.opened(ANN)
    show()
    show.opened(ANN, "hash 1")
    show()
    assert len(world.published) == 1, "what stands there is what we published"
    show.opened(ANN, "another")
    show()
    assert len(world.published) == 2
    assert [seen_hash for _, _, seen_hash in world.published] == ["", ""]


def test_a_change_replaces_only_the_view_that_we_published(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show()
    world.changes(ANN)
    later(5)
    assert world.published[-1][2] == "hash 1"
    world.changes(ANN)
    world.trouble = [ViewGoneError("Slack answered hash_conflict.")]
    later(5)
    world.changes(ANN)
    later(60)
    assert len(world.published) == 2


def test_a_page_is_kept_until_its_person_turns_it_and_what_is_no_list_turns_nothing(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.turn(ANN, "hosts", 2)
    show()
    show.turn(ANN, "drawn_at", 7)
    show.opened(ANN)
    show()
    world.changes(ANN)
    later(5)
    assert {pages for _, pages in world.asked_for} == {Pages(hosts=2)}


def test_what_slack_does_not_take_now_is_tried_again_with_the_newest_state(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    world.trouble = [ChatError("Slack answered ratelimited.")] * 2
    show.opened(ANN)
    show()
    world.hosts["U0ANN"] = 5
    later(4)
    assert world.published == []
    later(20)
    newest = home_view(Home(drawn_at=MADE, fleet=FleetFigures(hosts=1, looked_at=5)))
    assert [digest(view) for _, view, _ in world.published] == [digest(newest)]


def test_when_slack_asks_for_a_pause_all_homes_wait_for_its_end(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    slow_down = ChatError("Slack answered ratelimited.")
    slow_down.retry_after = 30
    world.trouble = [slow_down]
    show.opened(ANN)
    show.opened(BOB)
    show()
    later(29)
    assert world.published == []
    later(2)
    assert sorted(world.who) == ["U0ANN", "U0BOB"]


def test_what_slack_never_takes_is_not_tried_again(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    world.trouble = [ChatRefusedError("Slack answered user_not_found.")]
    show.opened(ANN)
    show()
    world.changes(ANN)
    later(60)
    assert world.published == []


def test_a_database_that_is_away_is_said_once_and_the_home_comes_back_by_itself(
    world: World, show: HomeShow, later: Callable[[float], None]
) -> None:
    show.opened(ANN)
    show()
    world.away = True
    later(10)
    world.away = False
    later(10)
    texts = ["cannot be reached" in str(view) for _, view, _ in world.published]
    assert texts == [False, True, False]


def test_when_it_was_drawn_makes_no_other_home() -> None:
    home = Home(drawn_at=MADE)
    later = replace(home, drawn_at=MADE + timedelta(hours=1))
    assert home_view(home) != home_view(later)
    assert digest(home_view(home)) == digest(home_view(later))
    assert digest(home_view(home)) != digest(home_view(replace(home, may_audit=True)))
