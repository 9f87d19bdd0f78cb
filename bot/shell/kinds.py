"""One of each kind of message and form, as the unchanged bot makes them of sample hosts beside a Slack look-alike."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bot.shell.trying import trial
from bot.slack import action_ids as ids
from bot.slack.kit.blocks import Block, Message
from bot.slack.parsing import AUDIT, DF, PRUNE
from bot.slack.trying_out import Kind
from bot.trial.workspace.core import Refused
from bot.trial.workspace.messages import Message as Posted
from bot.trial.workspace.server import Workspace

LOG = logging.getLogger(__name__)

ANN, BOB = "U0ANN", "U0BOB"
_MESSAGES = ("chat.postMessage", "chat.update", "chat.postEphemeral")
_VIEWS = ("views.open", "views.update", "views.publish")
NAME_SHOWN = 60


def every_kind() -> tuple[Kind, ...]:
    """Walk once through all that people do, on hosts that are simulated, and keep one of each kind."""
    with trial(0, local=False) as (workspace, _settings):
        workspace.team.takes_native = True  # so that what only some workspaces take is there to be tried
        try:
            for step in (_look, _decide, _review, _ask):
                step(workspace)
        except (TimeoutError, Refused) as error:
            LOG.warning("not every kind of message could be made on this machine: %s", error)
        return tuple(_kinds(workspace))


def _look(workspace: Workspace) -> None:
    workspace.open_home(ANN)
    workspace.command(ANN, DF)
    _said(workspace, "registered hosts")
    workspace.command(ANN, DF, "sample")
    report = _said(workspace, "can go now")
    for action_id in (ids.DETAILS, ids.PICTURE, ids.HISTORY):
        workspace.click(ANN, report.ts, _button(report, action_id))
    workspace.command(ANN, DF, "@trial")
    _said(workspace, "RECLAIMABLE is Docker's own figure")
    workspace.command(ANN, DF, "nowhere")  # an answer that only they see


def _decide(workspace: Workspace) -> None:
    workspace.command(ANN, PRUNE, "sample dangling")
    plan = _said(workspace, "Cleanup plan: dangling")
    for action_id in (ids.WHOLE_LIST, ids.ADJUST, ids.REJECT):
        _opened(workspace, BOB, partial(workspace.click, BOB, plan.ts, action_id))
        workspace.close_view(BOB, everything=True)
    _opened(workspace, BOB, partial(workspace.click, BOB, plan.ts, ids.APPROVE))
    workspace.submit_view(BOB)
    _said(workspace, "Cleanup done")


def _review(workspace: Workspace) -> None:
    workspace.command(ANN, AUDIT)
    page = _said(workspace, "The latest cleanup")
    workspace.click(ANN, page.ts, _button(page, ids.AUDIT_DETAILS))
    workspace.wait_for(lambda: len(workspace.thread(page.ts)) > 1)


def _ask(workspace: Workspace) -> None:
    _opened(workspace, ANN, partial(workspace.command, ANN, PRUNE))


def _said(workspace: Workspace, text: str) -> Posted:
    """The newest message that says this, once it is there."""

    def found() -> Posted | None:
        everything = reversed(workspace.messages())
        return next((one for one in everything if text in one.text or text in str(one.blocks)), None)

    message = workspace.wait_for(found)
    assert message is not None  # noqa: S101 - waited for
    return message


def _opened(workspace: Workspace, user: str, press: Callable[[], object]) -> None:
    """Press what opens a form, and wait for that."""
    press()
    workspace.wait_for(lambda: workspace.view(user))


def _button(message: Posted, action_id: str) -> str:
    """The whole id of the button whose id begins so."""
    found = (each for each in _ids(message.blocks) if each.partition(":")[0] == action_id)
    return next(found, action_id)


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "action_id" in value:
            yield str(value["action_id"])
        for inner in value.values():
            yield from _ids(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _ids(inner)


def _kinds(workspace: Workspace) -> Iterator[Kind]:
    """The last of each shape that the bot sent: what blocks stand in which order, with which buttons."""
    found: dict[tuple[object, ...], Kind] = {}
    for method in _MESSAGES:
        for call in workspace.calls(method):
            text, blocks = str(call.args.get("text")), tuple(call.args.get("blocks") or ())
            found[_shape(blocks)] = Kind(
                name=f"message “{text[:NAME_SHOWN]}”", message=Message(text=text, blocks=blocks)
            )
    for method in _VIEWS:
        for call in workspace.calls(method):
            view = dict(call.args.get("view") or {})
            title = view.get("title") or {}
            name = f"form “{title.get('text')}”" if title else "Home"
            found[_shape(tuple(view["blocks"])), name] = Kind(name=name, view=view)
    yield from found.values()


def _shape(blocks: tuple[Block, ...]) -> tuple[object, ...]:
    kinds = list(dict.fromkeys(str(block["type"]) for block in blocks))
    return (*kinds, *sorted({each.partition(":")[0] for each in _ids(blocks)}))
