"""Refusals in Slack's words: people, user groups and channels as mentions, and the commands that help."""

from bot.core.errors import DeckhandError, NoSuchHostsError, RefusedError, UsageError
from bot.core.refusals import PlanClosed, PlanExpired, Refusal
from bot.slack.action_ids import PLAN_AFRESH
from bot.slack.kit.blocks import Message, actions, button, context, section
from bot.slack.kit.text import code, date, entry_text, escape, mention_id
from bot.slack.parsing import corrected

LINE_SHOWN = 600
"""Characters of a line that was put right."""


class InSlack:
    """How Slack names what a refusal is about."""

    text = staticmethod(escape)
    person = staticmethod(mention_id)
    entry = staticmethod(entry_text)

    @staticmethod
    def asking(host: str, request: str) -> str:
        return f"/docker-prune {escape(host)} {escape(request)}"


def words(error: DeckhandError) -> str:
    """What somebody reads of an error, with Slack's mentions in it; all else is escaped."""
    refusal = error.refusal if isinstance(error, RefusedError) else None
    if isinstance(refusal, Refusal):
        return refusal.words(InSlack())
    return escape(sentence(error))


def sentence(error: DeckhandError) -> str:
    """The same of an error that mentions nobody, not escaped yet."""
    if isinstance(error, NoSuchHostsError):
        return f"{error} /docker-df lists {'all hosts' if error.of_all else 'those that you may look at'}."
    return str(error)


def refusal_message(error: DeckhandError, line: str = "") -> Message:
    """The private answer to whoever asked for what was not done; ``line`` is what they wrote."""
    said = words(error)
    right = corrected(line, error) if isinstance(error, UsageError) else ""
    if right:
        said = f"{said} Ready to send: {code(right, LINE_SHOWN)}"
    blocks = [section(said)]
    closed = error.refusal if isinstance(error, RefusedError) else None
    if isinstance(closed, PlanClosed | PlanExpired):
        if closed.since is not None:
            blocks.append(context(f"Since {date(closed.since)}"))
        if closed.again:
            blocks.append(actions([button("Plan afresh", PLAN_AFRESH, closed.plan)]))
    return Message(text=said, blocks=tuple(blocks))
