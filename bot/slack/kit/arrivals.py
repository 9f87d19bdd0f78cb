"""Images that a plan leaves out since nobody knows when they arrived, and the press that includes them."""

from collections.abc import Sequence

from bot.core.docker.ages import Arrival
from bot.core.plan.plan import Draft
from bot.core.plan.reasons import ARRIVAL_UNKNOWN
from bot.slack.action_ids import PROPOSE
from bot.slack.kit.blocks import OPTION_VALUE_LIMIT, Block, button, context
from bot.slack.kit.text import escape, plain

BY_BUILD = f"arrival={Arrival.BUILD}"
LONGEST_REQUEST = OPTION_VALUE_LIMIT
"""Characters of a request that a menu and a button may carry: Slack takes 255 of an action id."""


def unarrived_blocks(drafts: Sequence[Draft]) -> list[Block]:
    """What a look's offers leave out, in numbers; the menu of other cleanups includes it."""
    told: dict[str, list[str]] = {}
    for draft in drafts:
        if draft.unarrived:
            told.setdefault(draft.unarrived.words(), []).append(f"*{escape(draft.profile)}*")
    if not told:
        return []
    lines = [f"{', '.join(profiles)}: {plain(words)}" for words, profiles in told.items()]
    return [context(line) for line in lines]


def by_build_request(draft: Draft) -> str:
    """What asks for the same plan with those images; empty where a plan leaves none out."""
    waits = any(kept.because == ARRIVAL_UNKNOWN for kept in draft.kept)
    request = f"{draft.request} {BY_BUILD}"
    return request if waits and len(request) <= LONGEST_REQUEST else ""


def by_build_buttons(host: str, draft: Draft) -> list[Block]:
    """The press that asks for it."""
    request = by_build_request(draft)
    if not request:
        return []
    spoken = f"Plan {draft.profile} on {host}, images of unknown arrival by build date"
    return [button(f"{draft.profile} by build date", f"{PROPOSE}:{request}", host, spoken=spoken)]
