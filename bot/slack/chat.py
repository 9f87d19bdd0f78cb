"""Sending: the plan's message, posted once and edited in place, over the unchanged slack_sdk client."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler

from bot.core.audit_format import Head
from bot.core.errors import ChatError, ChatRefusedError
from bot.core.lifecycle import MessageRef, PlanState
from bot.slack.blocks import Block, Message, section
from bot.slack.plans import fits, full_list, plan_message
from bot.slack.reports import head_message
from bot.slack.text import SECTION_LIMIT, plain

LOG = logging.getLogger(__name__)

TIMEOUT = 15
"""Seconds per call to Slack."""
TRANSIENT = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
})  # fmt: skip


def web_client(token: str, api_url: str | None) -> WebClient:
    """Make a client that waits out rate limits and server errors before it gives up."""
    # slack_sdk joins base URL and method name as they stand.
    client = (
        WebClient(token, f"{api_url.rstrip('/')}/", TIMEOUT) if api_url else WebClient(token, timeout=TIMEOUT)
    )
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    client.retry_handlers.append(ServerErrorRetryHandler(max_retry_count=2))
    return client


@contextmanager
def slack_errors() -> Iterator[None]:
    """Turn what slack_sdk raises into our errors; what can heal by itself apart from what cannot."""
    try:
        yield
    except SlackApiError as error:
        reason = str(error.response.get("error") or "unknown_error")
        kind = ChatError if reason in TRANSIENT else ChatRefusedError
        raise kind(f"Slack answered {reason}.") from error
    except (SlackClientError, OSError) as error:
        raise ChatError("Slack could not be reached.") from error


class SlackChat:
    """Implements ``bot.ports.Chat``."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def post(self, channel: str, message: Message, thread: str = "") -> str:
        """Post a message for everyone in the channel, or in one of its threads; its timestamp."""
        with slack_errors():
            answer = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=message.text,
                blocks=list(message.blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(answer["ts"])

    def edit(self, channel: str, ts: str, message: Message) -> None:
        """Put another message in the place of one of ours."""
        with slack_errors():
            self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=list(message.blocks))

    def post_files(self, channel: str, thread: str, title: str, files: Mapping[str, str]) -> None:
        """Put texts into a thread as files, by name."""
        with slack_errors():
            self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread,
                initial_comment=title,
                file_uploads=[
                    {"filename": name, "title": name, "content": content} for name, content in files.items()
                ],
            )

    def attach(self, channel: str, ts: str, filename: str, title: str, content: str) -> None:
        """Put a text file into a message's thread; the message stands without it, so a failure is logged."""
        try:
            with slack_errors():
                self._client.files_upload_v2(
                    channel=channel, thread_ts=ts, filename=filename, title=title, content=content
                )
        except ChatError as error:
            LOG.warning("%s could not be posted: %s", filename, error)

    def post_private(self, channel: str, user: str, message: Message | str) -> None:
        """Write what only this person sees."""
        blocks = [] if isinstance(message, str) else list(message.blocks)
        text = message if isinstance(message, str) else message.text
        with slack_errors():
            self._client.chat_postEphemeral(channel=channel, user=user, text=text, blocks=blocks or None)

    def post_direct(self, user: str, message: Message) -> MessageRef:
        """Write to one person in their conversation with the bot (scopes ``chat:write`` and ``im:write``)."""
        with slack_errors():
            opened = self._client.conversations_open(users=[user])
        channel = str(opened["channel"]["id"])
        return MessageRef(channel=channel, ts=self.post(channel, message))

    def post_plan(self, state: PlanState) -> MessageRef:
        channel = state.message.channel if state.message else ""
        ts = self.post(channel, plan_message(state))
        if not fits(state):
            self._post_list(state, channel, ts)
        return MessageRef(channel=channel, ts=ts, permalink=self._permalink(channel, ts))

    def _permalink(self, channel: str, ts: str) -> str:
        """Where a browser finds a message; the audit stands without it, so a failure is logged."""
        try:
            with slack_errors():
                return str(self._client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except ChatError as error:
            LOG.warning("message %s in %s: its link could not be had: %s", ts, channel, error)
            return ""

    def update_plan(self, state: PlanState) -> None:
        if state.message is None:
            return
        self.edit(state.message.channel, state.message.ts, plan_message(state))

    def tell(self, channel: str, sentence: str) -> None:
        text = plain(sentence, SECTION_LIMIT)
        self.post(channel, Message(text=text, blocks=(section(text),)))

    def open_view(self, trigger_id: str, view: Block) -> tuple[str, str]:
        """Open a modal for whoever clicked; its id and hash, for ``update_view``.

        ChatError when the click is too old: Slack gives three seconds.
        """
        with slack_errors():
            opened = self._client.views_open(trigger_id=trigger_id, view=view)["view"]
        return str(opened["id"]), str(opened["hash"])

    def update_view(self, view_id: str, view: Block, seen_hash: str = "") -> None:
        """Put another view in the place of an open modal; ChatRefusedError when it was closed or has changed."""
        with slack_errors():
            self._client.views_update(view_id=view_id, view=view, hash=seen_hash or None)

    def publish_home(self, user: str, view: Block) -> None:
        """Show a person's Home."""
        with slack_errors():
            self._client.views_publish(user_id=user, view=view)

    def post_head(self, channel: str, head: Head) -> None:
        self.post(channel, head_message(head))

    def _post_list(self, state: PlanState, channel: str, ts: str) -> None:
        """Put the whole list of a plan into its thread."""
        title = f"Everything that plan {state.plan.id} removes and keeps"
        self.attach(channel, ts, f"plan-{state.plan.id}.txt", title, full_list(state))
