"""Refusals are values whose sentences speak no chat's language; nor does anything else inside."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot
from bot.core.life.states import Status
from bot.core.refusals import (
    BeingRestored,
    NoLonger,
    NoRights,
    NotAllowed,
    NothingOpen,
    NotToBeAsked,
    PlanClosed,
    PlanExpired,
    Refusal,
)
from bot.core.rules.people import Standing
from bot.core.rules.policy import Right
from tests.support.people import guest, member, outsider

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CHATS = re.compile(r"<[@#!]|subteam|/docker-")
"""Slack's mentions and our commands there."""


def not_allowed(*entries: str) -> NotAllowed:
    return NotAllowed(
        who=member("U0EVE"), right=Right.STOP, host="prod-3", policy="strict", entries=entries, guests=False
    )


ENDED = PlanClosed(plan="p1", status=Status.DONE, by="U0ANN", since=NOW)
SENTENCES: dict[Refusal, str] = {
    NoRights(Standing.BOT): "Bots have no rights in Deckhand: a person has to do this.",
    not_allowed(): "You may not stop cleanups on prod-3: its policy “strict” names nobody for “stop”.",
    not_allowed("U0ANN", "T0OTHER/U0BEN", "S0OPS", "C0DISK"): (
        "You may not stop cleanups on prod-3: its policy “strict” gives “stop” to U0ANN, T0OTHER/U0BEN, S0OPS, "
        "anyone in C0DISK."
    ),
    NothingOpen(who=outsider("U0EVE"), right=Right.AUDIT): (
        "No audit is open to you. Deckhand's policies say who may read which. That means people of its own Slack, and "
        "you are of another company: an entry for you is T0OTHER/U0EVE."
    ),
    NothingOpen(who=guest("U0EVE"), right=Right.LOOK): (
        "No registered host is open to you. Deckhand's policies say who may look at which. You are a guest here: "
        "guests count only where a policy names them, or says guests = true."
    ),
    ENDED: "This plan is already approved, and finished by U0ANN. Nothing was changed by your click.",
    PlanClosed(plan="p1", status=Status.APPROVED, by="policy:ci"): (
        "This plan is already approved by policy “ci”. Nothing was changed by your click."
    ),
    PlanExpired(plan="p1", host="prod-3", request="routine", since=NOW): (
        "This plan expired. Ask for a fresh one."
    ),
    NotToBeAsked(person="U0ANN", why="has approved this plan already"): (
        "U0ANN has approved this plan already, so nobody was asked. Name somebody else."
    ),
    NoLonger("prod-3", "it cannot be stopped"): "prod-3 is no longer registered, so it cannot be stopped.",
    BeingRestored("U0ANN"): "These images are being restored already, for U0ANN.",
}


@pytest.mark.parametrize("refusal", SENTENCES)
def test_a_refusal_is_a_plain_sentence_to_logs_and_to_the_audit(refusal: Refusal) -> None:
    assert str(refusal) == SENTENCES[refusal]
    assert not CHATS.search(str(refusal))


def test_every_kind_of_refusal_is_told_here() -> None:
    kinds = {kind.__name__ for kind in Refusal.__subclasses__()}
    assert {type(refusal).__name__ for refusal in SENTENCES} == kinds


def test_nothing_inside_speaks_a_chats_language() -> None:
    inside = [
        path for room in ("core", "services", "ports") for path in Path(bot.__path__[0], room).rglob("*.py")
    ]
    assert len(inside) > 90
    found = [
        f"{path}:{number}: {line.strip()}"
        for path in inside
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if CHATS.search(line)
    ]
    assert found == []
