"""The message that shows a fleet: a row for each host as it answers, and who failed, by cause."""

from collections.abc import Iterator, Sequence

from bot.core.errors import HostError, by_cause
from bot.core.spreadsheet import tab_line
from bot.core.units import short_size
from bot.core.watch.outlook import NOTHING_FORETOLD, Outlook
from bot.services.look.fleet import Gathering, HostAnswer, filling_first
from bot.slack.door.asked import Asked
from bot.slack.door.replying import Replies
from bot.slack.kit.blocks import Block, Message, context, header, section, table
from bot.slack.kit.native import data_table
from bot.slack.kit.text import SECTION_LIMIT, escape, lines_within, one_line, plain, plural
from bot.slack.look.standing import Standing

HEAD = ("HOST", "SIZE", "RECLAIMABLE", "DISK FREE", "FULL")
LASTS = "LASTS"
"""A column more, where something is foretold."""
MOST_ROWS = 96
"""Slack takes 100 rows; the head, the rest and the total are rows too."""
ROWS_BUDGET = 6_000
"""Characters of the table: with the failed hosts it must stay below what Slack takes of a message."""
FAILED_BUDGET = 3_500
NOTE_BUDGET = 300
SENTENCE = 300
"""Characters of one host's error; the whole of it is in the list of the thread."""
NAMES_SHOWN = 20
UNKNOWN = "unknown"


def fleet_message(selection: str, gathering: Gathering, outlook: Outlook = NOTHING_FORETOLD) -> Message:
    """``outlook`` is what is foretold of these hosts: those come first whose disks are full first."""
    reached, title = filling_first(gathering.reached, outlook), _title(selection, gathering)
    blocks: list[Block] = [header(title)]
    sortable: Block = {}
    if reached:
        head = (*HEAD, LASTS) if outlook.forecasts else HEAD
        rows = [row[: len(head)] for row in _rows(reached, gathering.counted, outlook)]
        blocks.append(table(head, rows))
        sortable = data_table(title, head, rows)
    blocks += [section(text) for text in _failed(gathering)]
    blocks += [context(text) for text in _same(gathering)]
    blocks.append(
        context(
            "RECLAIMABLE is Docker's own figure: `/docker-df HOST` shows how much of it can go now, and offers plans."
        )
    )
    size = sum(_size(answer) for answer in gathering.counted)
    text = f"{title}. Docker holds {short_size(size)} on them."
    native = [sortable if block["type"] == "table" else block for block in blocks] if sortable else []
    return Message(text=escape(text), blocks=tuple(blocks), native=tuple(native))


def _same(gathering: Gathering) -> list[str]:
    """Which hosts are one engine, and are counted once."""
    pairs = [
        f"{escape(host)} is the same engine as {escape(first)}" for host, first in gathering.same.items()
    ]
    if not pairs:
        return []
    shown, left = lines_within(pairs, NOTE_BUDGET)
    more = f" … and {left} more" if left else ""
    return [f"Counted once: {'; '.join(shown)}{more}."]


def shows_all(gathering: Gathering) -> bool:
    """Whether the message itself shows every host and every whole error."""
    errors = (*gathering.changed, *gathering.failed)
    lines = [line for _, hosts in _by_cause(errors) for line in hosts]
    cut = any(len(str(error)) > SENTENCE for error in errors)
    slow = len(gathering.waiting) <= NAMES_SHOWN
    return len(_shown(gathering.reached)) == len(gathering.reached) and slow and not cut and _fit(lines)


def fleet_list(gathering: Gathering) -> str:
    """Every host of a gathering as tab-separated text, for the thread; sizes in bytes."""
    lines = [tab_line(*_COLUMNS)]
    for answer in gathering.reached:
        if answer.glance is None:
            continue
        disk, usage = answer.glance.disk, answer.glance.usage
        figures = (disk.free, disk.size, disk.free_inodes, disk.inodes) if disk else (None,) * 4
        version = one_line(answer.glance.engine.version)
        lines.append(tab_line(answer.host, usage.size, usage.reclaimable, *figures, version))
    lines.append("\n")
    lines += (tab_line(one_line(str(error))) for error in (*gathering.changed, *gathering.failed))
    within = f"{gathering.within.total_seconds():g} s"
    lines += (tab_line(f"{host}: no answer in {within}") for host in gathering.waiting)
    return "".join(lines)


_COLUMNS = ("host", "size", "reclaimable", "disk free", "disk size", "inodes free", "inodes", "engine")


def _title(selection: str, gathering: Gathering) -> str:
    count = len(gathering.answers) + len(gathering.waiting)
    counts = [f"{len(gathering.reached)} answered"]
    if gathering.failed:
        counts.append(f"{len(gathering.failed)} failed")
    if gathering.waiting:
        counts.append(f"{len(gathering.waiting)} {'too slow' if gathering.over else 'to come'}")
    return f"{selection}: {plural(count, 'host')}, {', '.join(counts)}"


def _shown(reached: Sequence[HostAnswer]) -> Sequence[HostAnswer]:
    used = 0
    for index, answer in enumerate(reached):
        used += sum(map(len, _row(answer)))
        if index == MOST_ROWS or used > ROWS_BUDGET:
            return reached[:index]
    return reached


def _rows(
    reached: Sequence[HostAnswer], counted: Sequence[HostAnswer], outlook: Outlook
) -> Iterator[Sequence[str]]:
    shown = _shown(reached)
    for answer in shown:
        yield (*_row(answer), outlook.words(answer.host))
    rest = reached[len(shown) :]
    if rest:
        yield _sum(f"… {plural(len(rest), 'smaller host')}", rest)
    if len(reached) > 1:
        yield _sum(f"All {len(counted)}", counted)


def _row(answer: HostAnswer) -> Sequence[str]:
    disk = answer.glance.disk if answer.glance else None
    return (
        answer.host,
        short_size(_size(answer)),
        short_size(_reclaimable(answer)),
        short_size(disk.free) if disk else UNKNOWN,
        f"{disk.used_share:.0%}" if disk else UNKNOWN,
    )


def _sum(title: str, answers: Sequence[HostAnswer]) -> Sequence[str]:
    disks = [answer.glance.disk for answer in answers if answer.glance and answer.glance.disk]
    size, free = sum(disk.size for disk in disks), sum(disk.free for disk in disks)
    return (
        title,
        short_size(sum(map(_size, answers))),
        short_size(sum(map(_reclaimable, answers))),
        short_size(free) if disks else UNKNOWN,
        f"{1 - free / size:.0%}" if disks else UNKNOWN,
        "",
    )


def _size(answer: HostAnswer) -> int:
    return answer.glance.usage.size if answer.glance else 0


def _reclaimable(answer: HostAnswer) -> int:
    return answer.glance.usage.reclaimable if answer.glance else 0


def _by_cause(failed: Sequence[HostError]) -> list[tuple[str, list[str]]]:
    return [
        (cause, [f"• {plain(str(error), SENTENCE)}" for error in errors])
        for cause, errors in by_cause(failed)
    ]


def _fit(lines: Sequence[str]) -> bool:
    return not lines_within(lines, FAILED_BUDGET)[1]


def _failed(gathering: Gathering) -> Iterator[str]:
    """Who failed, the most frequent cause first, within the budget of a message."""
    budget = FAILED_BUDGET
    for cause, lines in _by_cause((*gathering.changed, *gathering.failed)):
        head = f":x: *{cause[:1].upper()}{cause[1:]}*: {plural(len(lines), 'host')}"
        shown, left = lines_within(lines, max(0, min(budget, SECTION_LIMIT - len(head) - 60)))
        budget -= sum(map(len, shown))
        more = [f"_… and {left} more: the whole list is in the thread_"] if left else []
        yield "\n".join([head, *shown, *more])
    if gathering.waiting and gathering.over:
        seconds = f"{gathering.within.total_seconds():g} s"
        names = ", ".join(gathering.waiting[:NAMES_SHOWN])
        more_names = (
            f" and {len(gathering.waiting) - NAMES_SHOWN} more"
            if len(gathering.waiting) > NAMES_SHOWN
            else ""
        )
        yield f":hourglass: *No answer in {seconds}*: {plural(len(gathering.waiting), 'host')}\n{names}{more_names}"


class FleetMessage:
    """One message that is edited while hosts answer; where the bot is no member, it comes once, at the end."""

    def __init__(
        self, replies: Replies, asked: Asked, selection: str, outlook: Outlook = NOTHING_FORETOLD
    ) -> None:
        self._outlook = outlook
        self._standing = Standing(replies, asked)
        self._replies = replies
        self._asked = asked
        self._selection = selection

    def __call__(self, gathering: Gathering) -> None:
        """Show what is known so far; where Slack wants a pause, the next time will show more."""
        self._standing.meanwhile(1, lambda: fleet_message(self._selection, gathering, self._outlook))

    def end(self, gathering: Gathering) -> None:
        """Show all that came of it, and list in the thread what the message has no room for."""
        self._standing.end(fleet_message(self._selection, gathering, self._outlook))
        if not shows_all(gathering):
            title = f"Every host of {self._selection}"
            self._replies.files(
                self._asked, self._standing.thread, title, {"hosts.tsv": fleet_list(gathering)}
            )
