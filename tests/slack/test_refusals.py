"""Refusals as Slack shows them: people, groups and channels are mentioned, all else is escaped."""

import pytest

from bot.core.audit.events import Tag
from bot.core.errors import DeckhandError, NoSuchHostsError, RefusedError, UnknownHostError
from bot.core.life.states import Status
from bot.core.refusals import BeingRestored, NoRights, NotAllowed, NothingOpen, PlanClosed, PlanExpired
from bot.core.rules.people import Standing
from bot.core.rules.policy import Right
from bot.slack.plan.timeline import timeline
from bot.slack.refusals import refusal_message, words
from tests.core.test_refusals import ENDED, NOW
from tests.slack.looks import events
from tests.support.people import member

ALLOWED = NotAllowed(
    who=member("U0EVE"), right=Right.STOP, host="prod<3", policy="R&D",
    entries=("U0ANN", "T0OTHER/U0BEN", "S0OPS", "C0DISK"), guests=False,
)  # fmt: skip
WORDS: dict[object, str] = {
    ALLOWED: (
        "You may not stop cleanups on prod&lt;3: its policy “R&amp;D” gives “stop” to <@U0ANN>, <@U0BEN>, "
        "<!subteam^S0OPS>, anyone in <#C0DISK>."
    ),
    NoRights(Standing.BOT): "Bots have no rights in Deckhand: a person has to do this.",
    NothingOpen(who=member("U0EVE"), right=Right.AUDIT): (
        "No audit is open to you. Deckhand's policies say who may read which."
    ),
    ENDED: "This plan is already approved, and finished by <@U0ANN>. Nothing was changed by your click.",
    PlanClosed(plan="p1", status=Status.APPROVED, by="policy:ci"): (
        "This plan is already approved by policy “ci”. Nothing was changed by your click."
    ),
    PlanExpired(plan="p1", host="prod-3", request="routine until=7d", since=NOW): (
        "This plan expired. Ask for a fresh one: /docker-prune prod-3 routine until=7d"
    ),
    BeingRestored("T0OTHER/U0ANN"): "These images are being restored already, for <@U0ANN>.",
    "<!channel> is “a” & “b”.": "&lt;!channel&gt; is “a” &amp; “b”.",
}


@pytest.mark.parametrize("refusal", WORDS)
def test_a_refusal_mentions_whom_it_names_and_escapes_all_else(refusal: object) -> None:
    assert words(RefusedError(refusal)) == WORDS[refusal]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UnknownHostError("<x>", ["prod-3"]), ("No host named “&lt;x&gt;” is registered. Did you mean prod-3? "
         "/docker-df lists all hosts.")),
        (UnknownHostError("x", [], of_all=False), ("No host named “x” is registered, or you may not look at it here. "
         "/docker-df lists those that you may look at.")),
        (NoSuchHostsError("No host has the tag “ci”", []), "No host has the tag “ci”. /docker-df lists all hosts."),
    ],
)  # fmt: skip
def test_who_names_no_host_is_told_what_to_type_in_slack(error: DeckhandError, said: str) -> None:
    assert words(error) == said


def test_a_plan_that_is_closed_says_since_when_and_offers_the_same_afresh_where_that_makes_sense() -> None:
    late = PlanExpired(plan="p1", host="prod-3", request="routine", since=NOW)
    kinds = [
        [block["type"] for block in refusal_message(RefusedError(each)).blocks] for each in (late, ENDED)
    ]
    assert kinds == [["section", "context", "actions"], ["section", "context"]]


def test_reasons_read_the_same_whether_they_were_written_with_mentions_or_without() -> None:
    refused = {"attempted": "stop", "reason": "its policy “p” gives “stop” to {}, {}."}
    old, new = (
        timeline(events((Tag.STOP_REFUSED, "U0EVE", {**refused, "reason": refused["reason"].format(*who)})))
        for who in (("<@U0ANN>", "<!subteam^S0OPS>"), ("U0ANN", "S0OPS"))
    )
    assert old == new
    assert "gives “stop” to U0ANN, S0OPS." in old[0]
