"""Label schemas, version by version: what people answered, or were given, stays as it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, NotFound
from core.records import LabelSchema, Option, Question, ShownIf
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import (
    AnnotationRow,
    BulkRow,
    ClaimRow,
    LabelSchemaRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
    ResolutionRow,
)


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """One version of a schema, and what hangs on it.

    `answers` counts submissions, edits and withdrawals too; `given` the times that somebody was given it to answer.
    """

    id: int
    schema: LabelSchema
    by: str
    at: datetime | None
    retired_at: datetime | None
    answers: int
    given: int
    queues: tuple[str, ...]

    @property
    def untouched(self) -> bool:
        """Whether nobody has answered it or been given it, so that it may still be replaced."""
        return not self.answers and not self.given


def save_schema(session: Session, schema: LabelSchema, by: int | None = None) -> int:
    """The row id of a schema version, written when it is not there yet; one that is there is never changed."""
    insert_new(session, LabelSchemaRow, [_row(schema, by)], LabelSchemaRow.id)
    return _id_of(session, schema.key, schema.version)


def save_next(session: Session, schema: LabelSchema, by: int | None = None) -> int:
    """The row id of a new schema version; raises Conflict where somebody else saved that version at this moment."""
    if not insert_new(session, LabelSchemaRow, [_row(schema, by)], LabelSchemaRow.id):
        raise Conflict(
            f"{schema.key} was saved as version {schema.version} by somebody else in the meantime. Your text is still "
            "here.",
            field="key",
        )
    return _id_of(session, schema.key, schema.version)


def save_edit(session: Session, schema: LabelSchema, seen: LabelSchema | None, by: int | None = None) -> int:
    """Save an edited schema; the row id. Its version is the next one, unless the newest is untouched: that is replaced.

    `seen` is the newest version as the editor began with it (None: there was none). Raises Conflict when somebody else
    saved in the meantime.
    """
    rows = _locked(session, schema.key)
    newest = rows[-1] if rows else None
    if (newest and schema_from_row(newest)) != seen:
        whose = "was removed" if newest is None else f"was saved as version {newest.version}"
        raise Conflict(f"{schema.key} {whose} by somebody else in the meantime. Your text is still here.", field="key")
    if newest is None:
        return save_next(session, _as_version(schema, 1), by)
    if _counts(session, LabelSchemaRow.key == schema.key)[newest.id] != (0, 0):
        return save_next(session, _as_version(schema, newest.version + 1), by)
    for name, value in _row(_as_version(schema, newest.version), by).items():
        setattr(newest, name, value)
    session.flush()
    return newest.id


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


def schema_id(session: Session, key: str, version: int) -> int | None:
    """The row id of a version of a schema, or None."""
    return session.scalar(select(LabelSchemaRow.id).where(LabelSchemaRow.key == key, LabelSchemaRow.version == version))


def schema_versions(session: Session, key: str | None = None) -> list[SchemaVersion]:
    """Every version of a schema (None: of all), by title of the newest, newest version first."""
    of = LabelSchemaRow.key == key if key is not None else LabelSchemaRow.key != ""
    counts, queues = _counts(session, of), _queues(session)
    query = select(LabelSchemaRow, PersonRow.name).outerjoin(PersonRow, PersonRow.id == LabelSchemaRow.created_by)
    found = [
        SchemaVersion(
            row.id,
            schema_from_row(row),
            by or "",
            row.created_at,
            row.retired_at,
            *counts[row.id],
            tuple(queues.get(row.id, ())),
        )
        for row, by in session.execute(query.where(of)).all()
    ]
    newest = {one.schema.key: one.schema.title for one in sorted(found, key=lambda one: one.schema.version)}
    return sorted(found, key=lambda one: (newest[one.schema.key].lower(), one.schema.key, -one.schema.version))


def offered_schemas(session: Session) -> list[SchemaVersion]:
    """The newest version of every schema that is not retired: what a new queue may ask."""
    newest: dict[str, SchemaVersion] = {}
    for one in schema_versions(session):
        if one.retired_at is None:
            newest.setdefault(one.schema.key, one)
    return list(newest.values())


def retire_schema(session: Session, key: str, retired: bool = True) -> None:
    """Offer a schema to no new queue, or offer it again; queues that ask it go on."""
    at = now() if retired else None
    session.execute(update(LabelSchemaRow).where(LabelSchemaRow.key == key).values(retired_at=at))
    session.expire_all()


def why_kept(session: Session, key: str) -> str:
    """Why a schema cannot be deleted, in a sentence; "" when it can."""
    versions = schema_versions(session, key)
    queues = sorted({queue for one in versions for queue in one.queues})
    answers, given = sum(one.answers for one in versions), sum(one.given for one in versions)
    if queues:
        return (
            f"{_listed(queues)} {'asks' if len(queues) == 1 else 'ask'} it. Retire it: no new queue is offered it then."
        )
    if answers:
        return f"{answers:,} {'answer was' if answers == 1 else 'answers were'} given to it, and they stay. Retire it."
    return "Somebody was given it to answer, and may still. Retire it." if given else ""


def delete_schema(session: Session, key: str) -> None:
    """Delete every version of a schema that nobody uses or answered; raises Conflict saying why not."""
    _locked(session, key)
    if reason := why_kept(session, key):
        raise Conflict(f"{key} cannot be deleted: {reason}", field="key")
    session.execute(delete(LabelSchemaRow).where(LabelSchemaRow.key == key))


def ask_version(session: Session, schema_id: int, queues: Iterable[str]) -> None:
    """Have these queues (names) ask a version from now on; what is claimed goes on with what was given."""
    session.execute(update(QueueRow).where(QueueRow.name.in_(list(queues))).values(schema_id=schema_id))
    session.expire_all()


def schema_from_row(row: LabelSchemaRow) -> LabelSchema:
    """The schema that a row holds."""
    questions = tuple(_question(stored) for stored in row.questions)
    return LabelSchema(row.key, row.version, row.title, questions, row.guidelines, row.source, row.note)


def _row(schema: LabelSchema, by: int | None) -> dict[str, Any]:
    return {
        "key": schema.key,
        "version": schema.version,
        "title": clean(schema.title),
        "guidelines": clean(schema.guidelines),
        "source": clean(schema.source),
        "questions": [asdict(question) for question in schema.questions],
        "note": clean(schema.note),
        "created_at": now(),
        "created_by": by,
    }


def _as_version(schema: LabelSchema, version: int) -> LabelSchema:
    return LabelSchema(
        schema.key, version, schema.title, schema.questions, schema.guidelines, schema.source, schema.note
    )


def _id_of(session: Session, key: str, version: int) -> int:
    query = select(LabelSchemaRow.id).where(LabelSchemaRow.key == key, LabelSchemaRow.version == version)
    return session.scalars(query).one()


def _locked(session: Session, key: str) -> list[LabelSchemaRow]:
    """All versions, oldest first; until the transaction ends nobody can be given one of them."""
    query = select(LabelSchemaRow).where(LabelSchemaRow.key == key).order_by(LabelSchemaRow.version)
    return list(session.scalars(query.with_for_update()))


def _counts(session: Session, of: Any) -> dict[int, tuple[int, int]]:
    """Version (row id) → how many answers it has, and how often it was given to somebody."""
    ids = list(session.scalars(select(LabelSchemaRow.id).where(of)))
    answers, given = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
    said: tuple[Any, ...] = (AnnotationRow, PreferenceRow, RankingGivenRow, ResolutionRow, BulkRow)
    for table in (*said, ClaimRow):
        into = given if table is ClaimRow else answers
        counted = select(table.schema_id, func.count()).where(table.schema_id.in_(ids)).group_by(table.schema_id)
        for schema, n in session.execute(counted).all():
            into[schema] += n
    return {one: (answers[one], given[one]) for one in ids}


def _queues(session: Session) -> dict[int, list[str]]:
    made: dict[int, list[str]] = {}
    asked = select(QueueRow.schema_id, QueueRow.name).where(QueueRow.schema_id.is_not(None)).order_by(QueueRow.name)
    for schema, name in session.execute(asked).all():
        if schema is not None:
            made.setdefault(schema, []).append(name)
    return made


def _listed(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names[:5]] + ([f"{len(names) - 5} more"] if len(names) > 5 else [])
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _question(stored: dict[str, Any]) -> Question:
    options = tuple(Option(**option) for option in stored["options"])
    condition = stored["shown_if"]
    shown_if = condition and ShownIf(condition["question"], tuple(condition["values"]))
    return Question(**(stored | {"options": options, "shown_if": shown_if}))
