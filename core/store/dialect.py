"""What differs between SQLite and PostgreSQL when rows may already be there, and how much a statement takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.store.tables import Base

BATCH = 500
"""Rows a statement: SQLite takes 32,766 parameters."""


def parts(values: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    """The values, some at a time, as a statement takes them."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def is_postgresql(session: Session) -> bool:
    """Whether the session speaks to PostgreSQL (else SQLite)."""
    return session.get_bind().dialect.name == "postgresql"


def insert_new(
    session: Session, table: type[Base], rows: Sequence[dict[str, Any]], returning: InstrumentedAttribute[Any]
) -> set[Any]:
    """Insert the rows whose unique columns are not there yet; their values of `returning`.

    Every row names the same columns.
    """
    statement = _inserting(table, returning.key, is_postgresql(session))
    inserted: set[Any] = set()
    for some in parts(rows):
        inserted.update(session.scalars(statement, some))
    return inserted


@cache
def _inserting(table: type[Base], returning: str, on_postgresql: bool) -> Executable:
    """The statement, made once: for a single row that costs more than to run it."""
    insert = postgresql.insert if on_postgresql else sqlite.insert
    statement = insert(table.__table__)  # type: ignore[arg-type]  # declared as any FROM clause
    return statement.on_conflict_do_nothing().returning(table.__table__.c[returning])


def unindexed(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A number's column under which no index is looked up, for a query that would choose the worse of two.

    SQLite guesses that an index leads to ten rows: one person's twenty thousand answers were read for each item.
    """
    return column + 0


def insert_fast(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are new for certain and all have the same plain columns (no JSON), past SQLAlchemy's checks.

    A third of the time that a statement for each row's parameters takes, which counts where 10,000 rows come a second.
    """
    if not rows:
        return
    names = list(rows[0])
    on_postgresql = is_postgresql(session)
    marks = ", ".join(["%s" if on_postgresql else "?"] * len(names))
    columns = ", ".join(f'"{name}"' for name in names)
    times = (
        []
        if on_postgresql
        else [n for n, name in enumerate(names) if table.__table__.c[name].type.python_type is datetime]
    )
    values = [list(row.values()) for row in rows]
    for row in values if times else ():
        for n in times:
            if row[n] is not None:  # as SQLAlchemy writes times on SQLite
                row[n] = row[n].astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    statement = f'INSERT INTO "{table.__tablename__}" ({columns}) VALUES ({marks})'  # noqa: S608  (names of our own tables)
    session.connection().exec_driver_sql(statement, [tuple(row) for row in values])
