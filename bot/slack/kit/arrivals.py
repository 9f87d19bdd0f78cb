"""Images that a plan leaves out since nobody knows when they arrived, and the press that includes them."""

from collections.abc import Sequence

from bot.core.docker.ages import Arrival
from bot.core.plan.plan import Draft
from bot.core.plan.reasons import ARRIVAL_UNKNOWN
from bot.slack.action_ids import PROPOSE
from bot.slack.kit.blocks import Block, actions, button, section
from bot.slack.kit.text import escape, plain

BY_BUILD = f"arrival={Arrival.BUILD}"
LONGEST_REQUEST = 200
"""Characters of a request that a button may carry: Slack takes 255 of an action id."""


def unarrived_blocks(host: str, drafts: Sequence[Draft]) -> list[Block]:
    """What a look's offers leave out, in numbers; the press that includes it where there is no plan to have it."""
    told: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.unarrived:
            told.setdefault(draft.unarrived.words(), []).append(f"*{escape(draft.profile)}*")
    if not told:
        return []
    lines = [f"{', '.join(profiles)}: {plain(words)}" for words, profiles in told.items()]
    buttons = [made for draft in drafts if not draft.items for made in by_build_buttons(host, draft)]
    return [section(":grey_question: " + "\n".join(lines)), *([actions(buttons)] if buttons else [])]


def by_build_buttons(host: str, draft: Draft) -> list[Block]:
    """The press that asks for the same plan with those images; none where a plan leaves none out."""
    waits = any(kept.because == ARRIVAL_UNKNOWN for kept in draft.kept)
    if not waits or len(draft.request) > LONGEST_REQUEST:
        return []
    spoken = f"Plan {draft.profile} on {host}, images of unknown arrival by build date"
    return [
        button(f"{draft.profile} by build date", f"{PROPOSE}:{draft.request} {BY_BUILD}", host, spoken=spoken)
    ]
