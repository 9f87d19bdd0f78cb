"""What the shell shows: tables with rich for people, JSON for programs."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.core.audit import Json, time_text
from bot.core.inventory import EngineInfo
from bot.core.lifecycle import PlanState
from bot.core.objects import Explanation
from bot.core.plans import Draft
from bot.core.units import human_size
from bot.core.usage import DiskUsage
from bot.ports import Cleanup
from bot.services import facts

OUT = Console(soft_wrap=True, highlight=False)


def print_json(value: Json) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))  # noqa: T201 - the answer of a --json command


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print a plain table; everything in it is text, so that no name from a host is read as markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, title in enumerate(head):
        table.add_column(title, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    OUT.print(table)


def say(text: str) -> None:
    OUT.print(Text(text))


def show_usage(usage: DiskUsage) -> None:
    show_table(
        ("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"),
        (row.cells for row in usage.rows),
        right=(1, 2, 3, 4),
    )


def draft_json(host: str, draft: Draft) -> Json:
    """A draft as ``deckhand plan --json`` prints it; bytes are integers."""
    engine = draft.engine
    return {
        "host": host,
        "profile": draft.profile,
        "engine": {
            "id": engine.id,
            "version": engine.version,
            "api_version": engine.api_version,
            "store": engine.store,
        },
        "frees": facts.frees(draft.frees),
        "notes": list(draft.notes),
        "items": [
            {
                "kind": item.kind,
                "id": item.id,
                "name": item.name,
                "references": list(item.references),
                "bytes": item.bytes,
                "rule": item.rule,
            }
            for item in draft.items
        ],
        "kept": [
            {"kind": kept.kind, "id": kept.id, "name": kept.name, "rule": kept.rule} for kept in draft.kept
        ],
    }


def show_draft(host: str, draft: Draft) -> None:
    frees = draft.frees
    size = human_size(frees.high)
    if not frees.exact:
        size = f"{human_size(frees.low)} to {size}"
    say(f"{host}: {draft.request} would remove {len(draft.items)} objects and free {size} ({frees.why}).")
    for note in draft.notes:
        say(note)
    show_table(
        ("REMOVE", "NAME", "SIZE", "RULE"),
        (
            (item.kind, ", ".join(item.references) or item.name, human_size(item.bytes), item.rule)
            for item in draft.items
        ),
        right=(2,),
    )
    say("")
    show_table(("KEEP", "NAME", "RULE"), ((kept.kind, kept.name, kept.rule) for kept in draft.kept))


def show_explanations(explanations: Sequence[Explanation], *, as_json: bool) -> None:
    """Print why each profile takes or keeps each object that was meant."""
    if as_json:
        print_json([_explanation_json(one) for one in explanations])
        return
    for one in explanations:
        say(f"{one.thing.kind} {', '.join(one.thing.references) or one.thing.name} ({one.thing.id})")
        show_table(
            ("PROFILE", "", "RULE", "UNTIL"),
            (
                (each.profile, "removes" if each.takes else "keeps", each.rule,
                 f"{each.due:%Y-%m-%d %H:%M}Z" if each.due else "")
                for each in one.reasons
            ),
        )  # fmt: skip


def _explanation_json(one: Explanation) -> Json:
    return {
        "kind": one.thing.kind,
        "id": one.thing.id,
        "name": one.thing.name,
        "profiles": [
            {"profile": each.profile, "takes": each.takes, "rule": each.rule,
             "due": time_text(each.due) if each.due else None}
            for each in one.reasons
        ],
    }  # fmt: skip


def show_cleanups(cleanups: Sequence[Cleanup]) -> None:
    show_table(
        ("ID", "HOST", "PROFILE", "OUTCOME", "RECLAIMED", "PREDICTED", "ASKED BY", "APPROVED BY", "STARTED"),
        (
            (
                one.id,
                one.host,
                one.profile,
                one.outcome,
                human_size(one.reclaimed_bytes),
                human_size(one.predicted_bytes),
                one.requested_by,
                ", ".join(one.approved_by),
                f"{one.started_at:%Y-%m-%d %H:%M:%S}Z",
            )
            for one in cleanups
        ),
        right=(4, 5),
    )


def show_record(state: PlanState) -> None:
    plan = state.plan
    say(
        f"{plan.draft.profile} on {plan.host}: {state.status}"
        + (f" ({state.reason})" if state.reason else "")
    )
    say(
        f"asked for by {plan.requester.id}, approved by {', '.join(p.id for p in state.approvers) or 'nobody'}"
    )
    say(
        f"engine {plan.draft.engine.version} {plan.draft.engine.id}; predicted "
        f"{human_size(plan.draft.frees.high)}, reclaimed {human_size(state.reclaimed)}"
    )
    show_table(
        ("KIND", "NAME", "OUTCOME", "BYTES", "REASON"),
        (
            (
                i.item.kind,
                ", ".join(i.item.references) or i.item.name,
                i.outcome,
                human_size(i.bytes),
                i.reason,
            )
            for i in state.items
        ),
        right=(3,),
    )
    for title, usage in (("before", state.usage_before), ("after", state.usage_after)):
        if usage:
            say(f"\nsystem df {title}:")
            show_usage(usage)


def show_engine(engine: EngineInfo) -> None:
    say(f"Docker Engine {engine.version} (API {engine.api_version}), data root {engine.data_root}")
