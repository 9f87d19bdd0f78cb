"""The form in which somebody names another who may decide. Pure: a plan and who may to a modal, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.life.states import PlanState
from bot.slack.action_ids import HAND_PLAN
from bot.slack.kit.blocks import Block, field, modal, option, section, submitted
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import date, escape, one_line
from bot.slack.plan.open import About, may_approve_text

WHOM = "whom"
_TITLE = "Ask somebody else"


def loading_form() -> Block:
    """What opens at once: Slack gives three seconds, and to know who may decide takes asking it."""
    return modal(HAND_PLAN, _TITLE, [section(":hourglass_flowing_sand: Asking Slack who may decide…")])


def hand_form(
    state: PlanState, about: About, named: Sequence[tuple[str, str]] | None, place: str = ""
) -> Block:
    """Who may decide, by id and name; None where that is anybody, and what they say of themselves is checked."""
    plan = state.plan
    what = f"*{escape(plan.draft.profile)}* on *{escape(plan.host)}*, frees {frees_text(plan.draft)}"
    told = f"{what}. It waits until {date(plan.expires_at)}. May approve: {may_approve_text(state, about)}."
    if named is not None and not named:
        nobody = "There is nobody else who may decide and was not asked yet."
        return modal(HAND_PLAN, _TITLE, [section(f"{told}\n{nobody}")])
    hint = "They are written to at once, and the plan's thread says that you asked them. It gives them no new right."
    return modal(
        HAND_PLAN, _TITLE, [section(told), field(WHOM, "Whom?", _menu(named), hint=hint)], submit="Ask",
        metadata=f"{plan.id} {place}".strip(),
    )  # fmt: skip


def _menu(named: Sequence[tuple[str, str]] | None) -> Block:
    placeholder = {"type": "plain_text", "text": "Somebody who may decide"}
    if named is None:
        return {"type": "users_select", "placeholder": placeholder}
    options = [option(one_line(name), person) for person, name in named]
    return {"type": "static_select", "placeholder": placeholder, "options": options}


def named_in(view: Mapping[str, Any]) -> str:
    """The id of who was named; empty where nobody was."""
    given = submitted(view, WHOM)
    return str(given.get("selected_user") or (given.get("selected_option") or {}).get("value") or "")
