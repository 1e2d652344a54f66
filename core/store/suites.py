"""Suites: named sets of tasks that stay fixed once something was compared on them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.errors import Conflict, InvalidInput, NotFound
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import SuiteCaseRow, SuiteRow, TaskRow


def add_tasks(session: Session, name: str, tasks: Iterable[int]) -> int:
    """Add tasks to a draft suite, made when it is new; how many were not in it. Raises Conflict when it is frozen."""
    name = clean(name.strip(), 200)
    if not name:
        raise InvalidInput("A suite needs a name.", field="suite")
    insert_new(
        session, SuiteRow, [{"name": name, "content_hash": "", "margin": 0.05, "created_at": now()}], SuiteRow.id
    )
    suite = find_suite(session, name)
    known = set(session.scalars(select(SuiteCaseRow.task_id).where(SuiteCaseRow.suite_id == suite.id)))
    new = set(tasks) - known
    if new and suite.frozen_at is not None:
        raise Conflict(
            f"The suite {name} is frozen with {len(known)} tasks: name another one to add to.", field="suite"
        )
    insert_new(
        session, SuiteCaseRow, [{"suite_id": suite.id, "task_id": task} for task in sorted(new)], SuiteCaseRow.task_id
    )
    return len(new)


def find_suite(session: Session, name: str) -> SuiteRow:
    """A suite by name; raises NotFound."""
    row = session.scalar(select(SuiteRow).where(SuiteRow.name == name))
    if row is None:
        known = ", ".join(list_suites(session)) or "none yet"
        raise NotFound(
            f"There is no suite {name} (there are: {known}). `loopwright import … --suite {name}` makes one.",
            field="suite",
        )
    return row


def list_suites(session: Session) -> list[str]:
    """The names of all suites, sorted."""
    return list(session.scalars(select(SuiteRow.name).order_by(SuiteRow.name)))


def suite_tasks(session: Session, suite: int) -> dict[int, str]:
    """Task row id → task key of a suite."""
    query = select(TaskRow.id, TaskRow.key).join(SuiteCaseRow, SuiteCaseRow.task_id == TaskRow.id)
    found = session.execute(query.where(SuiteCaseRow.suite_id == suite).order_by(TaskRow.key))
    return dict(found.all())


def freeze(session: Session, suite: SuiteRow) -> None:
    """Fix the suite's tasks, by the hash of their keys; a frozen one stays as it is."""
    if suite.frozen_at is None:
        suite.frozen_at = now()
        suite.content_hash = content_hash(sorted(suite_tasks(session, suite.id).values()))
        session.flush()
