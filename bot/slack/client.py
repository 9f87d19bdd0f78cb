"""The unchanged slack_sdk client: how patient it is, and what it raises as our errors."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.http_retry.handler import RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web import SlackResponse

from bot.core.errors import (
    ChannelClosedError,
    ChatError,
    ChatRefusedError,
    MessageGoneError,
    UndrawableError,
    ViewGoneError,
)
from bot.ports import NO_METRICS, Metrics

TIMEOUT = 15
"""Seconds per call to Slack."""
PASSING = frozenset({
    "accesslimited", "external_channel_migrating", "fatal_error", "internal_error", "rate_limited", "ratelimited",
    "request_timeout", "service_unavailable", "team_added_to_org", "update_failed",
})  # fmt: skip
"""Errors after which the same call may succeed."""
_PAUSES = frozenset({"accesslimited", "rate_limited", "ratelimited"})
UNDRAWABLE = frozenset({
    "blocks_too_long", "invalid_attachments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long",
    "msg_too_long", "only_one_table_allowed",
})  # fmt: skip
AGAIN_AFTER = 0.4
"""Seconds: whoever waits for an answer waits for them too."""
PLAN_POSTED = "deckhand_plan"
"""The type of the metadata of a plan's message."""
_REFUSED: Mapping[str, type[ChatRefusedError]] = MappingProxyType({
    **dict.fromkeys(("message_not_found", "cant_update_message", "edit_window_closed"), MessageGoneError),
    **dict.fromkeys(UNDRAWABLE, UndrawableError),
    **dict.fromkeys(("not_in_channel", "channel_not_found", "is_archived"), ChannelClosedError),
    **dict.fromkeys(
        ("expired_trigger_id", "exchanged_trigger_id", "not_found", "view_not_found", "hash_conflict"),
        ViewGoneError,
    ),
})  # fmt: skip
SERVER_ERROR = 500


class _Counted(WebClient):
    """Slack's own, whose calls are counted."""

    metrics: Metrics = NO_METRICS

    def api_call(self, api_method: str, **given: Any) -> SlackResponse:
        began, outcome = time.monotonic(), "failed"
        try:
            answer = super().api_call(api_method, **given)
            outcome = "ok"
        except SlackApiError as error:
            limited = error.response.status_code == HTTPStatus.TOO_MANY_REQUESTS
            outcome = "limited" if limited else "refused"
            raise
        finally:
            self.metrics.called_slack(api_method, outcome, time.monotonic() - began)
        return answer


class _Pauses(RateLimitErrorRetryHandler):
    """Slack's own, whose pauses are counted."""

    metrics: Metrics = NO_METRICS

    def prepare_for_next_attempt(self, **given: Any) -> None:
        began = time.monotonic()
        super().prepare_for_next_attempt(**given)
        self.metrics.paused_by_slack(time.monotonic() - began)


def web_client(
    token: str, api_url: str | None, *, patient: bool = True, metrics: Metrics = NO_METRICS
) -> WebClient:
    """Make a client that tries again after server errors, and a patient one also after Slack's pauses.

    It waits in the thread that calls, for as long as Slack says.
    """
    # slack_sdk joins base URL and method name as they stand.
    client = (
        _Counted(token, f"{api_url.rstrip('/')}/", TIMEOUT) if api_url else _Counted(token, timeout=TIMEOUT)
    )
    client.metrics = metrics
    if patient:
        pauses = _Pauses(max_retry_count=2)
        pauses.metrics = metrics
        client.retry_handlers.append(pauses)
    client.retry_handlers = [
        handler for handler in client.retry_handlers if not isinstance(handler, ConnectionErrorRetryHandler)
    ]
    client.retry_handlers.append(Again(2, FixedValueRetryIntervalCalculator(AGAIN_AFTER)))
    return client


class Again(RetryHandler):
    """Tries again after what passes: a broken connection, a server's error, and errors that Slack calls passing.

    Not what would stand there twice: whether a plan's message stands is looked up before it is posted again.
    """

    def _can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - slack_sdk's own signature
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if PLAN_POSTED.encode() in (request.data or b""):
            return False
        if response is None:
            return isinstance(error, URLError | ConnectionError)
        reason = (response.body or {}).get("error")
        return response.status_code >= SERVER_ERROR or reason in PASSING - _PAUSES


@contextmanager
def slack_errors() -> Iterator[None]:
    """Turn what slack_sdk raises into our errors; what can heal by itself apart from what cannot."""
    try:
        yield
    except SlackApiError as error:
        reason = str(error.response.get("error") or "unknown_error")
        kind = (
            ChatError
            if reason in PASSING or error.response.status_code >= SERVER_ERROR
            else _REFUSED.get(reason, ChatRefusedError)
        )
        told = kind(f"Slack answered {reason}.")
        if isinstance(told, UndrawableError):
            told.faults = tuple((error.response.get("response_metadata") or {}).get("messages") or ())
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
