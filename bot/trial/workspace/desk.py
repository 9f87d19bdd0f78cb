"""Everything that one workspace holds, handed around as one value."""

from collections import deque
from dataclasses import dataclass, field

from bot.trial.workspace.core import JSON, Pulse, Refused, fresh_id
from bot.trial.workspace.faults import Faults, RateLimits
from bot.trial.workspace.files import Files
from bot.trial.workspace.limits.limits import refuse_message
from bot.trial.workspace.limits.native import refuse_native
from bot.trial.workspace.links import Links
from bot.trial.workspace.menus import Suggested
from bot.trial.workspace.messages import Draft, Message, Messages
from bot.trial.workspace.people.team import BOT_USER_ID, SLACKBOT_ID, Team
from bot.trial.workspace.tickets import Hooks, Triggers
from bot.trial.workspace.views import Views

MAX_CALLS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the Web API that got as far as its method."""

    method: str
    args: JSON
    at: float  # seconds, of the monotonic clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    url: str
    pulse: Pulse
    team: Team
    messages: Messages
    views: Views
    files: Files
    links: Links
    triggers: Triggers = field(default_factory=Triggers)
    hooks: Hooks = field(default_factory=Hooks)
    suggested: Suggested = field(default_factory=Suggested)
    faults: Faults = field(default_factory=Faults)
    rates: RateLimits = field(default_factory=RateLimits)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=MAX_CALLS))
    bot_token: str = field(default_factory=lambda: "xoxb-" + fresh_id("", 24))
    app_token: str = field(default_factory=lambda: "xapp-" + fresh_id("", 24))

    def say_privately(self, text: str, *, user: str, channel: str) -> Message:
        """Show a person a notice from Slack itself."""
        return self.messages.post(Draft(text=text), channel=channel, user=SLACKBOT_ID, only_for=user)

    def check(self, payload: JSON, channel: str) -> None:
        """Raise Refused for a message that Slack would not take into this channel."""
        refuse_message(payload)
        if not self.team.takes_native:
            refuse_native(payload.get("blocks") or ())
        self.check_pictures(payload.get("blocks") or (), channel)

    def check_pictures(self, blocks: list[JSON] | tuple[JSON, ...], channel: str) -> None:
        for number, block in enumerate(blocks):
            for place, holder in (("", block), ("/accessory", block.get("accessory") or {})):
                if "slack_file" in holder and not self.files.usable(holder["slack_file"], channel):
                    says = f"[ERROR] invalid slack file [json-pointer:/blocks/{number}{place}/slack_file]"
                    raise Refused("invalid_blocks", [says])

    def answer(self, payload: JSON, *, channel: str, user: str, thread_ts: str = "") -> Message:
        """Post what an ack or a response URL says: to one person, unless it asks for the channel."""
        self.check(payload, channel)
        public = payload.get("response_type") == "in_channel"
        return self.messages.post(
            draft_of(payload),
            channel=channel,
            user=BOT_USER_ID,
            only_for="" if public else user,
            thread_ts=thread_ts,
        )


def draft_of(payload: JSON) -> Draft:
    return Draft(
        text=payload.get("text") or "",
        blocks=payload.get("blocks") or (),
        attachments=payload.get("attachments") or (),
        metadata=payload.get("metadata") or {},
    )
