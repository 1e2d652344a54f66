"""What datasets are made from, read in bulk: first the evidence, then the texts of what counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import content_hash
from core.records import Choice, Role, Step
from core.store.content import step_from_row
from core.store.dialect import parts
from core.store.policies import REDACTION, policies_of
from core.store.recalls import GIVEN
from core.store.tables import (
    AgentRow,
    AnnotationRow,
    LabelSchemaRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    RecallLessonRow,
    RecallRow,
    ResolutionRow,
    SignalRow,
    StepRow,
    TaskRow,
    TraceRow,
)

_AT_ONCE = 5_000
"""Rows that a driver holds while they are read: PostgreSQL's would hold all of them otherwise."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run as a dataset sees it before its steps are read. `started_at` is None where the source has no times."""

    id: int
    uid: str
    agent: str
    task: str
    split: str
    outcome: str
    outcome_from: str
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class PairLine:
    """A pair as a dataset sees it before its texts are read; the sides are texts, runs (row ids), or steps of these."""

    id: int
    uid: str
    source: str
    name_a: str
    step_a: str
    step_b: str
    trace_a: int | None
    trace_b: int | None
    task: str
    split: str


@dataclass(frozen=True, slots=True)
class Vote:
    """A current preference with the revision that counts."""

    pair_id: int
    person: str
    role: Role
    choice: Choice
    revision: int
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class PairText:
    """What a pair asks and its two answers; empty where its sides are runs."""

    prompt: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class RunText:
    """The steps of a run and the tool schemas that were recorded with it."""

    steps: tuple[Step, ...]
    tools: tuple[Any, ...]


def guessed_tasks(session: Session) -> set[str]:
    """The keys of tasks that were made up from the first message of a run."""
    return set(session.scalars(select(TaskRow.key).where(TaskRow.derived)))


def run_lines(session: Session, among: Iterable[int] | None = None) -> dict[int, RunLine]:
    """Row id → run, for these runs (None: all)."""
    columns = (TraceRow.id, TraceRow.uid, AgentRow.name, TaskRow.key, TaskRow.split, TraceRow.outcome)
    query = select(*columns, TraceRow.outcome_from, TraceRow.started_at, TraceRow.time_known)
    query = query.join(AgentRow, AgentRow.id == TraceRow.agent_id).outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
    asked = [query] if among is None else [query.where(TraceRow.id.in_(some)) for some in parts(sorted(set(among)))]
    return {
        row_id: RunLine(row_id, uid, agent, task or "", split or "", outcome, source, started if known else None)
        for one in asked
        for row_id, uid, agent, task, split, outcome, source, started, known in session.execute(one)
    }


def pair_lines(session: Session) -> list[PairLine]:
    """All pairs."""
    sides: tuple[Any, ...] = (PairRow.name_a, PairRow.step_a, PairRow.step_b, PairRow.trace_a_id, PairRow.trace_b_id)
    task = (func.coalesce(TaskRow.key, ""), func.coalesce(TaskRow.split, ""))
    query = select(PairRow.id, PairRow.uid, PairRow.source, *sides, *task)
    query = query.outerjoin(TaskRow, TaskRow.id == PairRow.task_id).execution_options(yield_per=_AT_ONCE)
    return [PairLine(*row) for row in session.execute(query)]


def votes(session: Session) -> dict[int, list[Vote]]:
    """Pair row id → its current preferences."""
    columns = (PreferenceRow.pair_id, PersonRow.name, PersonRow.role, PreferenceRow.choice)
    query = (
        select(*columns, PreferenceRow.revision, PreferenceRow.submitted_at)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .where(PreferenceRow.current)
    )
    found: dict[int, list[Vote]] = {}
    for pair_id, name, role, choice, revision, at in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        found.setdefault(pair_id, []).append(Vote(pair_id, name, Role(role), Choice(choice), revision, at))
    return found


def schema_names(session: Session) -> dict[int, str]:
    """Row id → `key@version` of every label schema."""
    query = select(LabelSchemaRow.id, LabelSchemaRow.key, LabelSchemaRow.version)
    return {row_id: f"{key}@{version}" for row_id, key, version in session.execute(query)}


_STEPS = select(StepRow.__table__)
"""Rows, no mapped objects: a dataset reads tens of thousands."""


def run_texts(session: Session, trace_ids: Sequence[int]) -> dict[int, RunText]:
    """Row id → the steps in reading order and the tool schemas of each of these runs; none of one that is gone."""
    steps: dict[int, list[Step]] = {trace_id: [] for trace_id in trace_ids}
    tools: dict[int, tuple[Any, ...]] = {}
    for part in parts(steps):
        for row in session.execute(_STEPS.where(StepRow.trace_id.in_(part)).order_by(StepRow.position)):
            steps[row.trace_id].append(step_from_row(row))
        recorded = session.execute(select(TraceRow.id, TraceRow.tools).where(TraceRow.id.in_(part)))
        tools.update({row_id: tuple(schemas) for row_id, schemas in recorded})
    return {row_id: RunText(tuple(steps[row_id]), tools.get(row_id, ())) for row_id in steps}


def pair_texts(session: Session, pair_ids: Sequence[int]) -> dict[int, PairText]:
    """Row id → the texts of each of these pairs."""
    columns = (PairRow.id, PairRow.prompt, PairRow.text_a, PairRow.text_b)
    return {
        row_id: PairText(*said)
        for some in parts(pair_ids)
        for row_id, *said in session.execute(select(*columns).where(PairRow.id.in_(some)))
    }


def lessons_given(session: Session, trace_uids: Sequence[str]) -> dict[str, list[str]]:
    """Trace id → the lessons that recall gave to that run, as `uid@revision`; only runs that were given any."""
    found: dict[str, set[str]] = {}
    fitted = RecallLessonRow
    for some in parts(trace_uids):
        query = select(RecallRow.trace_uid, fitted.lesson_uid, fitted.revision)
        query = query.join(fitted, fitted.recall_id == RecallRow.id).where(fitted.fate == GIVEN)
        for uid, lesson, number in session.execute(query.where(RecallRow.trace_uid.in_(some))):
            found.setdefault(uid, set()).add(f"{lesson}@{number}")
    return {uid: sorted(given) for uid, given in found.items()}


def fingerprint(session: Session) -> str:
    """A short text that changes whenever anything changes that a dataset is made from."""
    newest = [
        session.execute(select(func.count(), func.max(table.id)).select_from(table)).one()
        for table in (TraceRow, PairRow, AnnotationRow, PreferenceRow, SignalRow, RecallRow, ResolutionRow)
    ]
    splits = session.execute(select(TaskRow.split, func.count(), func.sum(TaskRow.id)).group_by(TaskRow.split))
    said = session.scalar(select(func.count()).where(AnnotationRow.current))
    chosen = session.scalar(select(func.count()).where(PreferenceRow.current))
    secrets = policies_of(session, REDACTION)
    return content_hash([[list(row) for row in newest], sorted(map(str, splits)), said, chosen, secrets], 32)
