"""Who is told of plans, as a configuration says it: each mistake has its place and its remedy."""

import re
from pathlib import Path

import pytest

from bot.core.rules.gaps import gaps
from tests.shell.configuration import written

HOSTS = '[hosts.a]\ndocker = "unix:///x"\ntags = ["prod"]\n'
OPS = '[on_call.ops]\nbegins = "2026-11-02 09:00"\nweeks = {weeks}\n'
TWO = OPS.format(weeks='["U0ANN", "U0BOB S0OPS"]')
CALLED = '[policies.default]\napprove = {approve}\ntell = "on_call"\non_call = "{on_call}"\n'

MISTAKES = [
    ('[policies.x]\ntell = "mail"', r"policies\.x\.tell: input should be 'never', 'channel', 'direct' or 'on_call'"),
    ('[policies.x]\ntell = "on_call"', r"policies\.x\.tell: is on_call, and on_call names nobody; write on_call"),
    (
        '[policies.x]\non_call = "S0OPS"',
        r'policies\.x\.on_call: only means something beside tell = "on_call"; add that, or remove it$',
    ),
    (
        TWO + '[policies.x]\ntell = "on_call"\non_call = "opz"',
        r"policies\.x\.on_call: there is no \[on_call\.opz\]; did you mean ops\?$",
    ),
    (
        '[policies.x]\ntell = "on_call"\non_call = "U0ANN"',
        r'policies\.x\.on_call: there is no \[on_call\.U0ANN\]; write "S…" \(a user group\), or the name of an',
    ),
    ('[policies.x]\nescalate_to = ["*"]', r"policies\.x\.escalate_to: “\*” is nobody in particular; name users"),
    ('[policies.x]\nescalate_to = ["bob"]', r"policies\.x\.escalate_to\.0: “bob” is no Slack id"),
    ('[policies.x]\nescalate_after = "5m"', r"policies\.x\.escalate_after: to whom\? .* add escalate_to = "),
    (
        '[policies.x]\nescalate_to = ["U0HEAD"]\nescalate_after = "1h"',
        r"policies\.x\.escalate_after: is 1h, and plans expire after 30m, so it never comes; write less, or",
    ),
    (
        '[policies.default]\nescalate_to = ["U0HEAD"]\n[policies.x]\nexpires = "10m"',
        r"policies\.x\.escalate_after: is 15m, and plans expire after 10m, so it never comes",
    ),
    ('[policies.x]\nquiet = ["00:00-24:00"]', r"policies\.x\.quiet: never ends, so nobody would ever be told; leave"),
    (
        '[policies.x]\nquiet = ["mon-fri 08:00-08:01", "20:00-08:00", "08:00-20:00"]',
        r"policies\.x\.quiet: never ends",
    ),
    ('[policies.x]\nquiet = ["night"]', r"policies\.x\.quiet\.0: “night” is no window; write it like mon-fri 22:00"),
    (OPS.format(weeks='["U0ANN", " "]'), r"on_call\.ops\.weeks\.1: nobody is on call in this week; name somebody, or"),
    (OPS.format(weeks="[]"), r"on_call\.ops\.weeks: .*at least 1"),
    (OPS.format(weeks='["ann"]'), r"on_call\.ops\.weeks\.0: “ann” is no Slack id"),
    (OPS.format(weeks='["C0OPS"]'), r"on_call\.ops\.weeks\.0: “C0OPS” is no person to call; write user ids"),
    (OPS.format(weeks='["*"]'), r"on_call\.ops\.weeks\.0: “\*” is no person to call"),
    ('[on_call.ops]\nweeks = ["U0ANN"]', r"on_call\.ops\.begins: is missing"),
    ('[on_call.ops]\nbegins = "2026-11-02 09:00"', r"on_call\.ops\.weeks: is missing"),
    (TWO.replace("2026-11-02 09:00", "monday"), r"on_call\.ops\.begins: “monday” is no day and hour; .* like 2026-"),
    (TWO + 'time_zone = "Mars"', r"on_call\.ops\.time_zone: “Mars” is no time zone"),
    (TWO + 'wekks = "x"', r"on_call\.ops\.wekks: there is no such key; did you mean weeks\?$"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), MISTAKES)
def test_a_mistake_is_named_with_its_place_and_its_remedy(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = written.problems(tmp_path, HOSTS + text)
    assert re.match(problem, found)


def told(folder: Path, approve: str, on_call: str = "ops") -> list[str]:
    text = (
        HOSTS
        + TWO
        + CALLED.format(approve=approve, on_call=on_call)
        + 'look = ["*"]\nrequest = ["U0REQUEST"]\n'
    )
    rules = written.loaded(folder, text).rules
    return list(gaps(rules.hosts.all(), rules.on_call))


def test_who_is_on_call_and_may_decide_nothing_is_told_by_the_doctor(tmp_path: Path) -> None:
    (gap,) = told(tmp_path, '["U0ANN", "U0HEAD"]')
    assert gap.startswith(
        "policy default (a): U0BOB of [on_call.ops] may not approve, and being on call gives no right"
    )
    assert told(tmp_path, '["U0ANN", "U0BOB"]') == []
    assert told(tmp_path, '["U0ANN", "S0OPS"]') == []  # who is in a group is not known here
    assert told(tmp_path, '["U0ANN"]', "S0OPS") == []
