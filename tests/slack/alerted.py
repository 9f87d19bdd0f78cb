"""Alerts in their states, with moments and figures that never change: what the goldens show."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from bot.core.rules.alerting import Alerting
from bot.core.watch.pressure.alert import Alert, Answer, Kind, Measured, Snooze
from bot.core.watch.pressure.lines import Bounds, Hours, Level, Line, Lines
from bot.core.watch.pressure.machine import ANSWERS, BELOW
from bot.core.watch.pressure.notice import Notice, Step, Told
from bot.ports import Noticed
from bot.slack.alerts.message import alerts_message, step_line
from bot.slack.alerts.snoozing import snooze_form
from bot.slack.kit.blocks import Message
from tests.slack.states import MADE

GB, HOUR = 10**9, timedelta(hours=1)
RULES: Mapping[str, Alerting] = {
    "prod-3": Alerting(
        channel="C0OPS",
        lines=Lines(
            warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)),
            critical=Bounds(at=Line(share=0.98, free=5 * GB), clears=Line(share=0.9)),
            inodes_warn=Bounds(at=Line(share=0.9), clears=Line(share=0.8)),
            hours=Hours(at=8 * HOUR, clears=48 * HOUR),
        ),
    )
}
SEEN = Measured(
    at=MADE + 2 * HOUR, engine="E", size=500 * GB, free=35 * GB, inodes=1000, free_inodes=600,
    lasts="full in 5 days, on 06 Mar 2026 (3 to 9 days)",
    grows="Images +5GB a day, Build Cache +1.2GB a day", left=timedelta(days=5),
)  # fmt: skip
WARNED = Alert(
    id="prod-3/pressure/1", host="prod-3", kind=Kind.PRESSURE, opened_at=MADE + HOUR, began_at=MADE, level=Level.WARN,
    worst=Level.WARN, causes=("disk:warn",), shows=SEEN,
)  # fmt: skip
CRITICAL = replace(
    WARNED, level=Level.CRITICAL, worst=Level.CRITICAL, causes=("disk:critical", "disk:warn"),
    shows=replace(SEEN, free=4 * GB, free_inodes=120, lasts="full in 9 h, on 02 Mar 2026 (0 to 1 days)"),
)  # fmt: skip
EASED = replace(WARNED, worst=Level.CRITICAL)
SOON = replace(
    WARNED, level=Level.SOON, worst=Level.SOON, causes=("hours",),
    shows=replace(SEEN, free=300 * GB, lasts="full in 7 h, on 01 Mar 2026 (0 to 0 days)"),
)  # fmt: skip
INODES = replace(
    WARNED,
    causes=("inodes:warn",),
    shows=replace(SEEN, free=300 * GB, free_inodes=70, lasts="not filling", grows=""),
)
SNOOZED = replace(
    WARNED,
    snoozed=Snooze(
        until=MADE + 10 * HOUR, by="U0ANN", by_name="ann", why="a release goes on until *eight*", at=MADE + 2 * HOUR,
        level=Level.WARN,
    ),
)  # fmt: skip
ANSWERED = replace(
    WARNED, answered=Answer(by="U0BOB", by_name="bob", at=MADE + 2 * HOUR, what="asked for its plan")
)
OVER = replace(ANSWERED, shows=replace(SEEN, free=180 * GB), ended_at=MADE + 5 * HOUR, ended_because=BELOW)
SILENT = replace(
    WARNED, id="prod-3/unreachable/1", kind=Kind.UNREACHABLE, causes=("silent",),
    shows=Measured(at=MADE, engine="", trouble="prod-3: nothing listens at prod-3.example.com:22."),
)  # fmt: skip
ANSWERING = replace(SILENT, ended_at=MADE + 5 * HOUR, ended_because=ANSWERS)
MANY = tuple(
    replace(each, id=f"ci-{number}/pressure/1", host=f"ci-{number}")
    for number, each in enumerate((WARNED, CRITICAL, SNOOZED, OVER, INODES))
)


def noticed(*alerts: Alert, told: bool = True) -> Noticed:
    known = {alert.id: Told(level=Level.WARN, permille=900) for alert in alerts} if told else {}
    notice = Notice(
        id="7f3a", channel="C0OPS", kind=alerts[0].kind, made_at=MADE, ts="1.0", permalink="https://slack.example/1",
        told=known,
    )  # fmt: skip
    return Noticed(notice=notice, alerts=alerts, behind=True)


def message(*alerts: Alert) -> Message:
    return alerts_message(noticed(*alerts), RULES, MADE + 3 * HOUR)


def line(step: Step, *alerts: Alert, told: bool = True) -> Message:
    return Message.of(step_line(noticed(*alerts, told=told), step, MADE + 3 * HOUR))


ALERTED = {
    "alert_warned": message(WARNED),
    "alert_critical": message(CRITICAL),
    "alert_eased": message(EASED),
    "alert_soon": message(SOON),
    "alert_inodes": message(INODES),
    "alert_snoozed": message(SNOOZED),
    "alert_answered": message(ANSWERED),
    "alert_over": message(OVER),
    "alert_of_many": message(*MANY),
    "alert_of_many_over": message(*(replace(each, ended_at=MADE, ended_because=BELOW) for each in MANY)),
    "alert_unreachable": message(SILENT),
    "alert_unreachable_over": message(ANSWERING),
    "alert_line_joined": line(Step.JOINED, *MANY[:2], told=False),
    "alert_line_worse": line(Step.WORSE, CRITICAL),
    "alert_line_repeated": line(Step.REPEAT, WARNED),
    "alert_line_escalated": line(Step.ESCALATE, WARNED),
    "alert_line_over": line(Step.OVER, OVER),
}
SNOOZE_FORM = snooze_form("7f3a", "C0OPS", [SNOOZED, CRITICAL])
