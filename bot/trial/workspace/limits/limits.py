"""Slack's limits on messages and views, as pure functions.

The numbers are Slack's documented ones; where Slack documents none, the one that was reported.
"""

import json
from collections.abc import Sequence

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.limits.blocks import Surface, check_blocks
from bot.trial.workspace.limits.elements import MAX_SELECT_OPTIONS
from bot.trial.workspace.limits.parts import (
    ID_CHARACTERS,
    OPTION_TEXT,
    Findings,
    Problem,
    check_optional_string,
    check_optional_text,
    check_options,
    check_text,
    items_at,
    object_at,
    text_characters,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
TEXT_CHARACTERS = 40_000
MESSAGE_CHARACTERS = 13_200  # of text in all the blocks of a message: reported, not documented
VIEW_TITLE = 24
PRIVATE_METADATA = 3000
VIEW_BYTES = 250_000

# When several things are wrong, this one names the refusal.
_PRECEDENCE = ("no_text", "msg_too_long", "only_one_table_allowed", "invalid_blocks", "msg_blocks_too_long")


def check_message(payload: JSON) -> list[str]:
    """List everything that Slack would refuse about a message's `text`, `blocks` and `attachments`."""
    return [str(problem) for problem in _message_problems(payload)]


def check_view(view: JSON) -> list[str]:
    """List everything that Slack would refuse about a modal or a Home."""
    return [str(problem) for problem in _view_problems(view)]


def check_suggestions(answer: JSON) -> list[str]:
    """List everything that Slack would refuse about an app's answer to what asks for the options of a menu."""
    found = Findings()
    groups, options = answer.get("option_groups"), answer.get("options")
    if groups is None and options != []:
        check_options(found, "/options", options, most=MAX_SELECT_OPTIONS)
    elif groups is not None:
        for here, item in items_at(found, "/option_groups", groups, most=MAX_SELECT_OPTIONS, least=0):
            group = object_at(found, here, item) or {}
            check_text(found, f"{here}/label", group.get("label"), most=OPTION_TEXT)
            check_options(found, f"{here}/options", group.get("options"), most=MAX_SELECT_OPTIONS)
    return [str(problem) for problem in found.problems]


def refuse_message(payload: JSON) -> None:
    """Raise Refused, under the name that Slack would use, for a message that it would not take."""
    _refuse(_message_problems(payload))


def refuse_view(view: JSON) -> None:
    """Raise Refused, under the name that Slack would use, for a view that it would not take."""
    _refuse(_view_problems(view))


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        error = min((problem.error for problem in problems), key=_PRECEDENCE.index)
        raise Refused(error, [str(problem) for problem in problems])


def _message_problems(payload: JSON) -> list[Problem]:
    found = Findings()
    text = payload.get("text") or ""
    blocks = payload.get("blocks") or []
    attachments = payload.get("attachments") or []
    if not (text or blocks or attachments):
        found.add("/text", "no text, blocks or attachments", "no_text")
    if not isinstance(text, str):
        found.add("/text", "must be a string")
    elif len(text) > TEXT_CHARACTERS:
        found.add("/text", f"must be less than {TEXT_CHARACTERS + 1} characters", "msg_too_long")
    check_blocks(found, "/blocks", blocks, surface="message", most=MESSAGE_BLOCKS)
    for number, item in enumerate(attachments):
        here = f"/attachments/{number}"
        attachment = object_at(found, here, item) or {}
        inner = attachment.get("blocks", [])
        check_blocks(found, f"{here}/blocks", inner, surface="message", most=MESSAGE_BLOCKS)
    size = text_characters([blocks, attachments])
    if size > MESSAGE_CHARACTERS:
        says = f"{size} characters in all, no more than {MESSAGE_CHARACTERS} allowed"
        found.add("/blocks", says, "msg_blocks_too_long")
    return found.problems


def _view_problems(view: JSON) -> list[Problem]:
    found = Findings()
    kind = view.get("type")
    if kind not in ("modal", "home"):
        found.add("/view/type", "must be one of modal, home")
        return found.problems
    surface: Surface = "modal" if kind == "modal" else "home"
    if surface == "modal":
        _check_modal(found, view)
    for key, most in (
        ("private_metadata", PRIVATE_METADATA),
        ("callback_id", ID_CHARACTERS),
        ("external_id", ID_CHARACTERS),
    ):
        check_optional_string(found, "/view", view, key, most=most)
    check_blocks(found, "/view/blocks", view.get("blocks"), surface=surface, most=VIEW_BLOCKS)
    if len(json.dumps(view, default=str).encode()) > VIEW_BYTES:
        found.add("/view", f"must be less than {VIEW_BYTES} bytes")
    return found.problems


def _check_modal(found: Findings, view: JSON) -> None:
    check_text(found, "/view/title", view.get("title"), most=VIEW_TITLE)
    for key in ("submit", "close"):
        check_optional_text(found, "/view", view, key, most=VIEW_TITLE)
    blocks = view.get("blocks")
    inputs = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks or ())
    if inputs and view.get("submit") is None:
        found.add("/view/submit", "must define `submit` to use an `input` block in modals")
