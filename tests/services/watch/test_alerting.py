"""Alerts through the real worker's parts: what opens, who is told of it, how often, and who acts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.core.audit.events import Tag
from bot.core.errors import RefusedError
from bot.core.rules.alerting import Escalation, Quiet, parse_period
from bot.core.rules.hosts import Hosts
from bot.core.rules.policy import Policy
from bot.core.watch.pressure.alert import Kind
from bot.core.watch.pressure.lines import Level
from bot.core.watch.pressure.notice import Step
from bot.services.watch.alerting import ROUND
from bot.services.watch.pressure import NOBODY
from bot.store.opening import Store
from tests.services.watch.alerted import ALERTS, ANN, HOUR, Watched, both
from tests.services.watch.sampled import GB, QUARTER, registered


@both
def test_an_alert_is_one_message_that_is_edited_and_its_end_is_told_once(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=50)
    assert not fleet.chat.posts
    fleet.go_on(2, used=93)
    (post,) = fleet.chat.posts
    assert [(alert.host, alert.level) for alert in post.alerts] == [("prod-1", Level.WARN)]
    fleet.go_on(3, used=94)
    assert fleet.chat.edits[-1].alerts[0].shows.share == pytest.approx(0.94)
    fleet.go_on(4, used=60)
    assert not fleet.chat.edits[-1].alerts[0].is_open
    assert (len(fleet.chat.posts), fleet.chat.steps) == (1, [Step.OVER])
    board = store.alerts.board()
    assert (board.waiting, board.noticed) == ((), ())
    told = fleet.events(Tag.ALERT_OPENED, Tag.ALERT_TOLD, Tag.ALERT_ENDED)
    assert [str(event.facts.get("how", event.tag)) for event in told] == [
        "deckhand:alert:opened", "posted", "deckhand:alert:ended", "over",
    ]  # fmt: skip
    assert told[0].facts["used_permille"] == 930
    assert store.chain.verify().broken is None


def test_many_hosts_at_once_are_one_message_and_who_comes_later_in_the_round_joins_it(store: Store) -> None:
    names = tuple(f"ci-{number}" for number in range(10))
    fleet = Watched(store, names=names)
    fleet.go_on(32, used=95, after=timedelta(seconds=20))
    assert ROUND == QUARTER, "each is looked at once in it, at a moment of its own"
    assert len(fleet.chat.posts) == 1
    assert {alert.host for alert in fleet.chat.edits[-1].alerts} == set(names)
    assert set(fleet.chat.steps) == {Step.JOINED}
    assert len(fleet.events(Tag.ALERT_OPENED)) == 10


def test_it_is_told_again_every_four_hours_while_nobody_acts_and_once_somebody_did_only_when_it_is_worse(
    store: Store,
) -> None:
    fleet = Watched(store)
    fleet.go_on(2 + 33, used=93)
    assert fleet.chat.steps == [Step.REPEAT, Step.REPEAT], "33 intervals are eight hours and a half"
    fleet.acting.answer("prod-1", ANN, "asked for its plan")
    fleet.go_on(40)
    assert fleet.chat.steps == [Step.REPEAT] * 2
    fleet.go_on(1, used=95)
    assert fleet.chat.steps == [Step.REPEAT] * 3
    fleet.go_on(40)
    assert fleet.chat.steps == [Step.REPEAT] * 3
    (answered,) = fleet.events(Tag.ALERT_ANSWERED)
    assert (answered.actor, answered.facts["what"], answered.host) == (
        "U0ANN",
        "asked for its plan",
        "prod-1",
    )


def test_what_becomes_critical_is_told_at_once_and_once(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(3, used=93)
    fleet.go_on(2, used=99)
    assert fleet.chat.steps == [Step.WORSE]
    fleet.go_on(3, used=85)
    fleet.go_on(3, used=99)
    assert fleet.chat.steps == [Step.WORSE]
    changed = fleet.events(Tag.ALERT_CHANGED)
    assert [(event.facts["level_before"], event.facts["level"]) for event in changed] == [
        ("warn", "critical"), ("critical", "warn"), ("warn", "critical"),
    ]  # fmt: skip


def test_a_snooze_is_kept_with_who_and_why_and_what_is_worse_wakes_it(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    notice = fleet.chat.posts[0].notice.id
    fleet.acting.snooze(notice, ANN, "C0OPS", hours=8, tomorrow=False, why="a release goes on")
    fleet.go_on(30)
    assert fleet.chat.steps == []
    snoozed = fleet.chat.edits[-1].alerts[0].snoozed
    assert snoozed is not None
    assert (snoozed.by, snoozed.why) == ("U0ANN", "a release goes on")
    fleet.go_on(4)
    assert fleet.chat.steps == [Step.REPEAT], "it is over, and so is the snooze"
    fleet.acting.snooze(notice, ANN, "C0OPS", hours=None, tomorrow=False, why="")
    fleet.go_on(40)
    assert fleet.chat.steps == [Step.REPEAT]
    fleet.go_on(2, used=99)
    assert fleet.chat.steps == [Step.REPEAT, Step.WORSE]
    fleet.acting.wake(notice, ANN, "C0OPS")
    until = [event.facts.get("until") for event in fleet.events(Tag.ALERT_SNOOZED, Tag.ALERT_WOKEN)]
    assert [bool(each) for each in until] == [True, False, False]


def test_tomorrow_is_nine_o_clock_on_the_wall_of_the_zone(store: Store) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    fleet = Watched(store, alerts=replace(ALERTS, quiet=Quiet(zone=berlin)))
    fleet.go_on(2, used=93)
    fleet.acting.snooze(fleet.chat.posts[0].notice.id, ANN, "C0OPS", hours=None, tomorrow=True, why="")
    alert = fleet.open()
    assert alert is not None
    assert alert.snoozed is not None
    assert alert.snoozed.until is not None
    wall = alert.snoozed.until.astimezone(berlin)
    assert wall.time() == time(9)
    assert (wall.date() - fleet.clock.at.astimezone(berlin).date()).days == 1


def test_who_may_not_ask_for_cleanups_lets_nothing_sleep(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    closed = {
        name: replace(host, policy=Policy(name="closed", look=("*",), request=("U0BOB",)))
        for name, host in fleet.replica.hosts.by_name.items()
    }
    fleet.replica.hosts = Hosts(closed)
    with pytest.raises(RefusedError, match="prod-1"):
        fleet.acting.snooze(fleet.chat.posts[0].notice.id, ANN, "C0OPS", hours=1, tomorrow=False, why="")
    assert [event.actor for event in fleet.events(Tag.REQUEST_REFUSED)] == ["U0ANN"]
    with pytest.raises(RefusedError, match="not in the database"):
        fleet.acting.wake("nothing", ANN, "C0OPS")


def test_quiet_hours_hold_back_what_can_wait_and_what_is_over_by_then_is_told_to_nobody(store: Store) -> None:
    began = store.ledger.now() - timedelta(days=300)
    words = "%Y-%m-%d %H:%M"
    period = parse_period(f"{began:{words}} to {began + 6 * HOUR:{words}}")
    fleet = Watched(store, alerts=replace(ALERTS, quiet=Quiet(once=(period,))), names=("prod-1", "prod-2"))
    fleet.engines.used_on = {"prod-2": 50 * GB}
    fleet.go_on(4, used=93)
    assert fleet.open() is not None
    fleet.go_on(4, used=50)
    assert (fleet.open(), fleet.chat.posts) == (None, [])
    fleet.go_on(3, used=93)
    assert not fleet.chat.posts
    fleet.engines.used_on = {"prod-2": 99 * GB}
    fleet.go_on(2)
    assert [[alert.host for alert in each.alerts] for each in fleet.chat.posts] == [["prod-2"]], (
        "it cannot wait"
    )
    fleet.go_on(20)
    assert [[alert.host for alert in each.alerts] for each in fleet.chat.posts] == [["prod-2"], ["prod-1"]]


def test_nobody_acts_and_others_hear_of_it_once(store: Store) -> None:
    escalation = Escalation(after=HOUR, to=("C0ONCALL", "S0OPS"))
    fleet = Watched(store, alerts=replace(ALERTS, escalation=escalation))
    fleet.go_on(5, used=93)
    assert fleet.chat.said == []
    fleet.go_on(12)
    assert fleet.chat.said == [(Step.ESCALATE, ("prod-1",), ("C0ONCALL", "S0OPS"))]
    (escalated,) = fleet.events(Tag.ALERT_ESCALATED)
    assert escalated.facts["to"] == ["C0ONCALL", "S0OPS"]


def test_who_acted_or_let_it_sleep_in_time_keeps_the_others_out_of_it(store: Store) -> None:
    alerts = replace(ALERTS, escalation=Escalation(after=HOUR, to=("C0ONCALL",)))
    fleet = Watched(store, alerts=alerts)
    fleet.go_on(2, used=93)
    fleet.acting.snooze(fleet.chat.posts[0].notice.id, ANN, "C0OPS", hours=3, tomorrow=False, why="")
    fleet.go_on(14)
    assert Step.ESCALATE not in fleet.chat.steps, "an hour counts from when the snooze is over"
    fleet.acting.answer("prod-1", ANN, "asked for its plan")
    fleet.go_on(10)
    assert Step.ESCALATE not in fleet.chat.steps


def test_a_host_that_does_not_answer_is_an_alert_of_its_own_and_ends_no_other(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    fleet.engines.dead = frozenset({"prod-1"})
    fleet.go_on(4)
    assert [post.notice.kind for post in fleet.chat.posts] == [Kind.PRESSURE, Kind.UNREACHABLE]
    assert len(store.alerts.open_on("prod-1")) == 2
    fleet.engines.dead = frozenset()
    fleet.go_on(1)
    assert [alert.kind for _, alert in store.alerts.open_on("prod-1")] == [Kind.PRESSURE]
    assert fleet.chat.steps[-1] is Step.OVER


def test_a_host_that_nobody_watches_any_more_ends_its_alerts(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    fleet.replica.hosts = registered(["prod-1"])
    fleet.telling()
    (ended,) = fleet.events(Tag.ALERT_ENDED)
    assert ended.facts["reason"] == NOBODY
    fleet.telling()
    assert fleet.chat.steps == [Step.OVER]
    assert store.alerts.board().noticed == ()


def test_another_engine_begins_anew(store: Store) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    fleet.engines.engine_ids = {"prod-1": "ANOTHER"}
    fleet.go_on(1)
    assert fleet.open() is None
    fleet.go_on(1)
    alert = fleet.open()
    assert alert is not None
    assert alert.id == "prod-1/pressure/2"


def test_what_an_alert_offers_is_offered_while_that_alert_is_open_and_no_longer(store: Store) -> None:
    """Else it would be all that the profile takes: nothing says any more how far it would have to go."""
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    assert fleet.acting.causes("prod-1") == ("disk:warn",)
    fleet.go_on(3, used=50)
    with pytest.raises(RefusedError, match="it is over"):
        fleet.acting.causes("prod-1")
    fleet.engines.dead = frozenset({"prod-1"})
    fleet.go_on(4)
    assert fleet.open() is not None, "of another kind"
    with pytest.raises(RefusedError, match="it is over"):
        fleet.acting.causes("prod-1")


UNREADABLE = '{"of": "another release"}'


def write(store: Store, statement: str, **values: str) -> None:
    """What another release, or somebody, writes into the tables of alerts."""
    store.sessions.writing(lambda session: session.connection().execute(text(statement), values))


@pytest.mark.parametrize("change", ["UPDATE alert_standing SET standing = :as", "DELETE FROM alert_standing"])
def test_where_how_a_host_stands_is_lost_the_next_alert_is_another_one_and_is_told(
    store: Store, change: str
) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    fleet.go_on(3, used=50)
    assert [len(fleet.chat.posts), fleet.chat.steps] == [1, [Step.OVER]]
    write(store, change, **({"as": UNREADABLE} if ":as" in change else {}))
    fleet.go_on(3, used=93)
    alert = fleet.open()
    assert alert is not None
    assert alert.id == "prod-1/pressure/2"
    assert len(fleet.chat.posts) == 2
    assert len(fleet.events(Tag.ALERT_OPENED)) == 2


@pytest.mark.parametrize("change", ["UPDATE alert_standing SET standing = :as", "DELETE FROM alert_standing"])
def test_where_how_a_host_stands_is_lost_its_open_alert_goes_on_and_ends_in_its_time(
    store: Store, change: str
) -> None:
    fleet = Watched(store)
    fleet.go_on(2, used=93)
    write(store, change, **({"as": UNREADABLE} if ":as" in change else {}))
    fleet.go_on(2, used=85)
    assert fleet.open() is not None, "between the two lines it stays as it was"
    assert fleet.events(Tag.ALERT_ENDED) == []
    fleet.go_on(3, used=50)
    assert fleet.open() is None
    assert len(fleet.chat.posts) == 1
    assert fleet.chat.steps == [Step.OVER]


def test_an_alert_that_cannot_be_read_keeps_no_other_from_being_told(store: Store) -> None:
    fleet = Watched(store, names=("prod-1", "prod-2"))
    fleet.engines.dead = frozenset({"prod-2"})
    fleet.go_on(2, used=93)
    write(store, "UPDATE alert SET alert = :as WHERE host = 'prod-1'", **{"as": UNREADABLE})
    fleet.engines.dead = frozenset()
    fleet.go_on(3, used=93)
    assert "prod-2" in {alert.host for post in fleet.chat.posts[1:] for alert in post.alerts}
    assert Step.OVER not in fleet.chat.steps


def test_while_slack_is_away_nothing_is_lost_and_a_message_that_was_deleted_is_posted_anew(
    store: Store,
) -> None:
    fleet = Watched(store)
    fleet.chat.away = True
    fleet.go_on(3, used=93)
    assert fleet.chat.posts == []
    fleet.chat.away = False
    fleet.go_on(1)
    (post,) = fleet.chat.posts
    assert post.notice.tried, "a message may stand there: the chat is told to look"
    fleet.chat.gone = True
    fleet.go_on(2, used=95)
    assert len(fleet.chat.posts) == 2
    assert not fleet.chat.posts[1].notice.tried


@both
def test_of_two_processes_one_tells_and_the_other_one_goes_on_when_it_dies(
    store: Store, open_another: Callable[[], Store]
) -> None:
    fleet = Watched(store)
    fleet.go_on(1, used=93)
    fleet.go_on(0)
    fleet.clock.at += QUARTER
    fleet.replica.look()
    fleet.clock.at += timedelta(minutes=1)
    alerts, other = store.alerts, Watched(open_another(), chat=fleet.chat)
    other.clock.at = fleet.clock.at
    other.telling = replace(other.telling, owner="b")
    board = alerts.board()
    fleet.telling._gather(board, {"prod-1": ALERTS}, fleet.clock.at)
    assert alerts.begin("n1", "a", timedelta(seconds=0.3)) is not None
    other.telling()
    assert fleet.chat.posts == []
    sleep(0.4)

    other.telling()
    other.telling()
    fleet.telling()
    assert len(fleet.chat.posts) == 1
