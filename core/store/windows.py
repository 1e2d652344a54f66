"""Runs of a stretch of time, some of them drawn evenly: what comparing two windows needs, without what steps say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

import orjson
from sqlalchemy import BigInteger, ColumnElement, Text, case, cast, func, literal, select
from sqlalchemy.orm import Session

from core.records import Role, SignalKind
from core.store.dialect import parts
from core.store.results import of_agent
from core.store.tables import AnnotationRow, PersonRow, ResolutionRow, SignalRow, StepRow, TaskRow, TraceRow, VersionRow
from core.store.work import Answered, Subject


@dataclass(frozen=True, slots=True)
class RunBrief:
    """A run without its text. `cluster` is the same for runs of one task; `task` is "" where there is none, or where
    its key was only guessed. A cost of 0 is read as not recorded."""

    id: int
    cluster: int
    task: str
    version: str
    title: str
    outcome: str
    outcome_from: str
    n_steps: int
    n_errors: int
    seconds: float | None
    cost: float | None
    tokens_out: int | None


@dataclass(frozen=True, slots=True)
class StepCount:
    """How many steps of one kind and name a run has."""

    trace_id: int
    kind: str
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class SaidOf:
    """What a signal says of a run: whether it succeeded. `source` is who sent it."""

    trace_id: int
    name: str
    kind: SignalKind
    source: str
    success: bool


_CLUSTER = func.coalesce(TraceRow.task_id, -TraceRow.id)
# Ids rise with time, so every so manieth would be a rhythm of arrival; Knuth's multiplier scatters them (The Art of
# Computer Programming, vol. 3, 6.4), and stays within 64 bits for any id below three billion.
_SCATTERED = (TraceRow.id * literal(2_654_435_761, BigInteger)) % literal(4_294_967_296, BigInteger)


def first_and_last(session: Session, agent: str | None) -> tuple[datetime, datetime] | None:
    """When the first and the newest dated run of an agent (None: of all) began; None without any."""
    mine = select(TraceRow.started_at).where(TraceRow.time_known, *of_agent(agent))
    first = session.scalar(mine.order_by(TraceRow.started_at).limit(1))
    last = session.scalar(mine.order_by(TraceRow.started_at.desc()).limit(1))
    return (first, last) if first is not None and last is not None else None


def runs_between(
    session: Session, agent: str | None, start: datetime, end: datetime, most: int, labelled: bool = False
) -> tuple[int, list[RunBrief]]:
    """How many runs of an agent began from `start` on and before `end`, and of these about `most`, drawn by their ids.

    The same runs are drawn each time, and only an index is read to draw them. `labelled`: of those that people have
    labelled. Runs that are still open, or do not say when they began, are counted and left out.
    """
    here = [*of_agent(agent), TraceRow.started_at >= start, TraceRow.started_at < end]
    if labelled:
        here.append(TraceRow.n_annotations > 0)
    total = session.scalar(select(func.count()).select_from(TraceRow).where(*here)) or 0
    every = max(1, ceil(total / most))
    chosen = list(session.scalars(select(TraceRow.id).where(*here, *([_SCATTERED % every == 0] if every > 1 else []))))
    return total, _briefs(session, chosen)


def _briefs(session: Session, runs: Sequence[int]) -> list[RunBrief]:
    task = case((TaskRow.derived, ""), else_=func.coalesce(TaskRow.key, ""))
    run = TraceRow
    query = (
        select(
            *(run.id, _CLUSTER, task, VersionRow.name, run.title, run.outcome, run.outcome_from, run.n_steps),
            *(run.n_errors, run.seconds, func.nullif(run.cost, 0), run.tokens_out, run.started_at),
        )
        .join(VersionRow, VersionRow.id == run.version_id)
        .outerjoin(TaskRow, TaskRow.id == run.task_id)
        .where(run.time_known, run.closed_at.is_not(None))
    )
    rows = [row for some in parts(runs) for row in session.execute(query.where(run.id.in_(some)))]
    return [RunBrief(*row[:-1]) for row in sorted(rows, key=lambda row: (row[-1], row[0]))]


def step_counts(session: Session, traces: Iterable[int]) -> list[StepCount]:
    """The steps of these runs by kind and name, without what they say."""
    found: list[StepCount] = []
    for some in parts(traces):
        keys = (StepRow.trace_id, StepRow.kind, StepRow.name)
        query = select(*keys, func.count()).where(StepRow.trace_id.in_(some)).group_by(*keys)
        found += [StepCount(*row) for row in session.execute(query)]
    return found


def signals_on(session: Session, traces: Iterable[int]) -> list[SaidOf]:
    """What signals say of these runs as a whole; of several of one name and source, failed where any says so."""
    said = func.min(case((SignalRow.success.is_(True), 1), else_=0))
    keys = (SignalRow.trace_id, SignalRow.name, SignalRow.kind, SignalRow.source)
    counts = (SignalRow.success.is_not(None), SignalRow.replaced_at.is_(None), SignalRow.step_uid.is_(None))
    found: list[SaidOf] = []
    for some in parts(traces):
        query = select(*keys, said).where(SignalRow.trace_id.in_(some), *counts).group_by(*keys)
        rows = session.execute(query)
        found += [SaidOf(trace or 0, name, SignalKind(kind), by, bool(ok)) for trace, name, kind, by, ok in rows]
    return found


def labels_on(session: Session, traces: Iterable[int]) -> list[Answered]:
    """What people say now of these runs, on the whole and on steps; labels that many runs got at once are left out."""
    answers, marks = cast(AnnotationRow.answers, Text), cast(AnnotationRow.marks, Text)
    row = AnnotationRow
    people: ColumnElement[bool] = PersonRow.role != Role.MACHINE.value
    found: list[Answered] = []
    for some in parts(traces):
        query = (
            select(row.person_id, row.trace_id, row.schema_id, answers, marks, row.submitted_at, row.revision)
            .join(PersonRow, PersonRow.id == row.person_id)
            .where(row.trace_id.in_(some), row.current, row.bulk_id.is_(None), row.step_uid == "", people)
        )
        for person, trace, schema, said, marked, at, revision in session.execute(query):
            given = (orjson.loads(said), orjson.loads(marked))
            found.append(Answered(person, Subject("trace", trace), schema, *given, None, at, revision))
    return found


def stamp_of_runs(session: Session) -> tuple[int, ...]:
    """What changes whenever a run, a signal, a label or a resolution comes or goes; few steps in indexes."""
    newest = [session.scalar(select(func.max(table.id))) or 0 for table in (TraceRow, SignalRow, ResolutionRow)]
    labels = session.execute(select(func.max(AnnotationRow.id), func.count().filter(AnnotationRow.current))).one()
    runs = session.scalar(select(func.count()).select_from(TraceRow)) or 0
    still_open = session.scalar(select(func.count()).where(TraceRow.closed_at.is_(None))) or 0
    return (*newest, labels[0] or 0, labels[1], runs, still_open)
