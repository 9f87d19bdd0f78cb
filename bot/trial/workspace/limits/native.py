"""Slack's limits on its charts and sortable tables, as its reference and published types state them."""

from collections.abc import Sequence

from bot.trial.workspace.core import JSON, Refused
from bot.trial.workspace.limits.parts import Findings, check_string, items_at, object_at

NATIVE = frozenset({"data_table", "data_visualization"})
TITLE, LABEL, GROUPS, POINTS, CHARTS = 50, 20, 6, 20, 2
ROWS, COLUMNS, PAGE = 101, 20, 100
_SERIES = frozenset({"line", "bar", "area"})


def refuse_native(blocks: Sequence[object]) -> None:
    """Raise Refused as a workspace does that has none of them."""
    for number, block in enumerate(blocks):
        if isinstance(block, dict) and block.get("type") in NATIVE:
            says = f"[ERROR] unsupported type: {block['type']} [json-pointer:/blocks/{number}/type]"
            raise Refused("invalid_blocks", [says])


def check_data_table(found: Findings, place: str, block: JSON) -> None:
    check_string(found, f"{place}/caption", block.get("caption"), most=3_000, least=1)
    size = block.get("page_size", 5)
    if not isinstance(size, int) or not 1 <= size <= PAGE:
        found.add(f"{place}/page_size", f"must be from 1 to {PAGE}")
    rows = items_at(found, f"{place}/rows", block.get("rows"), most=ROWS, least=2)
    widths = set()
    for here, row in rows:
        cells = items_at(found, here, row, most=COLUMNS)
        widths.add(len(cells))
        for there, value in cells:
            cell = object_at(found, there, value) or {}
            if cell.get("type") != "raw_text":
                found.add(f"{there}/type", f"unsupported type: {cell.get('type')}")
            check_string(found, f"{there}/text", cell.get("text"), most=3_000, least=1)
    if len(widths) > 1:
        found.add(f"{place}/rows", "every row must have as many cells")


def check_chart(found: Findings, place: str, block: JSON) -> None:
    found.charts += 1
    if found.charts > CHARTS:
        found.add(place, f"no more than {CHARTS} charts allowed")
    check_string(found, f"{place}/title", block.get("title"), most=TITLE, least=1)
    chart = object_at(found, f"{place}/chart", block.get("chart")) or {}
    kind = chart.get("type")
    if kind == "pie":
        _points(found, f"{place}/chart/segments", chart.get("segments"), most=GROUPS)
    elif kind in _SERIES:
        _series(found, f"{place}/chart", chart)
    else:
        found.add(f"{place}/chart/type", f"unsupported type: {kind}")


def _series(found: Findings, place: str, chart: JSON) -> None:
    axes = object_at(found, f"{place}/axis_config", chart.get("axis_config")) or {}
    categories = axes.get("categories")
    for here, category in items_at(found, f"{place}/axis_config/categories", categories, most=POINTS):
        check_string(found, here, category, most=LABEL, least=1)
    for key in ("x_label", "y_label"):
        check_string(found, f"{place}/axis_config/{key}", axes.get(key, ""), most=TITLE)
    names = []
    for here, value in items_at(found, f"{place}/series", chart.get("series"), most=GROUPS):
        series = object_at(found, here, value) or {}
        check_string(found, f"{here}/name", series.get("name"), most=LABEL, least=1)
        names.append(series.get("name"))
        labels = _points(found, f"{here}/data", series.get("data"), most=POINTS)
        if isinstance(categories, list) and not set(labels) <= set(categories):
            found.add(f"{here}/data", "labels must be categories")
    if len(set(names)) < len(names):
        found.add(f"{place}/series", "names must differ")


def _points(found: Findings, place: str, value: object, *, most: int) -> list[str]:
    labels = []
    for here, item in items_at(found, place, value, most=most):
        point = object_at(found, here, item) or {}
        check_string(found, f"{here}/label", point.get("label"), most=LABEL, least=1)
        labels.append(str(point.get("label")))
        if isinstance(point.get("value"), bool) or not isinstance(point.get("value"), int | float):
            found.add(f"{here}/value", "must be a number")
    return labels
