"""What the audit is searched by: words of each cleanup, and what it freed; and who wanted images again.

Safe while the previous release runs: a cleanup that the previous release begins or ends after this is listed and
counted as soon as this release begins one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "plan_by_start": ["started_at", "host"],
    "plan_by_host_and_start": ["host", "started_at"],
    "plan_counted": ["id", "profile", "requester_id", "status"],
}
"""Totals are read from these alone; the first two were there, and end in what was freed from now on."""
BATCH = 200
LONGEST = 400
BYTES = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Sorted by bytes on both databases."""


def upgrade() -> None:
    words = op.create_table(
        "cleanup_word",
        sa.Column("word", BYTES, primary_key=True),
        sa.Column("started_at", sa.Text, primary_key=True),
        sa.Column("plan_id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.add_column("plan", sa.Column("reclaimed_bytes", sa.BigInteger, nullable=False, server_default="0"))
    op.execute(
        """UPDATE plan SET reclaimed_bytes =
        coalesce((SELECT sum(bytes) FROM plan_item WHERE plan_id = plan.id), 0)
        WHERE finished_at IS NOT NULL"""
    )
    for name, columns in INDEXES.items():
        op.drop_index(name, "plan", if_exists=True)
        op.create_index(name, "plan", [*columns, "reclaimed_bytes"])
    _create_restore()
    for rows in _words_of_old_cleanups(op.get_bind()):
        op.bulk_insert(words, rows)


def _create_restore() -> None:
    op.create_table(
        "restore",
        sa.Column("plan_id", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("person_name", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
        sa.Column("images", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.Text),
    )
    is_open = sa.text("status <> 'ended'")
    op.create_index("restore_open", "restore", ["asked_at"], sqlite_where=is_open, postgresql_where=is_open)


def downgrade() -> None:
    op.drop_table("restore")
    for name in INDEXES:
        op.drop_index(name, "plan")
    op.drop_column("plan", "reclaimed_bytes")
    op.create_index("plan_by_start", "plan", INDEXES["plan_by_start"][:1])
    op.create_index("plan_by_host_and_start", "plan", INDEXES["plan_by_host_and_start"])
    op.drop_table("cleanup_word")


# --- the words of the day on which this was written ---------------------------------------------


def _words_of_old_cleanups(connection: sa.Connection) -> Iterator[list[dict[str, str]]]:
    last = ""
    while True:
        plans: Sequence[Any] = connection.execute(
            sa.text(
                "SELECT id, host, profile, status, requester_id, requester_name, started_at, snapshot FROM plan "
                "WHERE started_at IS NOT NULL AND id > :last ORDER BY id LIMIT :most"
            ),
            {"last": last, "most": BATCH},
        ).all()
        if not plans:
            return
        last = plans[-1].id
        for plan in plans:
            people = [(plan.requester_id, plan.requester_name), *_approvers(connection, plan.id)]
            words = {"", f"host:{plan.host}", f"profile:{plan.profile}", f"outcome:{plan.status}"}
            words |= {f"by:{person}" for person, _ in people}
            words |= {f"by:@{name.lower()}" for _, name in people if name}
            for item in json.loads(plan.snapshot)["draft"]["items"]:
                words |= {f"name:{name}" for name in _names(item)}
            yield [
                {"word": word, "started_at": plan.started_at, "plan_id": plan.id, "host": plan.host}
                for word in {word[:LONGEST] for word in words}
            ]


def _approvers(connection: sa.Connection, plan_id: str) -> list[tuple[str, str]]:
    rows = connection.execute(
        sa.text("SELECT person_id, person_name FROM vote WHERE plan_id = :plan AND approve"),
        {"plan": plan_id},
    )
    return [(person, name) for person, name in rows]


def _names(item: dict[str, Any]) -> Iterable[str]:
    if item["kind"] == "build_cache":
        return
    yield _short(item["id"]).lower()
    if item["kind"] != "image":
        yield item["name"].lower()
    for reference in item["references"]:
        name, _, digest = reference.lower().partition("@")
        repository = re.sub(r":[^:/]*$", "", name)
        if digest:
            yield _short(digest)
        for whole in (
            {repository} if digest else {repository, name if name != repository else f"{name}:latest"}
        ):
            parts = whole.split("/")
            yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _short(object_id: str) -> str:
    return object_id.removeprefix("sha256:")[:12]
