"""The message that says why a disk is full: each part with its size, its growth, and what to do. Pure."""

from bot.core.watch.forecast import Forecast
from bot.core.watch.whole.disk import Part
from bot.core.watch.whole.words import UNSEEN, growth_words, size_words
from bot.core.watch.words import full_words
from bot.services.watch.whole import Answer
from bot.slack.kit.blocks import Block, Message, context, header, section
from bot.slack.kit.text import bar, date, escape, plain

_SENTENCE = 400


def whole_message(answer: Answer) -> Message:
    """The answer to ``/docker-df HOST why-full``."""
    whole = answer.whole
    title = f"{answer.host}: {f'{whole.disk.used_share:.0%} full' if whole.disk else 'what Docker counts'}"
    lasts = _lasts(answer.forecast, answer)
    about = escape(str(whole.disk)) if whole.disk else f":warning: {UNSEEN}"
    blocks: list[Block] = [header(title), section("\n".join(filter(None, (about, lasts))))]
    blocks += [section(_part(part)) for part in whole.parts]
    blocks.append(context(f"As of {date(answer.now)}. Nothing was removed, and no log was touched."))
    said = [f"{part.name}: {size_words(part)}" for part in whole.parts]
    return Message(text=f"{escape(title)}. {'. '.join(said)}.", blocks=tuple(blocks))


def _lasts(forecast: Forecast | None, answer: Answer) -> str:
    if forecast is None or not forecast.enough or forecast.size is None:
        return ""
    full = full_words(forecast.unattended, forecast.filling, answer.now)
    return f":hourglass: If nobody cleans up: {full}."


def _part(part: Part) -> str:
    shown = f"`{bar(part.share)}` " if part.share is not None else ""
    growth = growth_words(part)
    first = f"{shown}*{part.name}* {size_words(part)}" + (f" · {growth}" if growth else "")
    says = [f"• {plain(each, _SENTENCE)}" for each in part.advice.says]
    does = [f"→ {plain(each, _SENTENCE)}" for each in part.advice.does]
    return "\n".join([first, *says, *does])
