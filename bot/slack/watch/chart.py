"""A host's history, drawn: what was on its disk, the cleanups, and the band of what comes. Values to a PNG.

It shows nothing that the message does not say in words; its alt text carries the same numbers.
"""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES
from bot.core.units import short_size
from bot.core.watch.forecast import Forecast
from bot.core.watch.lines import thinned_out
from bot.core.watch.samples import KINDS, REST, Sample
from bot.core.watch.words import days_left, sentences
from bot.services.watch.histories import History
from bot.slack.kit.blocks import Message, Picture, context
from bot.slack.kit.drawing import INK, drawable, drawn
from bot.slack.kit.native import POINTS_LIMIT, lines
from bot.slack.kit.text import clip, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALT_LIMIT = 1_000
"""Characters of an image's alt text (Slack, "Image block")."""
COLOURS = {
    IMAGES: "#1d63ed", CONTAINERS: "#0f9d8a", VOLUMES: "#c2410c", BUILD_CACHE: "#8b5cf6", REST: "#8a8f98",
}  # fmt: skip
AHEAD = 0.4
"""How much of the time behind is shown of the time ahead, at most."""
SPOKEN = 6
"""Cleanups that the alt text names."""
GB = 1_000_000_000


def chart_of(history: History) -> Picture:
    """Draw a history that has samples with a disk; about half a second of processor time."""
    return Picture(png=drawn(partial(_drawn, history)), alt=_alt(history))


def drawn_by_slack(history: History) -> Message:
    """The same as one of Slack's own charts, of so many moments as it takes, with the words that the picture has."""
    sized = [each for each in history.samples if each.used is not None]
    by_label = {f"{each.at:%d %b %H:%M}": each for each in thinned_out(sized, POINTS_LIMIT)}
    series = {
        "used": [round((each.used or 0) / GB, 2) for each in by_label.values()],
        "the whole disk": [round((each.size or 0) / GB, 2) for each in by_label.values()],
    }
    chart = lines(f"How the disk of {history.host} filled", list(by_label), series, "GB")
    words = escape(_alt(history))
    return Message(text=words, blocks=(), native=(chart, context(words)))


def drawn_at_all(history: History) -> bool:
    """Whether there is a line to draw."""
    return len([each for each in history.samples if each.used is not None]) > 1


def _alt(history: History) -> str:
    sized = [each for each in history.samples if each.used is not None]
    first, last = sized[0], sized[-1]
    was = f"{short_size(first.used or 0)} used on {first.at:%d %b}"
    now = f"{short_size(last.used or 0)} of {short_size(last.size or 0)} on {last.at:%d %b %Y}"
    told = [f"The disk of {history.host}: {was}, {now}"]
    if history.cleanups:
        named = ", ".join(
            f"{each.started_at:%d %b} {short_size(each.reclaimed_bytes)}"
            for each in history.cleanups[-SPOKEN:]
        )
        told.append(f"Cleanups: {named}")
    told += [sentence.removesuffix(".") for sentence in sentences(history.forecast, history.now)]
    return clip(". ".join(told) + ".", ALT_LIMIT)


# --- drawing ------------------------------------------------------------------------------------


def _drawn(history: History) -> bytes:
    # Its import takes most of a second, which only a process that draws should pay.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(10, 4.5), dpi=120, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    left = days_left(history.forecast, history.now)
    title = drawable(history.host + (f": {left}" if left else ""))
    axes.set_title(title, loc="left", size=15, weight="bold", color=INK, parse_math=False)
    sized = [each for each in history.samples if each.used is not None]
    _draw_past(axes, sized)
    for cleanup in history.cleanups:
        axes.axvline(_at(cleanup.started_at), color=INK, linestyle=":", linewidth=1)
    if history.cleanups:
        axes.plot([], [], color=INK, linestyle=":", linewidth=1, label="Cleanup")
    if history.forecast is not None and history.forecast.enough and history.forecast.size is not None:
        _draw_ahead(axes, history.forecast, sized[-1].at - sized[0].at)
    _dress(axes, sized[-1].size or 0)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()


def _draw_past(axes: "Axes", sized: Sequence[Sample]) -> None:
    """What was used, by kind where that is known: volumes are counted seldom, and stay as they were meanwhile."""
    known: dict[str, int] = {}
    layers: dict[str, list[float]] = {kind: [] for kind in (*KINDS, REST)}
    for each in sized:
        known |= {kind: figures.size for kind, figures in each.kinds.items()}
        room = float(each.used or 0)
        for kind in KINDS:
            part = min(room, float(max(0, known.get(kind, 0))))
            layers[kind].append(part / GB)
            room -= part
        layers[REST].append(room / GB)
    times = [_at(each.at) for each in sized]
    kinds = [kind for kind, values in layers.items() if any(values)]
    axes.stackplot(
        times,
        [layers[kind] for kind in kinds],
        colors=[COLOURS[kind] for kind in kinds],
        labels=kinds,
        alpha=0.85,
    )


def _draw_ahead(axes: "Axes", forecast: Forecast, behind: timedelta) -> None:
    """From the last sample on: the middle, and the band, as far as the picture goes and the disk lasts."""
    begin, until = forecast.made_at, forecast.made_at + behind * AHEAD
    if forecast.unattended.at is not None:
        until = min(until, max(forecast.unattended.at, begin + timedelta(hours=1)))
    days = (until - begin) / timedelta(days=1)
    size, used = (forecast.size or 0) / GB, forecast.used / GB

    def then(rate: int) -> float:
        return max(0.0, min(size, used + rate / GB * days))

    moments = [_at(begin), _at(until)]
    axes.plot(moments, [used, then(forecast.rate)], color=INK, linestyle="--", label="If nobody cleans up")
    axes.fill_between(
        moments, [used, then(forecast.low)], [used, then(forecast.high)], color=INK, alpha=0.15, linewidth=0
    )


def _at(moment: datetime) -> float:
    """A moment as Matplotlib's axes of time have it: in days."""
    return moment.timestamp() / 86_400


def _dress(axes: "Axes", size: int) -> None:
    axes.axhline(size / GB, color="#b42318", linewidth=1.5, label=f"Full: {short_size(size)}")
    axes.set_ylim(0, size / GB * 1.05 or 1)
    axes.set_ylabel("GB", color=INK)
    axes.margins(x=0)
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - as above

    axes.xaxis_date()
    days = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call] # Matplotlib's dates have no types
    axes.xaxis.set_major_locator(days)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(days))  # type: ignore[no-untyped-call] # as above
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelcolor=INK)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False, fontsize=10, labelcolor=INK
    )
