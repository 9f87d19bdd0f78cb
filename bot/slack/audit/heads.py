"""Where the audit's chain ends, told to a channel."""

from dataclasses import dataclass

from bot.core.audit.format import Head
from bot.slack.chat import SlackChat
from bot.slack.kit.blocks import Message, context, section
from bot.slack.kit.text import code


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedHeads:
    """Implements ``bot.ports.Heads``."""

    chat: SlackChat

    def post_head(self, channel: str, head: Head) -> None:
        self.chat.post(channel, head_message(head))


def head_message(head: Head) -> Message:
    """The daily post of where the audit's chain ends."""
    return Message(
        text=f"The audit stands at event {head.seq}: {head}",
        blocks=(
            section(f":lock: The audit stands at event {head.seq}: {code(str(head), 100)}"),
            context(
                f"Kept here, it shows whether the audit is rewritten later: `deckhand audit verify --head {head}`"
            ),
        ),
    )
