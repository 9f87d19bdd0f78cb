"""What a report offers: one cleanup to begin with, the others in a menu with what each is good for. Pure."""

from collections.abc import Sequence

from bot.core.plan.plan import Draft
from bot.core.units import short_size
from bot.services.look.room import takes_volumes
from bot.slack.action_ids import PROPOSE, PROPOSE_OTHER
from bot.slack.kit.arrivals import by_build_request
from bot.slack.kit.blocks import OPTIONS_LIMIT, Block, button, menu, option
from bot.slack.kit.names import frees_text
from bot.slack.kit.profiles import good_for
from bot.slack.kit.text import clip, plural


def plan_button(host: str, draft: Draft) -> Block:
    """The one press that is recommended."""
    spoken = f"Plan the cleanup {draft.profile} on {host}, frees {frees_text(draft)}"
    label = f"Plan {draft.profile} · {frees_text(draft)}"
    return button(label, f"{PROPOSE}:{draft.profile}", host, style="primary", spoken=spoken)


def other_menu(host: str, offers: Sequence[Draft], chosen: Draft | None) -> Block | None:
    """All other cleanups that would free something; None where there is none."""
    told = [chosen] if chosen else []
    options: list[Block] = []
    for draft in offers:
        if draft.items and draft is not chosen:
            label = f"{draft.profile} · {frees_text(draft)}"
            options.append(option(label, draft.profile, _good_for(draft, told)))
            told.append(draft)
        request = by_build_request(draft)
        if request and draft.unarrived:
            more = f"{draft.profile} by build date · {short_size(draft.unarrived.bytes)} more"
            what = f"with {plural(draft.unarrived.count, 'image')} of which nobody knows since when they are here"
            options.append(option(more, request, what))
    if not options:
        return None
    return menu(
        "Other cleanup" if chosen else "Plan a cleanup", f"{PROPOSE_OTHER}:{host}", options[:OPTIONS_LIMIT]
    )


def _good_for(draft: Draft, told: Sequence[Draft]) -> str:
    """What it is good for and what it costs; of several that free the same, the first is named."""
    ids = {(item.kind, item.id) for item in draft.items}
    same = next((one for one in told if {(item.kind, item.id) for item in one.items} == ids), None)
    if same is not None:
        return f"frees the same as {same.profile} here"
    said = good_for(draft.profile, draft.words)
    costs = "data, gone for good: " if said == draft.words and takes_volumes(draft) else ""
    return clip(f"{costs}{said}", 75)
