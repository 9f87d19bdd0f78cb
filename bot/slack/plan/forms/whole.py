"""All of a plan in one view: what goes and why, what stays and why, its rule, its commands, and the engine. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from bot.core.docker.inventory import ORDER
from bot.core.docker.usage import DiskUsage
from bot.core.life.risk import by_risk
from bot.core.life.states import PlanState
from bot.core.plan.plan import Item, Kept
from bot.core.plan.profiles import KIND_NAMES
from bot.core.units import short_size
from bot.slack.kit.blocks import Block, context, header, modal, section
from bot.slack.kit.names import frees_text
from bot.slack.kit.text import code, date, escape, mention, paragraphs, plain, plural
from bot.slack.plan.looking import whole_line
from bot.slack.plan.open import profile_text, went_text

VIEW = "whole_list"
"""Callback id of a view that is only read."""
ITEMS_SHOWN, KEPT_SHOWN, COMMANDS_SHOWN = 200, 120, 20
"""The plan's thread has the file of a longer list."""
NAME_SHOWN, WORDS_SHOWN = 120, 240
_REST = "_and {left:,} more: the list in the plan's thread has all_"


def whole_view(state: PlanState) -> Block:
    """What the message has no room for; the file in the thread has all where this has not either."""
    plan, draft = state.plan, state.plan.draft
    engine = f"Engine {plain(draft.engine.version, 60)} {code(draft.engine.id, 60)}"
    blocks = [
        section(f"*{escape(plan.host)}*: frees {frees_text(draft)} in {plural(len(draft.items), 'object')}, "
                f"{escape(draft.frees.why)}\n{profile_text(state)}"),
        *([section(went_text(state))] if state.went_with else []),
        *_goes(draft.items),
        *_stays(draft.kept),
        header("Docker commands of much the same effect"),
        section("\n".join(f"• {code(command, 400)}" for command in plan.commands[:COMMANDS_SHOWN]) or "There is none."),
        context("Typed by hand, these decide anew what goes; the plan removes what it lists, and nothing else."),
        header("docker system df, when it was planned"),
        section(f"```\n{_table(plan.usage)}\n```"),
        context(f"Plan {code(plan.id)} · {mention(plan.requester)} asked {date(plan.created_at)} · policy "
                f"{plain(plan.policy, 60)} · {engine}\nEach object is looked at again right before it goes; what has "
                "changed is kept."),
    ]  # fmt: skip
    return modal(VIEW, "All of the plan", blocks)


def _goes(items: Sequence[Item]) -> Iterator[Block]:
    """Kind by kind, the riskiest and the largest first."""
    room = ITEMS_SHOWN
    for kind in ORDER:
        of_kind = by_risk(i for i in items if i.kind is kind)
        if not of_kind:
            continue
        size = short_size(sum(item.bytes for item in of_kind))
        yield header(f"Goes: {len(of_kind):,} {KIND_NAMES[kind]}, {size}")
        shown = of_kind[:room]
        room -= len(shown)
        yield from _sections(
            (f"• {whole_line(i, WORDS_SHOWN, NAME_SHOWN)}" for i in shown), len(of_kind) - len(shown)
        )


def _stays(kept: Sequence[Kept]) -> Iterator[Block]:
    if not kept:
        return
    yield header(f"Stays: {plural(len(kept), 'object')}")
    lines = (
        f"• {one.kind.replace('_', ' ')} {code(one.name, NAME_SHOWN)} {plain(one.rule, WORDS_SHOWN)}"
        for one in kept[:KEPT_SHOWN]
    )
    yield from _sections(lines, len(kept) - KEPT_SHOWN)


def _sections(lines: Iterable[str], left: int) -> Iterator[Block]:
    more = [_REST.format(left=left)] if left > 0 else []
    yield from map(section, paragraphs([*lines, *more]))


def _table(usage: DiskUsage) -> str:
    """``system df`` as the shell shows it: a view takes no table."""
    rows = [("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"), *(row.cells for row in usage.rows)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(escape(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
