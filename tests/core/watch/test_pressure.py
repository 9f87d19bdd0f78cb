"""From look to look: when an alert opens, gets worse, eases and is over, and what changes nothing."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.watch.pressure.alert import Alert, Happened, Kind, Measured, Outcome, Snooze, Standing
from bot.core.watch.pressure.lines import Bounds, Hours, Level, Line, Lines, parse_line
from bot.core.watch.pressure.machine import ANSWERS, BELOW, OTHER_ENGINE, given_up, looked
from tests.slack.states import MADE

GB = 10**9
QUARTER = timedelta(minutes=15)
LINES = Lines(
    warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)),
    critical=Bounds(at=Line(share=0.98, free=5 * GB), clears=Line(share=0.9)),
    inodes_warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)),
    hours=Hours(at=timedelta(hours=8), clears=timedelta(hours=48)),
    unreachable=timedelta(minutes=30),
)
PRESSURE, UNREACHABLE = Kind.PRESSURE, Kind.UNREACHABLE


@dataclass
class Watched:
    """A host that is looked at, and all that happened."""

    kind: Kind = PRESSURE
    lines: Lines = LINES
    at: datetime = MADE
    standing: Standing = field(default_factory=Standing)
    happened: list[str] = field(default_factory=list)
    last: Outcome = field(default_factory=lambda: Outcome(standing=Standing()))

    def look(
        self, share: float | None = None, *, after: timedelta = QUARTER, size: int = 100 * GB, **seen: object
    ) -> Alert | None:
        self.at += after
        disk = {} if share is None else {"size": size, "free": round(size * (1 - share))}
        made = replace(Measured(at=self.at, engine="E", **disk), **seen)  # type: ignore[arg-type]
        self.last = looked("prod-3", self.kind, self.standing, made, self.lines)
        self.standing = self.last.standing
        self.happened += [str(each.happened) for each in self.last.changes]
        return self.standing.alert

    def looks(self, *shares: float) -> Alert | None:
        return [self.look(share) for share in shares][-1]


def test_two_looks_in_a_row_open_an_alert_and_one_does_not() -> None:
    host = Watched()
    assert host.looks(0.5, 0.91, 0.89, 0.91) is None
    alert = host.look(0.92)
    assert alert is not None
    assert (alert.id, alert.level, alert.causes) == ("prod-3/pressure/1", Level.WARN, ("disk:warn",))
    assert alert.opened_at - alert.began_at == QUARTER
    assert alert.shows.share == pytest.approx(0.92)


def test_between_the_two_lines_it_stays_as_it_is() -> None:
    host = Watched()
    host.looks(0.91, 0.91, 0.85, 0.81, 0.89, 0.95)
    assert host.standing.alert is not None
    host.looks(0.79, 0.81, 0.79)
    assert host.standing.alert is not None, "it has to be below for a while"
    assert host.look(0.78) is None
    assert host.happened == ["opened", "ended"]
    (over,) = host.last.changes
    assert (over.alert.ended_because, over.alert.ended_at) == (BELOW, host.at)
    assert host.looks(0.85, 0.89) is None


def test_it_becomes_critical_and_eases_and_the_worst_is_remembered() -> None:
    host = Watched()
    host.looks(0.95, 0.95, 0.99, 0.99, 0.95, 0.89, 0.89)
    assert host.happened == ["opened", "worse", "eased"]
    alert = host.standing.alert
    assert alert is not None
    assert (alert.level, alert.worst) == (Level.WARN, Level.CRITICAL)


def test_a_line_of_two_parts_is_reached_when_both_hold() -> None:
    host = Watched()
    host.look(0.99, size=1_000 * GB)
    alert = host.look(0.99, size=1_000 * GB)
    assert alert is not None
    assert alert.level is Level.WARN, "10 GB are left"


def test_inodes_and_hours_are_told_as_bytes_are_and_hours_quietly() -> None:
    host = Watched()
    for _ in range(2):
        host.look(0.5, left=timedelta(hours=7))
    assert host.standing.alert is not None
    assert (host.standing.alert.level, host.standing.alert.causes) == (Level.SOON, ("hours",))
    for _ in range(2):
        host.look(0.5, left=timedelta(hours=40), inodes=100, free_inodes=7)
    assert host.standing.alert.causes == ("hours", "inodes:warn")
    assert host.standing.alert.level is Level.WARN
    for _ in range(2):
        host.look(0.5, left=timedelta.max, inodes=100, free_inodes=60)
    assert host.standing.alert is None


def test_what_a_look_does_not_tell_ends_nothing_and_opens_nothing() -> None:
    host = Watched()
    host.looks(0.95, 0.95)
    for _ in range(20):
        host.look()
    assert host.standing.alert is not None
    host = Watched()
    host.look(0.95)
    for _ in range(20):
        assert host.look() is None
    assert host.look(0.95) is None, "five hours later it is the first of two"
    assert host.look(0.95) is not None


def test_looks_that_are_far_apart_or_a_clock_that_went_back_begin_anew_what_was_about_to_change() -> None:
    for jump in (timedelta(hours=5), -timedelta(days=3), timedelta(days=400)):
        host = Watched()
        host.look(0.95)
        assert host.look(0.95, after=jump) is None
        assert host.look(0.95) is not None
        host.look(0.1)
        assert host.look(0.1, after=jump) is not None, "an open alert stays"
        assert host.look(0.1) is None


def test_another_engine_begins_anew() -> None:
    host = Watched()
    host.looks(0.95, 0.95)
    host.look(0.95, engine="F")
    (ended,) = host.last.changes
    assert (ended.happened, ended.alert.ended_because) == (Happened.ENDED, OTHER_ENGINE)
    assert host.standing.alert is None
    alert = host.look(0.95, engine="F")
    assert alert is not None
    assert alert.id == "prod-3/pressure/2"


def test_a_host_that_does_not_answer_has_a_patience_of_its_own() -> None:
    host = Watched(kind=UNREACHABLE)
    for expected in (False, False, True):
        assert bool(host.look(trouble="nothing listens there.")) is expected
    host.look(trouble="another reason.")
    assert host.standing.alert is not None
    assert host.standing.alert.shows.trouble == "another reason."
    assert host.look(0.5) is None
    assert host.last.changes[0].alert.ended_because == ANSWERS
    assert host.happened == ["opened", "ended"]


def test_a_line_that_is_taken_away_ends_what_it_opened_and_nobody_watches_ends_all() -> None:
    host = Watched()
    host.looks(0.95, 0.95)
    over = given_up(host.standing, host.at, "nobody watches it any more")
    assert [each.alert.ended_because for each in over.changes] == ["nobody watches it any more"]
    assert over.standing.rests
    host.lines = replace(LINES, warn=None)
    assert host.look(0.95) is None


def test_without_a_delay_one_look_is_enough() -> None:
    host = Watched(lines=replace(LINES, holds=timedelta(), clears=timedelta()))
    assert host.look(0.95) is not None
    assert host.look(0.7) is None


def test_a_snooze_holds_until_its_time_and_not_for_what_is_worse() -> None:
    host = Watched()
    alert = host.looks(0.95, 0.95)
    assert alert is not None
    snooze = Snooze(until=host.at + timedelta(hours=1), by="U0ANN", at=host.at, level=Level.WARN)
    snoozed = replace(alert, snoozed=snooze)
    assert snoozed.sleeps(host.at)
    assert not snoozed.sleeps(host.at + timedelta(hours=1))
    assert not replace(snoozed, level=Level.CRITICAL).sleeps(host.at)
    assert replace(snoozed, snoozed=replace(snooze, until=None)).sleeps(host.at + timedelta(days=99))


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=60))
@settings(max_examples=200, deadline=None)
def test_alerts_open_and_end_in_turn_and_only_a_look_behind_the_line_ends_one(
    shares: list[float | None],
) -> None:
    host = Watched(lines=replace(LINES, hours=None))
    for share in shares:
        before = host.standing.alert
        host.look(share)
        if before is not None and host.standing.alert is None:
            assert share is not None
            assert share < 0.8
    turns = [each for each in host.happened if each in {"opened", "ended"}]
    assert turns == [("opened", "ended")[number % 2] for number in range(len(turns))]


@pytest.mark.parametrize("text", ["90%", "20GB", "98% and 5GB", "99.5%"])
def test_a_line_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_line(text)) == text
