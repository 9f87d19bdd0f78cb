"""What a plan's message and its record say about undoing it: what cannot be, the button, and how it went."""

from collections.abc import Iterator

from bot.core.docker.inventory import Kind
from bot.core.life.restoring import Restored, RestoreStatus, Restoring, digests, is_said_of, lost_for_good
from bot.core.life.states import CLEANUP_OUTCOMES, PlanState
from bot.core.plan.plan import Draft
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import short_size
from bot.slack.action_ids import RESTORE
from bot.slack.kit.blocks import Block, actions, button, confirm, section
from bot.slack.kit.names import short_name
from bot.slack.kit.text import code, date, lines_within, mention, plain, plural

BUDGET = 1_200
REASON, SAID_SHOWN = 250, 600
_DONE = {Restored.RESTORED: "restored", Restored.PRESENT: "there already", Restored.FAILED: "not restored"}


def undo_text(draft: Draft) -> str:
    """What to know before approving: which objects nothing brings back, and which a registry may."""
    lost = lost_text(draft)
    pulled = sum(bool(digests(item)) for item in draft.items)
    count, every = len(draft.items) - pulled, len(draft.items)
    share = f"{count:,} of {every:,} cannot be undone" if every > 1 else "Cannot be undone"
    text = f":warning: *{share}*: {lost}." if lost else ""
    said = next((note for note in draft.notes if is_said_of(note)), "")
    if pulled:
        them = "it" if pulled == 1 else "them"
        again = f"{plural(pulled, 'image')} can be pulled again while the registry has {them}."
        text += f" {plain(said, SAID_SHOWN) or again}"
    return text.strip()


def lost_text(draft: Draft) -> str:
    """What nothing brings back; empty when that is nothing."""
    return " · ".join(f"{count:,} {_noun(kind, count)}" for kind, count in lost_for_good(draft.items).items())


def _noun(kind: Kind, count: int) -> str:
    if kind is Kind.IMAGE:
        return f"image{'' if count == 1 else 's'} that no registry has"
    if kind is Kind.BUILD_CACHE:
        return f"build cache record{'' if count == 1 else 's'}"
    return str(kind) if count == 1 else KIND_NAMES[kind]


def restore_blocks(state: PlanState, *beside: Block) -> Iterator[Block]:
    """How restoring went the last time, and the button to ask for it, with the buttons that stand beside it."""
    buttons = list(beside)
    if state.status in CLEANUP_OUTCOMES and state.restorable:
        if state.restoring:
            yield section(_restoring_text(state, state.restoring))
        if state.restoring is None or state.restoring.status is RestoreStatus.ENDED:
            buttons.insert(0, _button(state))
    if buttons:
        yield actions(buttons)


def _button(state: PlanState) -> Block:
    images = plural(len(state.restorable), "image")
    again = " again" if state.restoring else ""
    back = short_size(sum(one.bytes for one in state.restorable))
    made = button(
        f"Restore {images}{again} · about {back} back",
        RESTORE,
        state.plan.id,
        spoken=f"Restore {images}{again} on {state.plan.host}",
    )
    made["confirm"] = confirm(
        f"Restore {images}?",
        f"What is pulled again on {plain(state.plan.host, 63)} takes up the space that was freed. "
        "A name that another image has by now stays with it.",
        "Restore",
        "Leave it",
    )
    return made


def _restoring_text(state: PlanState, restoring: Restoring) -> str:
    if restoring.status is not RestoreStatus.ENDED:
        head = f":hourglass_flowing_sand: *Restoring* {len(restoring.images)} of {len(state.restorable)}"
    else:
        counts = [(len(restoring.with_outcome(outcome)), words) for outcome, words in _DONE.items()]
        emoji = ":x:" if restoring.with_outcome(Restored.FAILED) else ":white_check_mark:"
        head = f"{emoji} *Restore*: {', '.join(f'{count} {words}' for count, words in counts if count)}"
    head += f", asked for by {mention(restoring.asked_by)} {date(restoring.asked_at)}"
    by_position = {one.position: one for one in state.items}
    lines, left = lines_within(
        (
            f"• {code(short_name(by_position[image.position].item), 80)} {_DONE[image.outcome]}"
            + (f": {plain(image.reason, REASON)}" if image.reason else "")
            for image in restoring.images
            if image.position in by_position
        ),
        BUDGET,
    )
    return "\n".join([head, *lines, *([f"_… and {left:,} more_"] if left else [])])
