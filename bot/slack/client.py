"""The unchanged slack_sdk client: how patient it is, and what it raises as our errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from types import MappingProxyType

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler, ServerErrorRetryHandler

from bot.core.errors import ChannelClosedError, ChatError, ChatRefusedError, MessageGoneError, ViewGoneError

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
