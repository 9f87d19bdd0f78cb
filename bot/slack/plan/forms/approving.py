"""The form that asks once more before an approval counts: on production, for data, and from a Home. Pure."""

from bot.core.life.leftover import left_of
from bot.core.life.states import PlanState
from bot.slack.action_ids import APPROVE_PLAN
from bot.slack.kit.blocks import Block, context, modal, whole
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import date, escape, mention, paragraphs, plural
from bot.slack.plan.forms.rejecting import reason_field
from bot.slack.plan.looking import kinds_text, look_at, look_at_text, volumes_text
from bot.slack.plan.open import ALL_AGAIN, About, on_production, went_text
from bot.slack.plan.restores import undo_text

VOLUMES_SHOWN = 40
"""Volumes of which all is told; a plan of more names the rest in its whole list."""


def approve_form(state: PlanState, about: About, place: str = "") -> Block:
    """What cannot be undone, the data that goes, and the riskiest; it carries the plan's id and where to answer."""
    plan, draft = state.plan, left_of(state)
    where = f"*{escape(plan.host)}*{' (PROD)' if on_production(about) else ''}"
    texts = [
        f"Remove *{plural(len(draft.items), 'object')}* from {where}: frees *{frees_text(draft)}*",
        went_text(state),
        undo_text(draft) or ALL_AGAIN,
        *paragraphs(volumes_text(draft.items, VOLUMES_SHOWN).splitlines()),
        look_at_text(draft),
        kinds_text(draft, look_at(draft)),
    ]
    foot = f"{mention(plan.requester)} asked {date(plan.created_at)}. What you approve is what is removed."
    blocks = [*(whole(text) for text in texts if text), context(foot)]
    if about.reasons:
        blocks.append(reason_field("Why may it go?"))
    metadata = f"{plan.id} {place}".strip()
    return modal(APPROVE_PLAN, "Approve the plan?", blocks, submit="Approve", metadata=metadata)
