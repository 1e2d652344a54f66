"""What a person says again is a new row: the number of the next, and what counted until now no longer does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from core.store.tables import AnnotationRow, PreferenceRow, RankingGivenRow

SURPLUS, REPEAT, REQUEUED, RETRACTED = "surplus", "repeat", "requeued", "retracted"
"""Why an answer stands apart and does not count (core.store.tables.AnnotationRow)."""

Said = TypeVar("Said", AnnotationRow, PreferenceRow, RankingGivenRow)


def begin_revision(session: Session, table: Any, mine: Sequence[ColumnElement[bool]], place: str) -> int:
    """The number of the next of a person's words (`mine`, rows of `table`); a hidden repeat replaces none of them."""
    if place != REPEAT:
        session.execute(update(table).where(*mine, table.current).values(current=False))
    return (session.scalar(select(func.max(table.revision)).where(*mine)) or 0) + 1


def newest_said(
    session: Session, table: type[Said], mine: Sequence[ColumnElement[bool]], repeat: int | None
) -> Said | None:
    """What a person says now by their words (`mine`), or said in answer to a hidden repeat (item); None if nothing."""
    apart = (table.place == REPEAT, table.item_id == repeat)
    place = apart if repeat is not None else (table.place != REPEAT,)
    row = session.scalar(select(table).where(*mine, *place).order_by(table.revision.desc()).limit(1))
    return None if row is None or row.withdrawn or row.place in (REQUEUED, RETRACTED) else row
