"""What people are told next of alerts, and when: what is foretold once, what sleeps not at all, the rest in turn."""

from dataclasses import replace
from datetime import timedelta

from bot.core.rules.alarms import after, ends_quietly, escalated_to, next_step
from bot.core.rules.alerting import Alerting, Escalation, Quiet, parse_period
from bot.core.watch.pressure.alert import Alert, Answer, Kind
from bot.core.watch.pressure.lines import Level
from bot.core.watch.pressure.notice import Notice, Step
from tests.slack.alerted import ANSWERED, CRITICAL, OVER, SNOOZED, SOON, WARNED
from tests.slack.states import MADE

HOUR = timedelta(hours=1)
RULES = {"prod-3": Alerting(channel="C0OPS", escalation=Escalation(after=HOUR, to=("C0ONCALL", "U0BOB")))}
NEW = Notice(id="n", channel="C0OPS", kind=Kind.PRESSURE, made_at=MADE)


def posted(*alerts: Alert) -> Notice:
    """A message that was posted at noon."""
    return after(replace(NEW, ts="1.0"), Step.POST, alerts, MADE)


def test_a_message_is_posted_once_and_then_there_is_nothing_to_tell() -> None:
    assert next_step(NEW, [WARNED], RULES, MADE) is Step.POST
    assert next_step(posted(WARNED), [WARNED], RULES, MADE + HOUR / 2) is None


def test_what_is_foretold_is_told_once_and_its_end_by_the_message_alone() -> None:
    notice = posted(SOON)
    assert next_step(notice, [SOON], RULES, MADE + 100 * HOUR) is None
    over = SOON.ended(MADE + 9 * HOUR, "over")
    assert next_step(notice, [over], RULES, MADE + 9 * HOUR) is Step.OVER
    assert ends_quietly([over], RULES, MADE)
    assert not ends_quietly([OVER], RULES, MADE)


def test_nobody_acts_then_others_hear_of_it_then_it_is_repeated() -> None:
    notice = posted(WARNED)
    assert next_step(notice, [WARNED], RULES, MADE + HOUR) is Step.ESCALATE
    assert escalated_to(notice, [WARNED], RULES, MADE + HOUR) == ("C0ONCALL", "U0BOB")
    notice = after(notice, Step.ESCALATE, [WARNED], MADE + HOUR)
    assert next_step(notice, [WARNED], RULES, MADE + 3 * HOUR) is None
    assert next_step(notice, [WARNED], RULES, MADE + 4 * HOUR) is Step.REPEAT
    notice = after(notice, Step.REPEAT, [WARNED], MADE + 4 * HOUR)
    assert next_step(notice, [WARNED], RULES, MADE + 7 * HOUR) is None


def test_who_acted_or_let_it_sleep_hears_nothing_until_it_is_worse() -> None:
    for alert in (ANSWERED, SNOOZED):
        assert next_step(posted(alert), [alert], RULES, MADE + 9 * HOUR) is None
        worse = replace(alert, level=Level.CRITICAL)
        assert next_step(posted(alert), [worse], RULES, MADE + HOUR / 2) is Step.WORSE
    fuller = replace(ANSWERED, shows=CRITICAL.shows)
    assert next_step(posted(ANSWERED), [fuller], RULES, MADE + 4 * HOUR) is Step.REPEAT


def test_an_hour_of_nobody_acting_begins_when_a_snooze_is_over() -> None:
    notice = posted(SNOOZED)
    assert SNOOZED.snoozed is not None
    until = SNOOZED.snoozed.until
    assert until is not None
    assert next_step(notice, [SNOOZED], RULES, until) is Step.REPEAT
    notice = after(notice, Step.REPEAT, [SNOOZED], until)
    assert next_step(notice, [SNOOZED], RULES, until + HOUR) is Step.ESCALATE
    acted = replace(SNOOZED, answered=Answer(by="U0ANN", at=MADE, what="asked for its plan"))
    assert next_step(notice, [acted], RULES, until + HOUR) is None


def test_who_joins_is_told_and_what_was_critical_before_is_not_told_again_at_once() -> None:
    other = replace(WARNED, id="ci-1/pressure/1", host="ci-1")
    assert next_step(posted(WARNED), [WARNED, other], RULES, MADE) is Step.JOINED
    notice = after(posted(WARNED), Step.WORSE, [CRITICAL], MADE)
    for alert in (WARNED, CRITICAL):
        assert next_step(notice, [alert], RULES, MADE + HOUR / 2) is None


def test_in_quiet_hours_only_what_cannot_wait_is_told() -> None:
    night = Quiet(once=(parse_period("2026-03-01 10:00 to 2026-03-01 16:00"),))
    rules = {"prod-3": replace(RULES["prod-3"], quiet=night)}
    assert next_step(NEW, [WARNED], rules, MADE) is None
    assert next_step(NEW, [CRITICAL], rules, MADE) is Step.POST
    assert next_step(NEW, [WARNED], rules, MADE + 4 * HOUR) is Step.POST
    assert next_step(posted(WARNED), [WARNED], rules, MADE + HOUR) is None
    assert ends_quietly([OVER], rules, MADE)
    rules = {"prod-3": replace(RULES["prod-3"], quiet=replace(night, critical=True))}
    assert next_step(NEW, [CRITICAL], rules, MADE) is None
