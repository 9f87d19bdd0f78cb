"""An alert on which nobody acts is told to others: to as many as can be told, and to nobody twice for it."""

from collections.abc import Mapping
from typing import cast

import pytest

from bot.core.errors import ChatError, ChatRefusedError
from bot.core.rules.hosts import Hosts
from bot.core.watch.pressure.notice import Step
from bot.slack.alerts.showing import ShownAlerts
from bot.slack.chat import SlackChat
from bot.slack.kit.blocks import Message
from tests.slack.alerted import WARNED, noticed
from tests.slack.states import MADE

HELD = noticed(WARNED)
TO = ("C0ONCALL", "S0OPS")


class Channels:
    """What takes messages, but for channels with an error."""

    def __init__(self, errors: Mapping[str, ChatError]) -> None:
        self.errors, self.told = errors, list[str]()

    def post(self, channel: str, _message: Message) -> str:
        if channel in self.errors:
            raise self.errors[channel]
        self.told.append(channel)
        return "1.0"


def escalated(channels: Channels) -> None:
    shown = ShownAlerts(chat=cast("SlackChat", channels), hosts=lambda: Hosts({}))
    shown.say_of_alerts(HELD, Step.ESCALATE, TO, MADE)


@pytest.mark.parametrize("error", [ChatError("later"), ChatRefusedError("never")])
@pytest.mark.parametrize("channel", ["C0ONCALL", HELD.notice.channel])
def test_one_that_cannot_be_told_keeps_no_other_from_it(channel: str, error: ChatError) -> None:
    channels = Channels({channel: error})
    escalated(channels)
    assert channels.told == [each for each in ("C0ONCALL", HELD.notice.channel) if each != channel]


def test_where_nobody_can_be_told_now_it_is_tried_again() -> None:
    channels = Channels({"C0ONCALL": ChatRefusedError("never"), HELD.notice.channel: ChatError("later")})
    with pytest.raises(ChatError, match="later"):
        escalated(channels)
    channels.errors = {"C0ONCALL": ChatError("later"), HELD.notice.channel: ChatRefusedError("never")}
    with pytest.raises(ChatError, match="later"):
        escalated(channels)


def test_where_nobody_can_be_told_ever_it_is_not_tried_for_ever() -> None:
    escalated(Channels(dict.fromkeys(("C0ONCALL", HELD.notice.channel), ChatRefusedError("never"))))
