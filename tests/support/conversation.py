"""What people in the local Slack say, press and read."""

import json
from collections.abc import Iterator

import pytest

from bot.trial.workspace.messages import Message
from bot.trial.workspace.server import Workspace
from tests.support.waiting import SECONDS


def shown(message: Message) -> str:
    return message.text + json.dumps(message.blocks, ensure_ascii=False)


def strings(value: object) -> Iterator[str]:
    """Every text in a message's blocks, or in a view, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def with_text(workspace: Workspace, text: str) -> Message:
    """Wait for a message in the channel that says this, anywhere in its text or blocks."""

    def found() -> Message | None:
        return next((m for m in workspace.messages() if text in shown(m)), None)

    try:
        message = workspace.wait_for(found, timeout=SECONDS)
    except TimeoutError:
        said = [m.text for user in ("U0ANN", "U0BOB") for m in workspace.ephemerals(user)]
        in_channel = [m.text for m in workspace.messages()]
        pytest.fail(f"no message says {text!r}; privately: {said}; in the channel: {in_channel}")
    assert message is not None
    return message


def private_answer(workspace: Workspace, user: str, text: str) -> None:
    """Wait until this person was told this, privately."""
    workspace.wait_for(lambda: any(text in m.text for m in workspace.ephemerals(user)), timeout=SECONDS)


def action_ids(message: Message) -> list[str]:
    return [element["action_id"] for element in _buttons(message)]


def plan_of(message: Message) -> str:
    """The id that a plan's Approve button carries."""
    return next(str(element["value"]) for element in _buttons(message) if element["action_id"] == "approve")


def _buttons(message: Message) -> list[dict[str, str]]:
    return [e for block in message.blocks if block["type"] == "actions" for e in block["elements"]]
