"""What people write in words: to the bot, and where they mention it; a thread takes no slash command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.slack.audit.handlers import AuditHandlers
from bot.slack.door.asked import MENTIONED, Asked
from bot.slack.door.replying import Replies
from bot.slack.kit.blocks import Message
from bot.slack.look.handlers import LookHandlers
from bot.slack.plan.proposing import ProposalHandlers

HELP = (
    "Write one of these, here or where you mention me; `/docker-df`, `/docker-prune` and `/docker-audit` do the same.\n"
    "• `df` lists the hosts, `df prod-3` shows where its disk went and what each cleanup would free\n"
    "• `prune prod-3 routine` proposes a cleanup: nothing is removed before somebody approves its plan\n"
    "• `audit prod-3 since=30d` shows what was removed, and who approved it\n"
    "`df help`, `prune help` and `audit help` tell all of each."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordHandlers:
    looks: LookHandlers
    proposals: ProposalHandlers
    audits: AuditHandlers
    replies: Replies

    def said(self, asked: Asked, text: str) -> None:
        """Do what the command of that name does; whoever says anything else reads what there is to say."""
        verb, _, rest = MENTIONED.sub("", text, count=1).strip().partition(" ")
        commands: Mapping[str, Callable[[Asked, str], None]] = {
            "df": self.looks.df,
            "prune": self.proposals.prune,
            "audit": self.audits.search,
        }
        command = commands.get(verb.lower().removeprefix("/").removeprefix("docker-"))
        if command is None:
            self.replies.openly(asked, Message.of(HELP))
        else:
            command(asked, rest.strip())
