"""Slack's own charts and tables with captions, which not every workspace takes: what is sent, and what was refused.

Of the fields of ``data_table`` Slack publishes types; those of ``data_visualization`` are its documentation's.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.slack.kit.blocks import Block
from bot.slack.kit.text import clip

LOG = logging.getLogger(__name__)

TITLE_LIMIT, LABEL_LIMIT = 50, 20
SEGMENTS_LIMIT, POINTS_LIMIT = 6, 20
NATIVE = frozenset({"data_table", "data_visualization"})
PAGE = 20
"""Rows of a table that are shown at once."""
ASKED_AGAIN = 7 * 24 * 3600.0
"""Seconds after which what a workspace refused is tried once more: it may take it by then."""


class Natives:
    """What a workspace turned out to take. Of each process: it costs one refused call to find out."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._refused: dict[str, float] = {}

    def may(self, blocks: Iterable[Block]) -> bool:
        """Whether none of these was refused lately."""
        now = self._ticks()
        kinds = {str(block["type"]) for block in blocks}
        return not any(now - at < ASKED_AGAIN for kind, at in self._refused.items() if kind in kinds)

    def refuse(self, blocks: Iterable[Block], faults: Iterable[str]) -> None:
        """Slack did not draw a message with these, and said this."""
        LOG.info("this workspace does not take it, so it is shown in another way: %s", "; ".join(faults))
        kinds = {str(block["type"]) for block in blocks} & NATIVE
        self._refused.update(dict.fromkeys(kinds, self._ticks()))


def data_table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Block:
    """A table that can be sorted and searched; the first column names its row for screen readers."""
    cells = [[{"type": "raw_text", "text": cell or "-"} for cell in row] for row in (head, *rows)]
    return {
        "type": "data_table", "caption": caption, "rows": cells, "page_size": PAGE, "row_header_column_index": 0,
    }  # fmt: skip


def pie(title: str, segments: Iterable[tuple[str, float]]) -> Block:
    """Shares of a whole; those of nothing are left out."""
    found = [{"label": clip(name, LABEL_LIMIT), "value": value} for name, value in segments if value > 0]
    return _chart(title, {"type": "pie", "segments": found[:SEGMENTS_LIMIT]})


def lines(
    title: str, categories: Sequence[str], series: Mapping[str, Sequence[float]], y_label: str
) -> Block:
    """Figures over time; each series has one for each category, of which no two are the same."""
    labels = [clip(each, LABEL_LIMIT) for each in categories]
    drawn = [
        {
            "name": clip(name, LABEL_LIMIT),
            "data": [{"label": label, "value": value} for label, value in zip(labels, values, strict=True)],
        }
        for name, values in series.items()
    ]
    axes = {"categories": labels, "y_label": clip(y_label, TITLE_LIMIT)}
    return _chart(title, {"type": "line", "series": drawn, "axis_config": axes})


def _chart(title: str, chart: Block) -> Block:
    return {"type": "data_visualization", "title": clip(title, TITLE_LIMIT), "chart": chart}
