"""Exports written, changed by hand, and verified by us."""

from collections.abc import Sequence
from pathlib import Path

from bot.core.audit.breaks import BreakKind
from bot.core.audit.format import AuditKeys, Head
from bot.store.audit.export import Selection, json_lines
from bot.store.audit.export_files import verify_file
from bot.store.opening import Store

KEYS = ("k" * 40, "o" * 40)
NEW_AND_OLD, OLD = AuditKeys(*KEYS), AuditKeys(KEYS[1])
EVERYTHING = Selection()


def exported(store: Store, path: Path, selection: Selection = EVERYTHING) -> list[str]:
    with store.chain.exported(json_lines, selection) as lines:
        path.write_text("".join(lines), encoding="utf-8")
    return path.read_text(encoding="utf-8").splitlines()


def ours(
    path: Path, keys: AuditKeys | None = None, known: Head | None = None
) -> tuple[int, BreakKind] | None:
    broken = verify_file(path, keys or AuditKeys(), known).broken
    return (broken.seq, broken.kind) if broken else None


def rewritten(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
