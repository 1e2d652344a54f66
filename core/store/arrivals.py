"""What came in, read back: counts through time, by door and agent, and what is not in its place yet.

Every query is bounded by a stretch of time or by a number of rows, however much is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal_column, select, type_coerce
from sqlalchemy.orm import Session

from core.store.dialect import is_postgresql
from core.store.hidden import hidden_from
from core.store.intake import Came
from core.store.tables import AnnotationRow, DeliveryRow, IntakeRow, RefusalRow, TraceRow

_SUMS = (
    func.sum(IntakeRow.accepted),
    func.sum(IntakeRow.repeated),
    func.sum(IntakeRow.rejected),
    func.sum(IntakeRow.size),
    func.sum(IntakeRow.redacted),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What came through one door in one minute or one hour, which begins at `at`."""

    at: datetime
    door: str
    came: Came


@dataclass(frozen=True, slots=True)
class Origin:
    """What came through one door from one agent ("": nobody said which)."""

    door: str
    agent: str
    came: Came


@dataclass(frozen=True, slots=True)
class Changed:
    """A run to which something was added after people had labelled it: when, and how many of its labels are older."""

    trace_id: int
    title: str
    changed_at: datetime
    labels: int


def came_through_time(session: Session, since: datetime, until: datetime, hours: bool) -> list[Moment]:
    """Counts by minute, or by hour (UTC), and by door, in order of time; what nothing came in is left out."""
    shape = "%Y-%m-%d %H" if hours else "%Y-%m-%d %H:%M"
    at = _moment(session, 13 if hours else 16)
    query = (
        select(at, IntakeRow.door, *_SUMS)
        .where(IntakeRow.minute >= since, IntakeRow.minute < until)
        .group_by(at, IntakeRow.door)
        .order_by(at, IntakeRow.door)
    )
    return [
        Moment(datetime.strptime(moment, shape).replace(tzinfo=UTC), door, _came(sums))
        for moment, door, *sums in session.execute(query)
    ]


def _moment(session: Session, length: int) -> ColumnElement[str]:
    """The minute as ISO text in UTC, cut to a length: 16 for the minute, 13 for the hour."""
    if is_postgresql(session):
        pattern = "'YYYY-MM-DD HH24'" if length == 13 else "'YYYY-MM-DD HH24:MI'"
        minute = func.timezone(literal_column("'UTC'"), IntakeRow.minute)
        return func.to_char(minute, literal_column(pattern)).label("moment")
    return func.substr(type_coerce(IntakeRow.minute, String), literal_column("1"), literal_column(str(length))).label(
        "moment"
    )


def came_from(session: Session, since: datetime) -> list[Origin]:
    """Counts by door and agent since a moment, the most first."""
    query = (
        select(IntakeRow.door, IntakeRow.agent, *_SUMS)
        .where(IntakeRow.minute >= since)
        .group_by(IntakeRow.door, IntakeRow.agent)
        .order_by(func.sum(IntakeRow.accepted).desc(), IntakeRow.door, IntakeRow.agent)
    )
    return [Origin(door, agent, _came(sums)) for door, agent, *sums in session.execute(query)]


def _came(sums: Sequence[int]) -> Came:
    return Came(*map(int, sums))


def anything_came(session: Session) -> bool:
    """Whether anything ever came in through any door, taken or not, or any run stands here."""
    columns = (IntakeRow.door, TraceRow.id, DeliveryRow.id, RefusalRow.id)
    return any(session.scalar(select(column).limit(1)) is not None for column in columns)


def rootless(session: Session, newest: int) -> tuple[int, int]:
    """Of the newest runs: how many that were sent were closed although their root never ended, of how many in all."""
    ids = select(TraceRow.id).order_by(TraceRow.started_at.desc(), TraceRow.id.desc()).limit(newest).subquery()
    given_up = and_(TraceRow.source == "otlp", TraceRow.root_ended.is_(False), TraceRow.closed_at.is_not(None))
    missing = case((given_up, 1), else_=0)
    query = select(func.coalesce(func.sum(missing), 0), func.count()).select_from(TraceRow)
    n, of = session.execute(query.join(ids, ids.c.id == TraceRow.id)).one()
    return int(n), int(of)


def changed_since_labelled(session: Session, person: int, most: int) -> tuple[int, list[Changed]]:
    """How many runs got steps after somebody had labelled them, and the last of them.

    Runs that are blind for `person` are left out: that others have labelled them is not to be known.
    """
    older = (
        AnnotationRow.trace_id == TraceRow.id,
        AnnotationRow.current,
        AnnotationRow.submitted_at < TraceRow.changed_at,
    )
    which = (
        TraceRow.n_annotations > 0,
        TraceRow.changed_at.is_not(None),
        exists().where(*older),
        ~hidden_from(person),
    )
    n = session.scalar(select(func.count()).select_from(TraceRow).where(*which)) or 0
    labels = select(func.count()).where(*older).correlate(TraceRow).scalar_subquery()
    last = (
        select(TraceRow.id, TraceRow.title, TraceRow.changed_at, labels)
        .where(*which)
        .order_by(TraceRow.changed_at.desc(), TraceRow.id.desc())
        .limit(most)
    )
    return n, [Changed(*row) for row in session.execute(last)]
