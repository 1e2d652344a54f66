"""Label schemas, version by version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import LabelSchema, Option, Question, ShownIf
from core.store.tables import LabelSchemaRow


def save_schema(session: Session, schema: LabelSchema, by: int | None = None) -> int:
    """The row id of a schema version, written when it is not there yet; one that is there is never changed."""
    known = session.scalar(
        select(LabelSchemaRow.id).where(LabelSchemaRow.key == schema.key, LabelSchemaRow.version == schema.version)
    )
    if known is not None:
        return known
    row = LabelSchemaRow(
        key=schema.key,
        version=schema.version,
        title=schema.title,
        guidelines=schema.guidelines,
        source=schema.source,
        questions=[asdict(question) for question in schema.questions],
        note=schema.note,
        created_at=now(),
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row.id


def get_schema(session: Session, schema_id: int) -> LabelSchema:
    """A schema version by row id; raises NotFound."""
    row = session.get(LabelSchemaRow, schema_id)
    if row is None:
        raise NotFound(f"There is no label schema {schema_id}.")
    return schema_from_row(row)


def newest_schema_id(session: Session, key: str) -> int | None:
    """The row id of the newest version of a schema, or None."""
    newest = select(func.max(LabelSchemaRow.version)).where(LabelSchemaRow.key == key).scalar_subquery()
    return session.scalar(select(LabelSchemaRow.id).where(LabelSchemaRow.key == key, LabelSchemaRow.version == newest))


def schema_from_row(row: LabelSchemaRow) -> LabelSchema:
    """The schema that a row holds."""
    questions = tuple(_question(stored) for stored in row.questions)
    return LabelSchema(row.key, row.version, row.title, questions, row.guidelines, row.source, row.note)


def _question(stored: dict[str, Any]) -> Question:
    options = tuple(Option(**option) for option in stored["options"])
    condition = stored["shown_if"]
    shown_if = condition and ShownIf(condition["question"], tuple(condition["values"]))
    return Question(**(stored | {"options": options, "shown_if": shown_if}))
