"""The small vocabulary of Block Kit that Deckhand's messages are written in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.slack.kit.text import SECTION_LIMIT, clip

Block: TypeAlias = dict[str, Any]

HEADER_LIMIT = 150
FIELD_LIMIT = 2_000
BUTTON_LIMIT = 75
ACTIONS_LIMIT = 25
VIEW_TITLE_LIMIT, HINT_LIMIT = 24, 2_000
OPTION_LIMIT, OPTION_VALUE_LIMIT = 75, 150
OPTIONS_LIMIT = 100
CONFIRM_TITLE_LIMIT, CONFIRM_TEXT_LIMIT, CONFIRM_BUTTON_LIMIT = 100, 300, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Blocks for the eye, and the same in one sentence for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]
    calls: frozenset[str] = frozenset()
    """Ids of the people and groups who are meant to act now: all others are named in it and not notified."""
    native: tuple[Block, ...] = ()
    """The same with blocks that not every workspace takes; where it does not, the others are sent."""

    @staticmethod
    def of(text: str) -> "Message":
        """One paragraph."""
        return Message(text=text, blocks=(section(text),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture for the eye, and what it shows in words."""

    png: bytes
    alt: str


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": clip(text, HEADER_LIMIT)}}


def mrkdwn(text: str, limit: int = SECTION_LIMIT) -> Block:
    """A text in which nothing links or mentions but what we wrote so: a host's name may look like an address."""
    return {"type": "mrkdwn", "text": clip(text, limit), "verbatim": True}


def section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def whole(text: str) -> Block:
    """A section that Slack never folds behind "see more": what somebody has to see before they decide."""
    return {**section(text), "expand": True}


def fields(texts: Iterable[str]) -> Block:
    """Show up to ten short texts in two columns."""
    return {
        "type": "section",
        "fields": [mrkdwn(text, FIELD_LIMIT) for text in texts],
    }


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text)]}


def button(label: str, action_id: str, value: str, *, style: str = "", spoken: str = "") -> Block:
    """One button; ``value`` is an id, ``spoken`` what a screen reader says instead of the label."""
    element: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": clip(label, BUTTON_LIMIT)},
        "action_id": action_id,
        "value": value,
    }
    if style:
        element["style"] = style
    if spoken:
        element["accessibility_label"] = clip(spoken, BUTTON_LIMIT)
    return element


def confirm(title: str, text: str, yes: str, no: str, *, danger: bool = False) -> Block:
    """A dialog that asks once more before a button counts."""
    made: Block = {
        "title": {"type": "plain_text", "text": clip(title, CONFIRM_TITLE_LIMIT)},
        "text": mrkdwn(text, CONFIRM_TEXT_LIMIT),
        "confirm": {"type": "plain_text", "text": clip(yes, CONFIRM_BUTTON_LIMIT)},
        "deny": {"type": "plain_text", "text": clip(no, CONFIRM_BUTTON_LIMIT)},
    }
    if danger:
        made["style"] = "danger"
    return made


def actions(elements: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(elements[:ACTIONS_LIMIT])}


def modal(
    callback_id: str, title: str, blocks: Sequence[Block], *, submit: str = "", metadata: str = ""
) -> Block:
    """A modal; ``metadata`` is what comes back with it, and no more than ids."""
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": metadata,
        "title": {"type": "plain_text", "text": clip(title, VIEW_TITLE_LIMIT)},
        "close": {"type": "plain_text", "text": "Cancel" if submit else "Close"},
        "blocks": list(blocks),
    }
    if submit:
        view["submit"] = {"type": "plain_text", "text": clip(submit, VIEW_TITLE_LIMIT)}
    return view


def field(name: str, label: str, element: Block, *, hint: str = "", optional: bool = False) -> Block:
    """One input of a modal; ``name`` is its block's id and its element's action id."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "label": {"type": "plain_text", "text": label},
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    if hint:
        block["hint"] = {"type": "plain_text", "text": clip(hint, HINT_LIMIT)}
    return block


def option(text: str, value: str, description: str = "") -> Block:
    """One choice; its value comes back."""
    made: Block = {"text": {"type": "plain_text", "text": clip(text, OPTION_LIMIT)}, "value": value}
    if description:
        made["description"] = {"type": "plain_text", "text": clip(description, OPTION_LIMIT)}
    return made


def menu(placeholder: str, action_id: str, options: Sequence[Block], initial: Block | None = None) -> Block:
    """One choice of several, made at once; its value comes back as a button's does."""
    made: Block = {
        "type": "static_select",
        "placeholder": {"type": "plain_text", "text": placeholder},
        "action_id": action_id,
        "options": list(options),
    }
    return made if initial is None else {**made, "initial_option": initial}


def submitted(view: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What came back in a field; empty when nothing did."""
    values = ((view.get("state") or {}).get("values") or {}).get(name) or {}
    return values.get(name) or {}


def chosen(view: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of the options that were chosen in a field."""
    return tuple(str(one.get("value")) for one in submitted(view, name).get("selected_options") or ())


def typed(view: Mapping[str, Any], name: str) -> str:
    """What was typed into a field, without the white space around it."""
    return str(submitted(view, name).get("value") or "").strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """A table block: the first column to the left, the figures to the right."""
    return {
        "type": "table",
        "column_settings": [{"align": "left"}, *({"align": "right"} for _ in head[1:])],
        "rows": [[{"type": "raw_text", "text": cell or "-"} for cell in row] for row in (head, *rows)],
    }


DIVIDER: Block = {"type": "divider"}
