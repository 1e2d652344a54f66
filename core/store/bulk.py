"""Labels that were given to many runs at once: which runs they are for, how far they came, and which still stand.

A bulk is written before its first label and its labels in batches, so that one that was cut short says so: fewer of its
labels are there than its `n`. Taking it back is written first, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import Annotation
from core.store.hidden import hidden_from
from core.store.locks import lock_rows
from core.store.revisions import SURPLUS
from core.store.tables import AnnotationRow, BulkRow, LabelSchemaRow, TraceRow
from core.store.trace_filter import TraceFilter, filtered

STILL = timedelta(seconds=10)
"""After the last batch, within which the next one is thought to come."""


@dataclass(frozen=True, slots=True)
class BulkCount:
    """What a bulk label over a filter would do: runs it labels, those labelled by the person already, those hidden.

    `up_to` is the newest run (row id) that was counted: what arrives later is not labelled unseen.
    """

    runs: int
    labelled: int
    hidden: int
    up_to: int


@dataclass(frozen=True, slots=True)
class BulkLine:
    """One bulk and how it stands: of `n` runs `given` were labelled, and `standing` of these labels are in force.

    `moved_at` is when a label of it was last given or taken back, or when either began.
    """

    id: int
    person: int
    schema_id: int
    schema_key: str
    filter: Mapping[str, Any]
    answers: Mapping[str, Any]
    n: int
    given: int
    standing: int
    at: datetime
    undone_at: datetime | None
    moved_at: datetime

    @property
    def runs_still(self) -> bool:
        """Whether somebody is at it, in whatever tab: what is not whole and has moved just now."""
        return (self.unfinished or self.half_undone) and now() - self.moved_at < STILL

    @property
    def unfinished(self) -> bool:
        """Whether it was cut short, and neither finished nor taken back since."""
        return self.undone_at is None and self.given < self.n

    @property
    def half_undone(self) -> bool:
        """Whether taking it back was cut short."""
        return self.undone_at is not None and self.standing > 0


def count_for_bulk(session: Session, wanted: TraceFilter, person: int, schema: str) -> BulkCount:
    """What labels for every run of a filter would be, by this person under this schema (key)."""
    mine, hidden = _labelled(person, schema), hidden_from(person)
    up_to = session.scalar(select(func.max(TraceRow.id))) or 0

    def count(*which: ColumnElement[bool]) -> int:
        query = filtered(session, select(func.count()).select_from(TraceRow), wanted)
        return session.scalar(query.where(TraceRow.id <= up_to, TraceRow.closed_at.is_not(None), *which)) or 0

    n_hidden = count(hidden)
    return BulkCount(count(~mine, ~hidden), count(mine, ~hidden), n_hidden, up_to)


def next_for_bulk(session: Session, wanted: TraceFilter, person: int, schema: str, up_to: int, most: int) -> list[int]:
    """Runs of a filter that this person has not labelled under this schema and may, the oldest row first."""
    query = filtered(session, select(TraceRow.id), wanted).where(
        TraceRow.id <= up_to, TraceRow.closed_at.is_not(None), ~_labelled(person, schema), ~hidden_from(person)
    )
    return list(session.scalars(query.order_by(TraceRow.id).limit(most)))


def _labelled(person: int, schema: str) -> ColumnElement[bool]:
    counts = or_(AnnotationRow.current, (AnnotationRow.place == SURPLUS) & ~AnnotationRow.withdrawn)
    mine = (AnnotationRow.person_id == person, AnnotationRow.schema_key == schema, AnnotationRow.step_uid == "")
    return exists().where(AnnotationRow.trace_id == TraceRow.id, *mine, counts)


def open_bulk(
    session: Session,
    person: int,
    schema_id: int,
    filter_: Mapping[str, Any],
    answers: Mapping[str, Any],
    n: int,
    at: datetime,
) -> int:
    """Write down that a bulk begins; its row id."""
    row = BulkRow(
        person_id=person, schema_id=schema_id, filter=dict(filter_), answers=dict(answers), n=n, at=at, undone_at=None
    )
    session.add(row)
    session.flush()
    return row.id


def close_bulk(session: Session, bulk: int, given: int) -> None:
    """A bulk is whole: it labelled so many runs, for others were labelled or removed meanwhile."""
    session.execute(update(BulkRow).where(BulkRow.id == bulk).values(n=given))


def mark_undone(session: Session, bulk: int, at: datetime) -> None:
    """Write down that a bulk is taken back, before its labels are."""
    session.execute(update(BulkRow).where(BulkRow.id == bulk, BulkRow.undone_at.is_(None)).values(undone_at=at))


def label_runs(
    session: Session,
    bulk: int,
    person: int,
    schema: tuple[int, str],
    traces: Sequence[int],
    annotation: Annotation,
    at: datetime,
    withdrawn: bool = False,
) -> bool:
    """Write the same label of one person, or its withdrawal, on each of these runs: a new row beside those before.

    False, and nothing is written, when the person labelled one of them under the schema (row id, key) at this moment.
    """
    lock_rows(session, TraceRow.id, TraceRow.id.in_(traces))
    try:
        with session.begin_nested():
            _write(session, bulk, person, schema, traces, annotation, at, withdrawn)
    except IntegrityError:
        return False
    session.expire_all()
    return True


def _write(
    session: Session,
    bulk: int,
    person: int,
    schema: tuple[int, str],
    traces: Sequence[int],
    annotation: Annotation,
    at: datetime,
    withdrawn: bool,
) -> None:
    mine = (AnnotationRow.person_id == person, AnnotationRow.schema_key == schema[1], AnnotationRow.step_uid == "")
    of = AnnotationRow.trace_id.in_(traces)
    if withdrawn:
        session.execute(update(AnnotationRow).where(of, *mine, AnnotationRow.current).values(current=False))
    last = select(AnnotationRow.trace_id, func.max(AnnotationRow.revision)).where(of, *mine)
    revisions = dict(session.execute(last.group_by(AnnotationRow.trace_id)).all())
    shared = {
        "step_uid": "",
        "item_id": None,
        "person_id": person,
        "schema_id": schema[0],
        "schema_key": schema[1],
        "current": not withdrawn,
        "withdrawn": withdrawn,
        "place": "",
        "bulk_id": bulk,
        "blind": False,
        "answers": dict(annotation.answers),
        "marks": [asdict(mark) for mark in annotation.marks],
        "corrections": [],
        "active_seconds": None,
        "submitted_at": at,
        "key": "",
    }
    rows = [shared | {"trace_id": trace, "revision": revisions.get(trace, 0) + 1} for trace in traces]
    session.execute(insert(AnnotationRow), rows)
    counted = select(func.count()).where(AnnotationRow.trace_id == TraceRow.id, AnnotationRow.current)
    session.execute(
        update(TraceRow)
        .where(TraceRow.id.in_(traces))
        .values(n_annotations=counted.correlate(TraceRow).scalar_subquery())
        .execution_options(synchronize_session=False)
    )


def lock_bulk(session: Session, bulk: int) -> None:
    """Let nobody else go on with a bulk, or take it back, until this transaction ends."""
    session.scalar(select(BulkRow.id).where(BulkRow.id == bulk).with_for_update())


def standing_runs(session: Session, bulk: int, most: int) -> list[int]:
    """Runs whose label of this bulk still counts: nobody changed it since."""
    query = select(AnnotationRow.trace_id).where(AnnotationRow.bulk_id == bulk, AnnotationRow.current)
    return list(session.scalars(query.order_by(AnnotationRow.trace_id).limit(most)))


def bulk_line(session: Session, bulk: int) -> BulkLine:
    """One bulk; raises NotFound."""
    found = _lines(session, BulkRow.id == bulk)
    if not found:
        raise NotFound(f"There is no bulk label {bulk}.", field="bulk")
    return found[0]


def bulks_of(session: Session, person: int, most: int = 20) -> list[BulkLine]:
    """The bulk labels of a person, the newest first."""
    return _lines(session, BulkRow.person_id == person, most)


def _lines(session: Session, which: ColumnElement[bool], most: int = 1) -> list[BulkLine]:
    of = AnnotationRow.bulk_id == BulkRow.id
    given = select(func.count()).where(of, ~AnnotationRow.withdrawn).correlate(BulkRow).scalar_subquery()
    standing = select(func.count()).where(of, AnnotationRow.current).correlate(BulkRow).scalar_subquery()
    moved = select(func.max(AnnotationRow.submitted_at)).where(of).correlate(BulkRow).scalar_subquery()
    query = (
        select(BulkRow, LabelSchemaRow.key, given, standing, moved)
        .join(LabelSchemaRow, LabelSchemaRow.id == BulkRow.schema_id)
        .where(which)
        .order_by(BulkRow.id.desc())
        .limit(most)
    )
    return [
        BulkLine(
            *(row.id, row.person_id, row.schema_id, key, row.filter, row.answers, row.n),
            *(n_given, n_standing, row.at, row.undone_at),
            max(filter(None, (row.at, row.undone_at, last))),
        )
        for row, key, n_given, n_standing, last in session.execute(query)
    ]
