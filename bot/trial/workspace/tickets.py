"""The short-lived things that an interaction hands to the bot: trigger ids and response URLs."""

import time
from dataclasses import dataclass

from bot.trial.workspace.core import Refused, fresh_id

TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 30 * 60.0
HOOK_USES = 5


@dataclass(slots=True, kw_only=True)
class _Trigger:
    user: str
    ends: float
    channel: str
    used: bool = False


class Triggers:
    """Trigger ids: three seconds, once. Call with the workspace's lock held."""

    def __init__(self) -> None:
        self._known: dict[str, _Trigger] = {}

    def issue(self, user: str, channel: str = "") -> str:
        """``channel`` is the one that the person had before them."""
        trigger_id = fresh_id("", 13) + "." + fresh_id("", 12)
        ends = time.monotonic() + TRIGGER_SECONDS
        self._known[trigger_id] = _Trigger(user=user, ends=ends, channel=channel)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """Give the id of the person who caused the interaction."""
        trigger = self._known.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger.used:
            raise Refused("exchanged_trigger_id")
        if time.monotonic() > trigger.ends:
            raise Refused("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def channel_of(self, trigger_id: str) -> str:
        """The channel that the person had before them; empty where there was none."""
        trigger = self._known.get(trigger_id)
        return trigger.channel if trigger else ""

    def expire_all(self) -> None:
        """Let a test come too late without waiting for it."""
        for trigger in self._known.values():
            trigger.ends = 0.0


@dataclass(slots=True, kw_only=True)
class Hook:
    """Where a response URL leads: a channel, a person, and the message that was clicked, if any."""

    channel: str
    user: str
    source_ts: str
    thread_ts: str
    ends: float
    uses: int = 0


class Hooks:
    """Response URLs: five uses within 30 minutes. Call with the workspace's lock held."""

    def __init__(self) -> None:
        self._known: dict[str, Hook] = {}

    def issue(self, *, channel: str, user: str, source_ts: str = "", thread_ts: str = "") -> str:
        token = fresh_id("", 24)
        ends = time.monotonic() + HOOK_SECONDS
        self._known[token] = Hook(
            channel=channel, user=user, source_ts=source_ts, thread_ts=thread_ts, ends=ends
        )
        return token

    def use(self, token: str) -> Hook:
        hook = self._known.get(token)
        if hook is None or time.monotonic() > hook.ends:
            raise Refused("expired_url")
        if hook.uses >= HOOK_USES:
            raise Refused("used_url")
        hook.uses += 1
        return hook
