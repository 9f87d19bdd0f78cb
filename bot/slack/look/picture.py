"""Where a host's space is, as a picture: how full its disk is, and its largest objects. Values to a PNG.

It shows nothing that the report does not say in words; its alt text carries the same numbers.
"""

import io
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bot.core.docker.usage import BUILD_CACHE, CONTAINERS, IMAGES, VOLUMES, Survey
from bot.core.units import short_size
from bot.slack.kit.blocks import Message, Picture, context
from bot.slack.kit.drawing import INK, drawable, drawn
from bot.slack.kit.native import pie
from bot.slack.kit.text import clip, escape, one_line
from bot.slack.look.usage import Listed, Listing, listings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALT_LIMIT = 1_000
"""Characters of an image's alt text (Slack, "Image block")."""
BARS = 12
GB = 1_000_000_000
NAME_SHOWN = 42
SPOKEN = 5
"""Objects that the alt text names."""
OTHER, FREE = "Other files", "Free"
COLOURS = {
    IMAGES: "#1d63ed", CONTAINERS: "#0f9d8a", VOLUMES: "#c2410c", BUILD_CACHE: "#8b5cf6", OTHER: "#8a8f98",
    FREE: "#e4e7ec",
}  # fmt: skip
WIDTH, DISK, HEAD, ROW, DOTS = 10.0, 1.6, 0.5, 0.34, 120
"""Inches of the whole, the disk's part, and of the objects' head and rows; dots an inch."""


def picture_of(host: str, survey: Survey) -> Picture:
    """Draw a host's space as it was seen; about half a second of processor time."""
    parts, largest = _parts(survey), _largest(listings(survey.inventory))
    png = drawn(partial(_drawn, _title(host, survey), parts, largest))
    return Picture(png=png, alt=_alt(host, survey, parts, largest))


def drawn_by_slack(host: str, survey: Survey) -> Message:
    """The same parts as one of Slack's own charts, with the words that the picture has."""
    parts, largest = _parts(survey), _largest(listings(survey.inventory))
    chart = pie(f"{host}: GB", [(name, round(size / GB, 2)) for name, size in parts])
    words = _alt(host, survey, parts, largest)
    return Message(text=escape(words), blocks=(), native=(chart, context(escape(words))))


def _title(host: str, survey: Survey) -> str:
    usage, disk = survey.usage, survey.disk
    docker = f"Docker holds {short_size(usage.size)}"
    return f"{host}: {docker}" + (f", disk {disk.used_share:.0%} full" if disk else "")


def _parts(survey: Survey) -> list[tuple[str, int]]:
    """What the disk holds, in Docker's order, then what is not Docker's, and what is free; bytes."""
    parts = [(row.type, max(row.size, 0)) for row in survey.usage.rows if row.known]
    if survey.disk:
        used = survey.disk.size - survey.disk.free
        parts += [(OTHER, max(used - sum(size for _, size in parts), 0)), (FREE, survey.disk.free)]
    return parts


def _largest(found: Iterable[Listing]) -> list[tuple[str, Listed]]:
    every = [(listing.title, one) for listing in found for one in listing.objects[:BARS] if one.size]
    return sorted(every, key=lambda each: (-(each[1].size or 0), each[1].name))[:BARS]


def _alt(
    host: str, survey: Survey, parts: Sequence[tuple[str, int]], largest: Sequence[tuple[str, Listed]]
) -> str:
    told = "; ".join(f"{name} {short_size(size)}" for name, size in parts)
    names = ", ".join(
        f"{one_line(clip(one.name, NAME_SHOWN))} {short_size(one.size or 0)}" for _, one in largest[:SPOKEN]
    )
    largest_text = f" The largest: {names}." if names else ""
    return clip(f"{_title(host, survey)}. {told}.{largest_text}", ALT_LIMIT)


# --- drawing ------------------------------------------------------------------------------------


def _drawn(title: str, parts: Sequence[tuple[str, int]], largest: Sequence[tuple[str, Listed]]) -> bytes:
    # Its import takes most of a second, which only a process that draws should pay.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    bars = HEAD + ROW * len(largest)
    figure = Figure(figsize=(WIDTH, DISK + bars), dpi=DOTS, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    # Two figures in one: the names of the objects take no room from the disk's bar and its legend.
    [disk], [objects] = figure.subfigures(2, 1, squeeze=False, height_ratios=[DISK, bars])
    disk.suptitle(drawable(title), x=0.01, ha="left", size=15, weight="bold", color=INK, parse_math=False)
    _draw_disk(disk.subplots(), parts)
    if largest:
        _draw_largest(objects.subplots(), largest)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return drawn.getvalue()


def _draw_disk(axes: "Axes", parts: Sequence[tuple[str, int]]) -> None:
    """One bar of everything that the disk holds, and a legend that has its numbers."""
    left = 0
    for name, size in parts:
        axes.barh(
            0, size, left=left, color=COLOURS[name], edgecolor="white", label=f"{name} {short_size(size)}"
        )
        left += size
    axes.set_xlim(0, max(left, 1))
    axes.set_axis_off()
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0), ncols=3, frameon=False, fontsize=11, labelcolor=INK
    )


def _draw_largest(axes: "Axes", largest: Sequence[tuple[str, Listed]]) -> None:
    sizes = [one.size or 0 for _, one in largest]
    places = range(len(largest))
    axes.barh(places, sizes, color=[COLOURS[kind] for kind, _ in largest], height=0.7)
    axes.set_yticks(
        places, [drawable(clip(one_line(one.name), NAME_SHOWN)) for _, one in largest], fontsize=11
    )
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    for place, size in zip(places, sizes, strict=True):
        axes.annotate(
            short_size(size), (size, place), (4, 0), textcoords="offset points", va="center", color=INK
        )
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_title("The largest objects", loc="left", fontsize=12, color=INK)
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelcolor=INK)
