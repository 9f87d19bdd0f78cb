"""What only Slack itself can tell: whether it takes each kind of message and form. Each is posted, and deleted."""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.core.errors import ChatError, ChatRefusedError, UndrawableError
from bot.slack.checking import Finding
from bot.slack.client import slack_errors, web_client
from bot.slack.kit.blocks import Block, Message
from bot.slack.kit.limits import fitted
from bot.slack.kit.native import NATIVE
from bot.slack.kit.text import uncalled

LOG = logging.getLogger(__name__)

MARK = "deckhand_doctor"
"""The type of the metadata of what is posted: by it what a call left that was killed is found, and deleted."""
LOOKED_BACK = 200
"""Messages of the channel among which leftovers are looked for."""
_INVALID = frozenset({"invalid_blocks", "invalid_message", "invalid_view"})
_NO_SUCH = frozenset({"unknown_method", "method_deprecated", "not_allowed_token_type"})
FAULTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of message, or of form."""

    name: str
    message: Message | None = None
    view: Block | None = None


def tried_out(token: str, api_url: str | None, channel: str, kinds: Sequence[Kind]) -> Iterator[Finding]:
    """Say of each kind what Slack answered; nothing of it stays in the channel.

    A form opens only where somebody has pressed something, so it is validated and not shown.
    """
    client = web_client(token, api_url)
    try:
        yield from _cleaned(client, channel)
        for kind in kinds:
            yield _tried(client, channel, kind)
    except ChatError as error:
        yield Finding(ok=False, sentence=f"the rest was not tried: {error}")


def _cleaned(client: WebClient, channel: str) -> Iterator[Finding]:
    """Delete what a call left that was killed."""
    try:
        with slack_errors():
            found = client.conversations_history(
                channel=channel, include_all_metadata=True, limit=LOOKED_BACK
            )["messages"]
    except ChatRefusedError as error:
        yield Finding(
            ok=True,
            sentence=f"what a call before this left, had it been killed, cannot be looked for: {error} (It takes the "
            "scope channels:history, or groups:history; at most one message of “deckhand doctor” stays then.)",
        )
        return
    left = [str(each["ts"]) for each in found or () if (each.get("metadata") or {}).get("event_type") == MARK]
    for ts in left:
        _delete(client, channel, ts)
    if left:
        yield Finding(ok=True, sentence=f"{len(left)} left of a call that was killed: deleted")


def _tried(client: WebClient, channel: str, kind: Kind) -> Finding:
    if kind.message is None:
        valid = _validated(client, "view", kind.view)
        if valid is None:
            return Finding(
                ok=True, sentence=f"{kind.name}: not tried, Slack has no blocks.validate for this app"
            )
        not_shown = "valid; it opens only where somebody presses a button, so it was not shown"
        return Finding(ok=not valid, sentence=f"{kind.name}: {valid or not_shown}")
    message, _ = fitted(kind.message)
    payload = uncalled({"text": message.text, "blocks": list(message.blocks)}, str, ())
    valid = _validated(client, "message", payload)
    refused = _posted(client, channel, kind.name, payload)
    words = [refused or "posted and deleted", *([f"blocks.validate: {valid}"] if valid else [])]
    native = any(block["type"] in NATIVE for block in message.blocks)
    if native and (refused or valid):
        words.append("so the picture or the table that every workspace takes is sent instead")
    return Finding(ok=native or not (refused or valid), sentence=f"{kind.name}: {'; '.join(words)}")


def _posted(client: WebClient, channel: str, name: str, payload: Block) -> str:
    """Post it and delete it; what Slack says against it. ChatError where it says nothing of the message itself."""
    try:
        with slack_errors():
            answer = client.chat_postMessage(
                channel=channel, unfurl_links=False, unfurl_media=False,
                metadata={"event_type": MARK, "event_payload": {"kind": name}}, **payload,
            )  # fmt: skip
    except UndrawableError as error:
        return f"{error} {'; '.join(error.faults[:FAULTS_SHOWN])}".strip()
    _delete(client, channel, str(answer["ts"]))
    return ""


def _delete(client: WebClient, channel: str, ts: str) -> None:
    """ChatError says which message stays."""
    try:
        with slack_errors():
            client.chat_delete(channel=channel, ts=ts)
    except ChatError as error:
        raise ChatError(f"{error} A message stays in {channel} ({ts}): delete it by hand.") from error


def _validated(client: WebClient, what: str, payload: object) -> str | None:
    """What Slack's own validation says against it; empty where nothing, None where there is none for this app."""
    try:
        client.api_call("blocks.validate", data={what: json.dumps(payload)})
    except SlackApiError as refused:
        error = str(refused.response.get("error"))
        if error in _NO_SUCH:
            return None
        if error not in _INVALID:
            with slack_errors():
                raise
        faults = [
            f"{each.get('pointer', '')} {each.get('message') or each.get('code')}".strip()
            for each in refused.response.get("errors") or ()
        ]
        return f"{error} {'; '.join(faults[:FAULTS_SHOWN])}".strip()
    except OSError:
        with slack_errors():
            raise
    return ""
