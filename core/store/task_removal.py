"""Tasks when their runs are taken back: those that were guessed from a run's words go with the last of them.

A task that a source names stays, with its key, split and place in suites; so does one in a frozen suite. Where a title
was a run's own words, it goes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.store.dialect import parts
from core.store.reach import Reach
from core.store.tables import PairRow, ResultRow, SuiteCaseRow, SuiteRow, TaskRow, TraceRow


def emptied_tasks(session: Session, tasks: Sequence[int]) -> list[int]:
    """Of these tasks those that were guessed from a run's words and that no run, result, pair or frozen suite needs."""
    found: list[int] = []
    for some in parts(tasks):
        used = [exists().where(table.task_id == TaskRow.id) for table in (TraceRow, ResultRow, PairRow)]
        query = select(TaskRow.id).where(
            TaskRow.id.in_(some), TaskRow.derived, ~_in_frozen_suite(), *(~each for each in used)
        )
        found += session.scalars(query)
    return found


def _in_frozen_suite() -> ColumnElement[bool]:
    case = (SuiteCaseRow.task_id == TaskRow.id, SuiteRow.id == SuiteCaseRow.suite_id)
    return exists().where(*case, SuiteRow.frozen_at.is_not(None))


def count_emptied(session: Session, reach: Reach) -> Counter[str]:
    """How many tasks, and cases of suites, would go with these runs and pairs."""
    going = Counter(run.task_id for run in reach.runs if run.task_id is not None)
    pairs: Counter[int] = Counter()
    for some in parts(reach.pairs):
        pairs.update(session.scalars(select(PairRow.task_id).where(PairRow.id.in_(some), PairRow.task_id.is_not(None))))
    counts: Counter[str] = Counter()
    for some in parts(going):
        n_runs = select(func.count()).where(TraceRow.task_id == TaskRow.id).scalar_subquery()
        n_pairs = select(func.count()).where(PairRow.task_id == TaskRow.id).scalar_subquery()
        n_cases = select(func.count()).where(SuiteCaseRow.task_id == TaskRow.id).scalar_subquery()
        free = (TaskRow.derived, ~_in_frozen_suite(), ~exists().where(ResultRow.task_id == TaskRow.id))
        rows = session.execute(select(TaskRow.id, n_runs, n_pairs, n_cases).where(TaskRow.id.in_(some), *free))
        empty = [cases for task, runs, n, cases in rows if runs <= going[task] and n <= pairs[task]]
        counts.update(tasks=len(empty), cases=sum(empty))
    return counts


def settle_tasks(session: Session, titles: Mapping[int, Collection[str]]) -> Counter[str]:
    """Remove tasks (each with the titles of runs that went) that are left with nothing.

    Those that stay lose a title that was such a run's own words.
    """
    counts: Counter[str] = Counter()
    empty = emptied_tasks(session, list(titles))
    for some in parts(empty):
        cases: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            delete(SuiteCaseRow).where(SuiteCaseRow.task_id.in_(some))
        )
        counts["cases"] += cases.rowcount
        session.execute(delete(TaskRow).where(TaskRow.id.in_(some)))
        counts["tasks"] += len(some)
    for some in parts(set(titles) - set(empty)):
        rows = session.execute(
            select(TaskRow.id, TaskRow.title).where(
                TaskRow.id.in_(some), TaskRow.definition.is_(None), TaskRow.title != ""
            )
        ).all()
        for task, title in rows:
            if title[:300] in titles[task]:  # a source's own definition would stand beside a title of its own
                other = select(TraceRow.title).where(TraceRow.task_id == task).order_by(TraceRow.id).limit(1)
                session.execute(update(TaskRow).where(TaskRow.id == task).values(title=session.scalar(other) or ""))
    return counts
