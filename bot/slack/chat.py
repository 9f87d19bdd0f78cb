"""Sending: the plan's message, posted once and edited in place, over the unchanged slack_sdk client."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from types import MappingProxyType

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler

from bot.core.audit.events import ChainedEvent, Tag
from bot.core.audit.format import Head
from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError, MessageGoneError, ViewGoneError
from bot.core.life.states import MessageRef, PlanState
from bot.core.rules.hosts import Hosts
from bot.core.rules.people import user_of
from bot.core.rules.policy import Right
from bot.core.visible import visible_lines
from bot.slack.kit.blocks import Block, Message, section
from bot.slack.kit.limits import fitted
from bot.slack.kit.text import SECTION_LIMIT, is_user, plain, plural
from bot.slack.look.picture import Picture
from bot.slack.look.reports import head_message
from bot.slack.plan.lists import direct_message, full_list, full_outcomes, list_message, log_message
from bot.slack.plan.message import NOWHERE, plan_message
from bot.slack.plan.open import About

LOG = logging.getLogger(__name__)

TIMEOUT = 15
"""Seconds per call to Slack."""
TRANSIENT = frozenset({
    "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
})  # fmt: skip
_REFUSED: Mapping[str, type[ChatRefusedError]] = MappingProxyType({
    **dict.fromkeys(("message_not_found", "cant_update_message", "edit_window_closed"), MessageGoneError),
    **dict.fromkeys(("not_in_channel", "channel_not_found", "is_archived"), ChannelClosedError),
    **dict.fromkeys(
        ("expired_trigger_id", "exchanged_trigger_id", "not_found", "view_not_found", "hash_conflict"),
        ViewGoneError,
    ),
})  # fmt: skip
SERVER_ERROR = 500
OUTCOMES_WRITTEN = 20
"""Objects of a cleanup beyond which its thread gets a file that says what became of each."""


def web_client(token: str, api_url: str | None, *, patient: bool = True) -> WebClient:
    """Make a client that tries again after server errors, and a patient one also after Slack's pauses.

    It waits in the thread that calls, for as long as Slack says.
    """
    # slack_sdk joins base URL and method name as they stand.
    client = (
        WebClient(token, f"{api_url.rstrip('/')}/", TIMEOUT) if api_url else WebClient(token, timeout=TIMEOUT)
    )
    if patient:
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
        kind = (
            ChatError
            if reason in TRANSIENT or error.response.status_code >= SERVER_ERROR
            else _REFUSED.get(reason, ChatRefusedError)
        )
        told = kind(f"Slack answered {reason}.")
        told.retry_after = _pause(error)
        raise told from error
    except (SlackClientError, OSError) as error:
        raise ChatError("Slack could not be reached.") from error


def _pause(error: SlackApiError) -> float:
    """Seconds that Slack wants to be left alone; 0 where it does not say."""
    if error.response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return 0
    found = {str(name).lower(): value for name, value in (error.response.headers or {}).items()}.get(
        "retry-after"
    )
    text = found[0] if isinstance(found, list) else str(found or "")
    return float(text) if text.isdecimal() else 0


class SlackChat:
    """Implements ``bot.ports.Chat``."""

    def __init__(self, client: WebClient, hosts: Callable[[], Hosts] = lambda: Hosts(by_name={})) -> None:
        self._client = client
        self._hosts = hosts
        self._direct: dict[str, str] = {}

    def post(self, channel: str, message: Message, thread: str = "") -> str:
        """Post a message for everyone in the channel, or in one of its threads; its timestamp.

        What Slack has no room for is in a file of the message's thread.
        """
        message, whole = fitted(message)
        channel = self._place(channel)
        with slack_errors():
            answer = self._client.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=message.text,
                blocks=list(message.blocks),
                unfurl_links=False,
                unfurl_media=False,
            )
        ts = str(answer["ts"])
        if whole:
            self.attach(channel, thread or ts, "message.txt", "The whole message", whole)
        return ts

    def edit(self, channel: str, ts: str, message: Message) -> None:
        """Put another message in the place of one of ours; MessageGoneError when somebody deleted it."""
        message, _ = fitted(message)
        place = self._place(channel)
        with slack_errors():
            self._client.chat_update(channel=place, ts=ts, text=message.text, blocks=list(message.blocks))

    def delete(self, channel: str, ts: str) -> None:
        """Take one of our messages away."""
        place = self._place(channel)
        with slack_errors():
            self._client.chat_delete(channel=place, ts=ts)

    def post_files(self, channel: str, thread: str, title: str, files: Mapping[str, str]) -> None:
        """Put texts into a thread as files, by name."""
        with slack_errors():
            self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread,
                initial_comment=title,
                file_uploads=[
                    {"filename": name, "title": name, "content": visible_lines(content)}
                    for name, content in files.items()
                ],
            )

    def post_picture(self, channel: str, thread: str, name: str, title: str, picture: Picture) -> None:
        """Put a picture into a thread, with what it shows in words for who cannot see it."""
        with slack_errors():
            self._client.files_upload_v2(
                channel=channel,
                thread_ts=thread,
                file_uploads=[
                    {"filename": name, "title": title, "content": picture.png, "alt_txt": picture.alt}
                ],
            )

    def attach(self, channel: str, ts: str, filename: str, title: str, content: str) -> None:
        """Put a text file into a message's thread; the message stands without it, so a failure is logged."""
        try:
            with slack_errors():
                self._client.files_upload_v2(
                    channel=channel,
                    thread_ts=ts,
                    filename=filename,
                    title=title,
                    content=visible_lines(content),
                )
        except ChatError as error:
            LOG.warning("%s could not be posted: %s", filename, error)

    def post_private(self, channel: str, user: str, message: Message | str) -> None:
        """Write what only this person sees; in person, where the channel is their own id."""
        if isinstance(message, str):
            message = Message(text=message, blocks=(section(message),))
        user = user_of(user)
        if user_of(channel) == user:
            self.post_direct(user, message)
            return
        message, _ = fitted(message, "what only you see has no thread for it")
        with slack_errors():
            self._client.chat_postEphemeral(
                channel=channel, user=user, text=message.text, blocks=list(message.blocks)
            )

    def post_direct(self, user: str, message: Message) -> MessageRef:
        """Write to one person in their conversation with the bot (scopes ``chat:write`` and ``im:write``)."""
        channel = self._place(user)
        return MessageRef(channel=channel, ts=self.post(channel, message))

    def _place(self, channel: str) -> str:
        """The channel itself; for a person's id their conversation with the bot, which stays the same for good."""
        if not is_user(channel):
            return channel
        channel = user_of(channel)
        if channel not in self._direct:
            with slack_errors():
                opened = self._client.conversations_open(users=[channel])
            self._direct[channel] = str(opened["channel"]["id"])
        return self._direct[channel]

    def post_plan(self, state: PlanState) -> MessageRef:
        channel = self._place(state.message.channel if state.message else "")
        ts = self.post(channel, plan_message(state, self._about(state)))
        return MessageRef(channel=channel, ts=ts, permalink=self._permalink(channel, ts))

    def _about(self, state: PlanState) -> About:
        host = self._hosts().by_name.get(state.plan.host)
        if host is None:
            return NOWHERE
        entries = host.policy.entries(Right.APPROVE)
        return About(tags=host.tags, approvers=entries, self_approval=host.policy.self_approval)

    def _permalink(self, channel: str, ts: str) -> str:
        """Where a browser finds a message; the audit stands without it, so a failure is logged."""
        try:
            with slack_errors():
                return str(self._client.chat_getPermalink(channel=channel, message_ts=ts)["permalink"])
        except ChatError as error:
            LOG.warning("message %s in %s: its link could not be had: %s", ts, channel, error)
            return ""

    def update_plan(self, state: PlanState) -> None:
        if state.message is not None:
            self.edit(state.message.channel, state.message.ts, plan_message(state, self._about(state)))

    def list_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        place = state.message
        if place is None or not place.ts or not any(link.event.tag == Tag.PLAN_PROPOSED for link in events):
            return
        listed = list_message(state)
        if listed:
            self._into_thread(place, listed)
        else:
            title = f"Everything that plan {state.plan.id} removes and keeps"
            self._file_into_thread(place, f"plan-{state.plan.id}.txt", title, full_list(state))

    def log_plan(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        place = state.message
        if place is None or not place.ts:
            return
        log = log_message(events)
        if log:
            self._into_thread(place, log)
        ended = any(link.event.tag == Tag.CLEANUP_FINISHED for link in events)
        if ended and len(state.items) > OUTCOMES_WRITTEN:
            title = f"What became of each of {plural(len(state.items), 'object')}"
            self._file_into_thread(place, f"cleanup-{state.plan.id}.tsv", title, full_outcomes(state))

    def _into_thread(self, place: MessageRef, message: Message) -> None:
        """Write into a plan's thread; a plan whose channel has gone goes on without it."""
        try:
            self.post(place.channel, message, place.ts)
        except ChatRefusedError as error:
            LOG.warning("the thread of %s in %s cannot be written: %s", place.ts, place.channel, error)

    def _file_into_thread(self, place: MessageRef, name: str, title: str, content: str) -> None:
        try:
            self.post_files(place.channel, place.ts, title, {name: content})
        except ChatRefusedError as error:
            LOG.warning("%s cannot be put into the thread of %s: %s", name, place.ts, error)

    def tell_requester(self, state: PlanState, events: Sequence[ChainedEvent]) -> None:
        message = direct_message(state, events)
        if message is None or not is_user(state.plan.requester.id):
            return
        try:
            self.post_direct(state.plan.requester.id, message)
        except ChatRefusedError as error:
            LOG.warning("plan %s: its requester cannot be told: %s", state.plan.id, error)

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

    def publish_home(self, user: str, view: Block, seen_hash: str = "") -> str:
        """Show a person's Home; its hash. ViewGoneError where another view than the one of that hash stands there."""
        with slack_errors():
            answer = self._client.views_publish(user_id=user_of(user), view=view, hash=seen_hash or None)
        return str(answer["view"]["hash"])

    def post_head(self, channel: str, head: Head) -> None:
        self.post(channel, head_message(head))
