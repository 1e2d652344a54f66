"""Runs the migrations on the connection that `core.store.engine.migrate` hands over."""

from alembic import context

from core.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    include_name=lambda name, kind, parents: kind != "table" or not (name or "").startswith("step_text"),
)
context.run_migrations()
