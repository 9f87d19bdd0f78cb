"""The form in which a person picks named volumes one by one. Pure: what is known of them to a modal, and back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core.docker.inventory import Inventory, Kind, Volume
from bot.core.docker.users import Users
from bot.core.plan.arguments import Arguments, Pick
from bot.core.plan.going import label_words, use_words
from bot.core.plan.selection.selector import ANONYMOUS_LABEL
from bot.core.units import short_size
from bot.slack.action_ids import PICK_VOLUMES
from bot.slack.kit.blocks import (
    OPTION_LIMIT,
    OPTION_VALUE_LIMIT,
    Block,
    chosen,
    field,
    modal,
    option,
    section,
    typed,
    whole,
)
from bot.slack.kit.text import code, escape, lines_within, one_line, paragraphs, plain, plural

CHOICE, HOST = "volumes", "host"
BOXES_LIMIT, MENU_LIMIT = 10, 100
"""Options of one group of checkboxes, and of one menu."""
IN_BOXES = 60
"""Volumes beyond which menus take the place of checkboxes."""
MOST = 500
KEPT_BUDGET = 2_000
NAME_SHOWN, WORDS_SHOWN = 60, 160
"""Characters of one volume's line."""
DAY = 86_400


def loading_form(host: str) -> Block:
    """What opens at once: Slack gives three seconds, and an engine may take longer."""
    return modal(PICK_VOLUMES, "Volumes", [section(f":hourglass_flowing_sand: Asking *{escape(host)}*…")])


def trouble_form(sentence: str) -> Block:
    """What takes the place of the form when there is nothing to choose from."""
    return modal(PICK_VOLUMES, "Volumes", [section(plain(sentence, 2_000))])


def volumes_form(host: str, channel: str, inventory: Inventory) -> Block:
    """Every named volume with what is known of it; those that cannot be chosen, and why."""
    named = sorted(
        (volume for volume in inventory.volumes if ANONYMOUS_LABEL not in volume.labels),
        key=lambda volume: (-(volume.size or 0), volume.name),
    )
    users = Users.of(inventory)
    kept = {volume.name: why for volume in named if (why := _why_kept(volume, users))}
    free = [volume for volume in named if volume.name not in kept]
    if not free:
        return modal(PICK_VOLUMES, "Volumes", [section(_none_text(host)), *_kept_blocks(kept)])
    shown = free[:MOST]
    more = f" The largest {MOST} of {len(free):,} are shown." if len(free) > MOST else ""
    blocks = [
        whole(
            f":warning: The data of a volume is *gone for good* once it is removed. Named volumes on "
            f"*{escape(host)}* that no container refers to, running or stopped: {len(free):,}.{more}"
        ),
        *_choices(shown, inventory),
        *_kept_blocks(kept),
        field(
            HOST,
            f"Type the host's name: {host}",
            {"type": "plain_text_input", "max_length": 100},
            hint="A plan is made of what you chose; nothing is removed before somebody approves it.",
        ),
    ]
    return modal(PICK_VOLUMES, "Volumes", blocks, submit="Plan", metadata=f"{host} {channel}")


def _none_text(host: str) -> str:
    return f"No named volume on *{escape(host)}* can be removed."


def _why_kept(volume: Volume, users: Users) -> str:
    """Why a volume cannot be chosen; empty when it can. The plan looks again, with all its rules."""
    user = users.of_volume(volume)
    if user:
        return f"mounted by {user.name} ({user.state})"
    if volume.ref_count != 0:
        return "in use, or the engine does not say"
    if volume.driver != "local" or volume.options:
        return "its data may be elsewhere"
    carried = volume.name.isprintable() and 0 < len(volume.name) <= OPTION_VALUE_LIMIT
    return "" if carried else "a form cannot carry its name"


def _kept_blocks(kept: Mapping[str, str]) -> Iterator[Block]:
    if kept:
        lines, left = lines_within(
            (f"• {code(name, 80)}: {plain(why, 120)}" for name, why in kept.items()), KEPT_BUDGET
        )
        more = [f"_… and {left:,} more_"] if left else []
        yield section("\n".join([f"*Not to choose*: {plural(len(kept), 'volume')}", *lines, *more]))


def _choices(volumes: Sequence[Volume], inventory: Inventory) -> Iterator[Block]:
    """Checkboxes under all that is known, or menus where there are too many for them."""
    boxes = len(volumes) <= IN_BOXES
    size = BOXES_LIMIT if boxes else MENU_LIMIT
    for number, start in enumerate(range(0, len(volumes), size)):
        some = volumes[start : start + size]
        label = f"Volumes {start + 1} to {start + len(some)}, by size"
        if boxes:
            yield from map(whole, paragraphs(_described(volume, inventory) for volume in some))
            element = {"type": "checkboxes", "options": [_box(volume, inventory) for volume in some]}
        else:
            element = {"type": "multi_static_select", "options": [_line(volume) for volume in some]}
        yield field(f"{CHOICE}_{number}", label, element, optional=len(volumes) > size)


def _described(volume: Volume, inventory: Inventory) -> str:
    """All that is known of a volume, on one line: ten of them are a section."""
    told = [*use_words(volume, (), inventory.taken_at), *label_words(volume.labels)]
    words = [_size(volume), *_age(volume, inventory), *told]
    return f"• {code(volume.name, NAME_SHOWN)} {plain(' · '.join(words), WORDS_SHOWN)}"


def _box(volume: Volume, inventory: Inventory) -> Block:
    words = [_size(volume), *_age(volume, inventory)]
    return option(one_line(volume.name), volume.name, one_line(" · ".join(words)))


def _age(volume: Volume, inventory: Inventory) -> Iterator[str]:
    if volume.created_at:
        days = int((inventory.taken_at - volume.created_at).total_seconds() // DAY)
        yield f"{plural(days, 'day')} old" if days > 0 else "made today"


def _line(volume: Volume) -> Block:
    size = _size(volume)
    return option(f"{volume.name[: OPTION_LIMIT - len(size) - 3]} ({size})", volume.name)


def _size(volume: Volume) -> str:
    return "size unknown" if volume.size is None else short_size(volume.size)


# --- what comes back ----------------------------------------------------------------------------


def picked_of(view: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the volumes that were chosen, over all groups."""
    groups = (view.get("state") or {}).get("values") or {}
    return tuple(name for group in groups if group.startswith(f"{CHOICE}_") for name in chosen(view, group))


def request_of(names: Sequence[str]) -> Arguments:
    """What a plan of exactly these volumes is asked for with."""
    picks = tuple(Pick(kind=Kind.VOLUME, name=name) for name in names)
    return Arguments(picks=picks, words=tuple(map(str, picks)))


def mistakes(view: Mapping[str, Any], host: str) -> Mapping[str, str]:
    """What is wrong with a submitted form, by its field; empty when nothing is."""
    found = {}
    if not picked_of(view):
        found[f"{CHOICE}_0"] = "Choose at least one volume."
    if typed(view, HOST) != host:
        found[HOST] = f"Type the name of the host, exactly: {host}"
    return found
