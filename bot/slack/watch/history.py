"""The message of a host's history: until when its disk lasts, what grows, and how full it was. Pure."""

from collections.abc import Iterator

from bot.core.units import duration_words, short_size
from bot.core.watch.lines import thinned_out
from bot.core.watch.samples import Sample
from bot.core.watch.words import KIND_HEAD, days_left, kind_rows, sentences
from bot.ports import Cleanup
from bot.services.watch.histories import History
from bot.slack.kit.blocks import Block, Message, context, header, section, table
from bot.slack.kit.text import bar, code, date, escape, plain, plural

LINES = 10
CLEANUPS_SHOWN = 5


def history_message(history: History) -> Message:
    """The answer to ``/docker-df HOST history``."""
    title = _title(history)
    if not history.samples:
        text = (
            f"It was sampled last {date(history.forecast.made_at)}, and not since: a longer time has more."
            if history.forecast
            else "Deckhand has not looked at it by itself yet: it does each quarter of an hour, unless `[watch]` of "
            "the configuration says otherwise."
        )
        return Message(text=f"{escape(title)}.", blocks=(header(title), section(text)))
    said = [escape(each) for each in sentences(history.forecast, history.now)]
    blocks: list[Block] = [header(title), section("\n".join(said))]
    if kinds := kind_rows(history.samples, history.forecast):
        blocks.append(table(KIND_HEAD, kinds))
    blocks.append(section("\n".join(_lines(history))))
    if history.cleanups:
        blocks.append(context("\n".join(_cleanups(history))))
    first = history.samples[0].at
    blocks.append(context(f"{plural(len(history.samples), 'sample')} since {date(first)}."))
    return Message(text=f"{escape(title)}. {' '.join(said)}", blocks=tuple(blocks))


def _title(history: History) -> str:
    """How full it is, and how long it lasts."""
    if not history.samples:
        return f"{history.host}: no history {'of that time' if history.forecast else 'yet'}"
    last = history.samples[-1]
    share = _share(last)
    full = f"{share:.0%} full" if share is not None else "how full it is cannot be told"
    left = days_left(history.forecast, history.now)
    return f"{history.host}: {full}" + (f", {left}" if left and left != "full" else "")


def _lines(history: History) -> Iterator[str]:
    """How full it was, in a few lines over the time that was asked for."""
    yield f"*The last {duration_words(history.span)}*"
    for each in thinned_out(history.samples, LINES):
        share = _share(each)
        if share is not None:
            free = short_size(each.free or 0)
            yield f"`{bar(share)}` {share:.0%} · {free} free · {date(each.at)}"
        elif each.docker is not None:
            yield f"{short_size(each.docker)} in Docker · {date(each.at)}"


def _cleanups(history: History) -> Iterator[str]:
    found = history.cleanups
    freed = sum(each.reclaimed_bytes for each in found)
    yield f":broom: {plural(len(found), 'cleanup')} freed {short_size(freed)} in that time."
    for each in found[-CLEANUPS_SHOWN:]:
        yield _cleanup(each)


def _cleanup(cleanup: Cleanup) -> str:
    freed = short_size(cleanup.reclaimed_bytes)
    return f"• {date(cleanup.started_at)}: {plain(cleanup.profile, 60)}, {freed} freed ({code(cleanup.plan, 20)})"


def _share(sample: Sample) -> float | None:
    return None if not sample.size or sample.used is None else sample.used / sample.size
