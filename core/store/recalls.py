"""Recalls: each retrieval of lessons by an agent, written as it happened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.records import LoggedRecall, Message, Step, StepKind, Trace
from core.store.content import clean, text_of
from core.store.dialect import insert_new, parts
from core.store.steps import read_steps
from core.store.tables import RecallLessonRow, RecallRow, StepRow, TraceRow

RECALL_ATTRIBUTE = "loopwright.recall.id"
"""The attribute in which a run names the recalls that it made."""

RECALL_TOOL = "recall_lessons"
"""How the MCP tool is called; clients put the server's name before it."""

MOST_SHOWN = 200
"""Steps of a run that are asked which recall they made."""

_IN_RESULT = re.compile(r'recall_id\\*"\s*:\s*\\*"([0-9a-f]{32})')

GIVEN, CONTROL, NOT_GIVEN = "given", "control", "not given"
"""What became of a lesson that fitted; core.memory.recall says more of why it was not given."""


_OTHER = aliased(TraceRow)
ONLY_RUN = and_(
    RecallRow.trace_uid == "",
    RecallRow.session == "",
    RecallRow.run_key != "",
    TraceRow.session == RecallRow.run_key,
    ~exists().where(_OTHER.session == TraceRow.session, _OTHER.id != TraceRow.id),
)
"""A condition on `RecallRow` and `TraceRow`: the recall names a key alone, the session of this run and of no other.

Asked whenever it is needed and written nowhere: another run of the session makes it untrue.
"""


def log_recall(session: Session, recall: LoggedRecall) -> bool:
    """Write a recall; False when it is there already, which changes nothing."""
    run = clean(recall.trace_id, 200)
    if not run and recall.run_key:
        run = session.scalar(select(TraceRow.uid).where(TraceRow.uid == clean(recall.run_key, 200))) or ""
    row = {
        "uid": clean(recall.recall_id, 64),
        "run_key": clean(recall.run_key, 200),
        "trace_uid": run,
        "session": clean(recall.session_id, 200),
        "agent": clean(recall.agent, 200),
        "version": clean(recall.version, 300),
        "query": clean(recall.task),
        "arm": clean(recall.arm, 10),
        "tool": clean(recall.tool, 200),
        "at": recall.at,
    }
    added = insert_new(session, RecallRow, [row], RecallRow.id)
    for number in added:
        fitted = {clean(str(one["id"]), 64): one for one in recall.lessons}
        rows = [{"recall_id": number, "lesson_uid": uid, **_said(one, recall.arm)} for uid, one in fitted.items()]
        insert_new(session, RecallLessonRow, rows, RecallLessonRow.recall_id)
    return bool(added)


def _said(one: Mapping[str, Any], arm: str) -> dict[str, Any]:
    fate = one.get("fate") or (GIVEN if one.get("given") else CONTROL if arm == CONTROL else NOT_GIVEN)
    return {"revision": int(one.get("revision") or 1), "score": float(one.get("score") or 0), "fate": clean(fate, 20)}


def recalls_named(traces: Iterable[Trace]) -> list[tuple[str, str]]:
    """The (recall id, trace id) pairs of which runs, or steps of them, say themselves that the recall was for them."""
    named: dict[tuple[str, str], None] = {}
    for trace in traces:
        for one in _listed(trace.attributes.get(RECALL_ATTRIBUTE)):
            named[one, trace.trace_id] = None
        for step in trace.steps:
            for one in recalls_of_step(step):
                named[one, trace.trace_id] = None
    return list(named)


def recalls_of_step(step: Step) -> list[str]:
    """The recalls that a step says it made: in its attribute, or in what the tool `recall_lessons` gave it."""
    said = step.attributes.get(RECALL_ATTRIBUTE)
    if said:
        return _listed(said)
    if step.kind is StepKind.TOOL and step.name.endswith(RECALL_TOOL):
        return _IN_RESULT.findall(text_of(step.result))[:1]
    return []


def is_recall(message: Message) -> bool:
    """Whether a message tells a model what a recall gave."""
    return message.role == "tool" and holds_recall(message.content)


def holds_recall(text: str) -> bool:
    """Whether a text holds the answer of a recall, whatever the tool is called that asked."""
    return _IN_RESULT.search(text) is not None


def _listed(said: Any) -> list[str]:
    return [str(one) for one in (said if isinstance(said, list) else [said]) if one]


def steps_of_recalls(session: Session, traces: Sequence[int]) -> dict[str, tuple[int, str]]:
    """Which step of these runs made which recall: recall id → (trace row, step id)."""
    found: dict[str, tuple[int, str]] = {}
    for trace in traces:
        query = select(StepRow.position).where(
            StepRow.trace_id == trace,
            or_(StepRow.kind == StepKind.MEMORY.value, StepRow.name.like(f"%{RECALL_TOOL}")),
        )
        for position in session.scalars(query.order_by(StepRow.position).limit(MOST_SHOWN)):
            for step in read_steps(session, trace, position, 1):
                for one in recalls_of_step(step):
                    found.setdefault(one, (trace, step.step_id))
    return found


def name_runs(session: Session, named: Iterable[tuple[str, str]]) -> None:
    """Note which run a recall was for, where the run says so, in (recall id, trace id) pairs.

    A recall that named its run itself keeps it.
    """
    for recall, trace in named:
        session.execute(
            update(RecallRow)
            .where(RecallRow.uid == recall, RecallRow.trace_uid == "")
            .values(trace_uid=trace)
            .execution_options(synchronize_session=False)
        )


def name_by_key(session: Session, traces: Sequence[str]) -> None:
    """Note for which of the runs with these trace ids a recall was that named just this id as its key."""
    for some in parts(traces):
        session.execute(
            update(RecallRow)
            .where(RecallRow.run_key.in_(some), RecallRow.trace_uid == "")
            .values(trace_uid=RecallRow.run_key)
            .execution_options(synchronize_session=False)
        )


def list_recalls(session: Session, limit: int, agent: str = "", trace_ids: Sequence[str] = ()) -> list[LoggedRecall]:
    """The newest recalls first; of one agent, or of the runs with these trace ids, where named."""
    query = _newest(limit)
    if agent:
        query = query.where(RecallRow.agent == agent)
    if trace_ids:
        query = query.where(RecallRow.trace_uid.in_(trace_ids))
    return _logged(session, query)


def recalls_of_runs(session: Session, traces: Sequence[str], conversation: str, limit: int) -> list[LoggedRecall]:
    """The newest recalls of the runs with these trace ids, and of their conversation where they name no run."""
    mine: ColumnElement[bool] = RecallRow.trace_uid.in_(traces)
    if conversation:
        by_key = and_(RecallRow.run_key == conversation, exists().where(TraceRow.uid.in_(traces), ONLY_RUN))
        mine = or_(mine, and_(RecallRow.trace_uid == "", RecallRow.session == conversation), by_key)
    return _logged(session, _newest(limit).where(mine))


def _newest(limit: int) -> Select[RecallRow]:
    return select(RecallRow).order_by(RecallRow.at.desc(), RecallRow.id.desc()).limit(limit)


def _logged(session: Session, query: Select[RecallRow]) -> list[LoggedRecall]:
    rows = session.scalars(query).all()
    fitted = lessons_of_recalls(session, [row.id for row in rows])
    return [
        LoggedRecall(
            row.uid,
            row.query,
            row.arm,
            row.at,
            row.agent,
            row.version,
            row.run_key,
            row.trace_uid,
            row.session,
            tuple(fitted.get(row.id, ())),
            row.tool,
        )
        for row in rows
    ]


def lessons_of_recalls(session: Session, recalls: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """What fitted each of these recalls, best first, as `LoggedRecall.lessons` has it."""
    found: dict[int, list[dict[str, Any]]] = {}
    one = RecallLessonRow
    for some in parts(recalls):
        query = select(one).where(one.recall_id.in_(some))
        for row in session.scalars(query.order_by(one.recall_id, one.score.desc(), one.lesson_uid)):
            said = {"id": row.lesson_uid, "revision": row.revision, "score": row.score, "given": row.fate == GIVEN}
            found.setdefault(row.recall_id, []).append(said | {"fate": row.fate})
    return found


def run_of_recall(session: Session, recall: str, run_key: str = "") -> str:
    """The trace id of the run that a recall was for, or the newest of the runs with a key; "" where none is known."""
    mine = RecallRow.uid == recall if recall else RecallRow.run_key == run_key
    of_it = or_(TraceRow.uid == RecallRow.trace_uid, ONLY_RUN)
    uid = case((RecallRow.trace_uid != "", RecallRow.trace_uid), else_=TraceRow.uid)
    query = select(uid).outerjoin(TraceRow, of_it).where(mine, uid.is_not(None))
    return session.scalar(query.order_by(RecallRow.at.desc(), RecallRow.id.desc()).limit(1)) or ""


def was_given(lesson: str) -> ColumnElement[bool]:
    """A condition on `TraceRow`: the run, or where a recall names no run its conversation, was given the lesson."""
    fitted = RecallLessonRow
    mine = (fitted.recall_id == RecallRow.id, fitted.lesson_uid == lesson, fitted.fate == GIVEN)
    runs = select(RecallRow.trace_uid).where(*mine, RecallRow.trace_uid != "")
    talks = select(RecallRow.session).where(*mine, RecallRow.trace_uid == "", RecallRow.session != "")
    by_key = exists().where(*mine, ONLY_RUN).correlate(TraceRow)
    return or_(TraceRow.uid.in_(runs), TraceRow.session.in_(talks), by_key)


def shown_to(session: Session, lesson: str, traces: Sequence[str]) -> set[str]:
    """Those of the runs with these trace ids to which the lesson was given."""
    fitted = RecallLessonRow
    given = select(RecallRow.id).join(fitted, fitted.recall_id == RecallRow.id)
    given = given.where(fitted.lesson_uid == lesson, fitted.fate == GIVEN)
    named = select(RecallRow.trace_uid).where(RecallRow.id.in_(given), RecallRow.trace_uid.in_(traces))
    by_key = select(TraceRow.uid).join(RecallRow, ONLY_RUN)
    by_key = by_key.where(RecallRow.id.in_(given), TraceRow.uid.in_(traces))
    return {*session.scalars(named), *session.scalars(by_key)}
