"""Run by Alembic: applies the migrations inside the transaction that ``bot.store.db.schema`` has opened."""

from alembic import context

from bot.store.models import Row

context.configure(connection=context.config.attributes["connection"], target_metadata=Row.metadata)
with context.begin_transaction():
    context.run_migrations()
