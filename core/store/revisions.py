"""What a person says again is a new row: the number of the next, and what counted until now no longer does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

SURPLUS, REPEAT, REQUEUED = "surplus", "repeat", "requeued"
"""Why an answer stands apart and does not count (core.store.tables.AnnotationRow)."""


def begin_revision(session: Session, table: Any, mine: Sequence[ColumnElement[bool]], place: str) -> int:
    """The number of the next of a person's words (`mine`, rows of `table`); a hidden repeat replaces none of them."""
    if place != REPEAT:
        session.execute(update(table).where(*mine, table.current).values(current=False))
    return (session.scalar(select(func.max(table.revision)).where(*mine)) or 0) + 1
