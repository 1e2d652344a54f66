"""Label schemas, version by version."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import LabelSchema, Question
from core.store.tables import LabelSchemaRow


def save_schema(session: Session, schema: LabelSchema) -> int:
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
    questions = tuple(
        Question(**(question | {"options": tuple(tuple(option) for option in question["options"])}))
        for question in row.questions
    )
    return LabelSchema(row.key, row.version, row.title, questions, row.guidelines, row.source)
