"""What a Home says of how its person is told of plans that wait, and the menu that changes it. Pure."""

from collections.abc import Iterator

from bot.core.rules.telling import DIGEST_HOUR, Wish, Wished
from bot.slack.action_ids import HOME_TOLD
from bot.slack.kit.blocks import DIVIDER, Block, header, menu, option, section
from bot.slack.kit.text import plain

_LABELS = {
    Wish.POLICY: ("As policies say", "in the channel, in person, or when I am on call"),
    Wish.CHANNEL: ("Channel only", "never in person, unless somebody names me"),
    Wish.DIRECT: ("In person", "at once, of each plan that I may decide about"),
    Wish.DIGEST: (f"Digest at {DIGEST_HOUR}:00", "once a day, by my own clock"),
}
_SAID = {
    Wish.POLICY: "Each host's policy says whether you are told in the channel, in person, or when you are on call.",
    Wish.CHANNEL: "You are told in the plan's channel and thread, and in person only where somebody names you.",
    Wish.DIRECT: "You are written to of each plan that you may decide about, whatever its policy says.",
    Wish.DIGEST: "Once a day, at {hour}:00 ({zone}), you are written to of all that waits for you then. Being on call "
    "and being named by somebody are told at once.",
}


def told_blocks(wished: Wished) -> Iterator[Block]:
    """How somebody is told, and what else they may choose."""
    options = {wish: option(label, str(wish), about) for wish, (label, about) in _LABELS.items()}
    said = _SAID[wished.wish].format(hour=DIGEST_HOUR, zone=plain(wished.zone or "UTC", 60))
    block = section(said)
    block["accessory"] = menu("How I am told", HOME_TOLD, list(options.values()), options[wished.wish])
    yield DIVIDER
    yield header("How you are told of plans")
    yield block
