"""Traces and their steps: listed by page, read in windows (core.store.trace_writing writes them)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Table, bindparam, exists, func, select, tuple_
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Outcome, Step
from core.store.content import step_from_row
from core.store.hidden import hidden_from
from core.store.tables import AgentRow, AnnotationRow, SignalRow, StepRow, TaskRow, TraceRow, VersionRow
from core.store.text_search import count_matching, matching_traces, words_in


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces a list shows; every empty field lets all through.

    `signal` is the name of a signal that the run or a step of it has, `says` what that says: solved or failed.
    `blind_for` is the person who looks: what is hidden from them is left out as soon as a filter would tell of it.
    """

    agent: str = ""
    version: str = ""
    outcome: str = ""
    labelled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    session: str = ""
    task: str = ""
    signal: str = ""
    says: bool | None = None
    blind_for: int | None = None

    @property
    def tells(self) -> bool:
        """Whether it lets runs through by what a blind reviewer must not know."""
        return bool(self.version or self.outcome or self.signal) or self.labelled is not None


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One trace as a list shows it; of its labels, `outdated` were given before something was added to it."""

    id: int
    uid: str
    agent: str
    version: str
    task: str
    title: str
    trial: int | None
    session: str
    started_at: datetime
    time_known: bool
    closed_at: datetime | None
    changed_at: datetime | None
    root_ended: bool
    n_steps: int
    n_errors: int
    n_unpriced: int
    seconds: float | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_cached: int | None
    cost: float | None
    redactions: Mapping[str, int]
    outcome: str
    outcome_from: str
    n_annotations: int
    outdated: int


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task, as pairs are made of it."""

    task: str
    uid: str
    version: str
    trial: int | None
    outcome: str
    title: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What a trace's outcome is now, where it comes from, and how many labels it has."""

    outcome: str
    outcome_from: str
    n_annotations: int

    def is_already(self, outcome: Outcome, source: str) -> bool:
        """Whether writing this would change nothing."""
        return (self.outcome, self.outcome_from) == (outcome.value, source[:40])


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step without its content, for the tree and the minimap."""

    position: int
    step_id: str
    parent_id: str | None
    kind: str
    name: str
    seconds: float | None
    error: str


@dataclass(frozen=True, slots=True)
class CostSource:
    """Who knows what steps cost: "reported", or the prices it was computed with; of how many steps, and how much."""

    source: str
    n: int
    total: float


_OUTDATED = (
    select(func.count())
    .where(
        AnnotationRow.trace_id == TraceRow.id, AnnotationRow.current, AnnotationRow.submitted_at < TraceRow.changed_at
    )
    .correlate(TraceRow)
    .scalar_subquery()
)

_LINE = (
    select(TraceRow, AgentRow.name, VersionRow.name, TaskRow.key, _OUTDATED)
    .join(AgentRow, AgentRow.id == TraceRow.agent_id)
    .join(VersionRow, VersionRow.id == TraceRow.version_id)
    .outerjoin(TaskRow, TaskRow.id == TraceRow.task_id)
)


_JOINED = ("agent", "version", "task", "outdated")


def _line(row: TraceRow, agent: str, version: str, task: str | None, outdated: int) -> TraceLine:
    shared = {name: getattr(row, name) for name in TraceLine.__slots__ if name not in _JOINED}
    return TraceLine(agent=agent, version=version, task=task or "", outdated=outdated, **shared)


def filtered(session: Session, query: Any, wanted: TraceFilter) -> Any:
    """A query over `TraceRow`, narrowed to what the filter lets through."""
    if wanted.agent:
        query = query.where(
            TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == wanted.agent).scalar_subquery()
        )
    if wanted.version:
        query = query.where(TraceRow.version_id.in_(select(VersionRow.id).where(VersionRow.name == wanted.version)))
    if wanted.outcome:
        query = query.where(TraceRow.outcome == wanted.outcome)
    if wanted.labelled is not None:
        query = query.where(TraceRow.n_annotations > 0 if wanted.labelled else TraceRow.n_annotations == 0)
    if wanted.since:
        query = query.where(TraceRow.started_at >= wanted.since)
    if wanted.until:
        query = query.where(TraceRow.started_at < wanted.until)
    if wanted.session:
        query = query.where(TraceRow.session == wanted.session)
    if wanted.task:
        query = query.where(TraceRow.task_id.in_(select(TaskRow.id).where(TaskRow.key == wanted.task)))
    if wanted.signal:
        said = [SignalRow.name == wanted.signal, SignalRow.replaced_at.is_(None)]
        if wanted.says is not None:
            said.append(SignalRow.success.is_(wanted.says))
        query = query.where(exists().where(SignalRow.trace_id == TraceRow.id, *said))
    if wanted.blind_for is not None and wanted.tells:
        query = query.where(~hidden_from(wanted.blind_for))
    found = matching_traces(session, wanted.text) if wanted.text else None
    return query if found is None else query.where(found)


def list_traces(
    session: Session, wanted: TraceFilter, limit: int, after: tuple[datetime, int] | None = None
) -> list[TraceLine]:
    """One page, newest first; `after` is (started_at, id) of the last line of the page before."""
    newest = (TraceRow.started_at.desc(), TraceRow.id.desc())
    # only the keys are sorted, most of them from an index alone; the rows of one page are read after
    keys = filtered(session, select(TraceRow.id), wanted).order_by(*newest).limit(limit)
    if after is not None:
        keys = keys.where(tuple_(TraceRow.started_at, TraceRow.id) < tuple_(after[0], after[1]))
    query = _LINE.where(TraceRow.id.in_(list(session.scalars(keys)))).order_by(*newest)
    return [_line(*row) for row in session.execute(query)]


def count_traces(session: Session, wanted: TraceFilter) -> int:
    """How many traces the filter lets through."""
    return session.scalar(filtered(session, select(func.count()).select_from(TraceRow), wanted)) or 0


COUNTED = 10_000
"""Past so many, how many runs have a word is not counted out: it would take as long as to find them all."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many traces there are; with `more`, at least so many and more."""

    n: int
    more: bool = False


def count_found(session: Session, wanted: TraceFilter) -> Counted:
    """How many traces a filter lets through; where it asks for words, counted up to `COUNTED`."""
    if not words_in(wanted.text):
        return Counted(count_traces(session, wanted))
    if replace(wanted, text="", blind_for=None) == TraceFilter():
        n = count_matching(session, wanted.text, COUNTED + 1)
    else:
        some = filtered(session, select(TraceRow.id), wanted).limit(COUNTED + 1).subquery()
        n = session.scalar(select(func.count()).select_from(some)) or 0
    return Counted(min(n, COUNTED), n > COUNTED)


def trace_ids(session: Session, wanted: TraceFilter, most: int) -> list[int]:
    """Row ids of up to so many traces that the filter lets through, in no order."""
    return list(session.scalars(filtered(session, select(TraceRow.id), wanted).limit(most)))


def traces_among(session: Session, wanted: TraceFilter, trace_ids: Sequence[int]) -> set[int]:
    """Those of these traces that the filter lets through."""
    found: set[int] = set()
    for start in range(0, len(trace_ids), 1_000):
        some = select(TraceRow.id).where(TraceRow.id.in_(trace_ids[start : start + 1_000]))
        found.update(session.scalars(filtered(session, some, wanted)))
    return found


def trace_line(session: Session, trace_id: int) -> TraceLine:
    """One trace; raises NotFound."""
    row = session.execute(_LINE.where(TraceRow.id == trace_id)).first()
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return _line(*row)


def trace_lines(session: Session, ids: Sequence[int]) -> list[TraceLine]:
    """These traces in the order given; those that are gone are left out."""
    found = {line.id: line for line in (_line(*row) for row in session.execute(_LINE.where(TraceRow.id.in_(ids))))}
    return [found[one] for one in ids if one in found]


def trace_row(session: Session, trace_id: int) -> TraceRow:
    """One trace with its tool schemas and attributes; raises NotFound."""
    row = session.get(TraceRow, trace_id)
    if row is None:
        raise NotFound(f"There is no trace {trace_id}. It may have been removed.", field="trace")
    return row


def ids_of(session: Session, uids: set[str]) -> dict[str, int]:
    """Row ids of the traces that are stored, by the ids their sources gave them."""
    found: dict[str, int] = {}
    listed = list(uids)
    for start in range(0, len(listed), 500):
        query = select(TraceRow.uid, TraceRow.id).where(TraceRow.uid.in_(listed[start : start + 500]))
        found.update(dict(session.execute(query).all()))
    return found


def find_trace(session: Session, uid: str) -> int | None:
    """The row id of a trace by the id its source gave it."""
    return session.scalar(select(TraceRow.id).where(TraceRow.uid == uid))


def session_traces(session: Session, name: str) -> list[TraceLine]:
    """The traces of one session in the order in which they happened."""
    query = _LINE.where(TraceRow.session == name).order_by(TraceRow.started_at, TraceRow.id)
    return [_line(*row) for row in session.execute(query)]


def runs_of_task(session: Session, task: str) -> list[TraceLine]:
    """All runs of a task, by version and trial."""
    query = _LINE.where(TaskRow.key == task).order_by(VersionRow.name, TraceRow.trial, TraceRow.id)
    return [_line(*row) for row in session.execute(query)]


def runs_by_task(session: Session, agent: str) -> list[list[TaskRun]]:
    """The runs of an agent's tasks, task by task."""
    query = (
        select(TaskRow.key, TraceRow.uid, VersionRow.name, TraceRow.trial, TraceRow.outcome, TraceRow.title)
        .join(TraceRow, TraceRow.task_id == TaskRow.id)
        .join(VersionRow, VersionRow.id == TraceRow.version_id)
        .join(AgentRow, AgentRow.id == TraceRow.agent_id)
        .where(AgentRow.name == agent)
        .order_by(TaskRow.key, TraceRow.uid)
    )
    runs = [TaskRun(*row) for row in session.execute(query)]
    return [list(group) for _, group in groupby(runs, key=lambda run: run.task)]


def outline(session: Session, trace_id: int) -> list[StepLine]:
    """All steps of a trace without their content, in reading order."""
    columns = (
        StepRow.position,
        StepRow.uid,
        StepRow.parent_uid,
        StepRow.kind,
        StepRow.name,
        StepRow.seconds,
        StepRow.error,
    )
    query = select(*columns).where(StepRow.trace_id == trace_id).order_by(StepRow.position)
    return [StepLine(*row) for row in session.execute(query)]


def read_steps(session: Session, trace_id: int, start: int = 0, count: int | None = None) -> list[Step]:
    """Steps in reading order, from position `start`, at most `count` of them (None: all)."""
    query = select(StepRow).where(StepRow.trace_id == trace_id, StepRow.position >= start).order_by(StepRow.position)
    if count is not None:
        query = query.where(StepRow.position < start + count)
    return [step_from_row(row) for row in session.scalars(query)]


def costs_of(session: Session, trace_id: int) -> list[CostSource]:
    """Where the costs of a trace's steps come from, the source of most steps first."""
    known = func.coalesce(func.nullif(StepRow.cost_from, ""), "reported")
    n = func.count().label("n")
    query = (
        select(known, n, func.sum(StepRow.cost))
        .where(StepRow.trace_id == trace_id, StepRow.cost.is_not(None))
        .group_by(known)
        .order_by(n.desc(), known)
    )
    return [CostSource(*row) for row in session.execute(query)]


def unpriced_models(session: Session, trace_id: int) -> list[str]:
    """The models whose calls in a trace have tokens and no cost."""
    missing = (StepRow.cost.is_(None), StepRow.tokens_in.is_not(None), StepRow.model != "")
    query = select(StepRow.model).where(StepRow.trace_id == trace_id, *missing).distinct().order_by(StepRow.model)
    return list(session.scalars(query))


def places_of(session: Session, trace_id: int, step_ids: Collection[str]) -> dict[str, int]:
    """Step id → position, of those that the trace has."""
    query = select(StepRow.uid, StepRow.position).where(StepRow.trace_id == trace_id, StepRow.uid.in_(step_ids))
    return dict(session.execute(query).all())


def unknown_steps(session: Session, trace_id: int, step_ids: Sequence[str]) -> list[str]:
    """Which of these step ids the trace does not have."""
    wanted = set(step_ids)
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        part = sorted(wanted)[start : start + 500]
        known.update(session.scalars(select(StepRow.uid).where(StepRow.trace_id == trace_id, StepRow.uid.in_(part))))
    return sorted(wanted - known)


_TRACE = cast(Table, TraceRow.__table__)
_JUDGED = (
    select(_TRACE.c.id, _TRACE.c.outcome, _TRACE.c.outcome_from, _TRACE.c.n_annotations)
    .where(_TRACE.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_TRACE.c.id)
    .with_for_update(key_share=True)
)


def judged_as(session: Session, trace_ids: Sequence[int]) -> dict[int, Judged]:
    """Trace row id → how it is judged. On PostgreSQL nobody else judges these traces until this commits.

    Without that, of two who each add a signal to one trace, neither would see the other's.
    """
    session.flush()
    return {key: Judged(*row) for key, *row in session.execute(_JUDGED, {"ids": list(trace_ids)})}


_OUTCOME = (
    _TRACE.update()
    .where(_TRACE.c.id == bindparam("trace"))
    .values(outcome=bindparam("is"), outcome_from=bindparam("by"))
)


def set_outcomes(session: Session, outcomes: Mapping[int, tuple[Outcome, str]]) -> None:
    """Write trace row id → (outcome, where it comes from)."""
    rows = [{"trace": key, "is": outcome.value, "by": source[:40]} for key, (outcome, source) in outcomes.items()]
    if rows:
        session.execute(_OUTCOME, rows)
