"""What differs between SQLite and PostgreSQL when rows may already be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.store.tables import Base

BATCH = 500
"""Rows a statement: SQLite takes 32,766 parameters."""


def is_postgresql(session: Session) -> bool:
    """Whether the session speaks to PostgreSQL (else SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def insert_new(
    session: Session, table: type[Base], rows: Sequence[dict[str, Any]], returning: InstrumentedAttribute[Any]
) -> set[Any]:
    """Insert the rows whose unique columns are not there yet; their values of `returning`."""
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    inserted: set[Any] = set()
    for start in range(0, len(rows), BATCH):
        statement = insert(table).on_conflict_do_nothing().returning(returning)
        # nulls are written out: rows that leave out different columns would each be a statement of its own
        written = session.scalars(statement.execution_options(render_nulls=True), rows[start : start + BATCH])
        inserted.update(written)
    return inserted
