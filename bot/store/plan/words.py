"""The words that a cleanup is found by, written with its run."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from bot.core.audit import words
from bot.core.errors import NewerReleaseError, PlanDiffersError
from bot.core.json import storable
from bot.core.life.states import PlanState, Status
from bot.store.db.sessions import now
from bot.store.models import ItemRow, PlanRow, WordRow
from bot.store.plan.plans import load

BESIDE_US = timedelta(days=7)
"""How long processes of two releases may run on one database."""
MOST_LOST = 20


def begin(session: Session, state: PlanState) -> None:
    """Make a cleanup that has just been claimed findable.

    And those that a process of an earlier release ran beside us, which writes no words and counts no bytes.
    """
    _write_words(session, state)
    lost = select(col(PlanRow.id)).where(
        col(PlanRow.started_at) >= now(session) - BESIDE_US,
        ~exists().where(
            col(WordRow.word) == words.EVERY,
            col(WordRow.started_at) == col(PlanRow.started_at),
            col(WordRow.plan_id) == col(PlanRow.id),
        ),
    )
    for plan_id in session.scalars(lost.limit(MOST_LOST)).all():
        with suppress(PlanDiffersError, NewerReleaseError):  # another plan's rows hold up no cleanup
            other = load(session, plan_id)
            if other is not None:
                _write_words(session, other)
                _count_freed(session, plan_id)


def _write_words(session: Session, state: PlanState) -> None:
    rows = [
        {"word": word, "started_at": state.started_at, "plan_id": state.plan.id, "host": state.plan.host}
        for word in sorted({storable(word) for word in words.words_of(state)})
    ]
    own = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(own(WordRow).on_conflict_do_nothing(), rows)


def end(session: Session, plan_id: str, status: Status) -> None:
    """Keep how a cleanup ended, and what it freed."""
    started = select(col(PlanRow.started_at)).where(col(PlanRow.id) == plan_id).scalar_subquery()
    session.execute(
        update(WordRow)
        .where(
            col(WordRow.word) == words.outcome_word(Status.RUNNING),
            col(WordRow.started_at) == started,
            col(WordRow.plan_id) == plan_id,
        )
        .values(word=words.outcome_word(status))
        .execution_options(synchronize_session=False)
    )
    _count_freed(session, plan_id)


def _count_freed(session: Session, plan_id: str) -> None:
    freed = select(func.coalesce(func.sum(col(ItemRow.bytes)), 0)).where(col(ItemRow.plan_id) == plan_id)
    session.execute(
        update(PlanRow)
        .where(col(PlanRow.id) == plan_id)
        .values(reclaimed_bytes=freed.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
