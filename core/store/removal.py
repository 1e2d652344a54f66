"""Takes runs back with all that hangs on them (core.store.reach), and keeps a log that says nothing of what they were.

On SQLite what is deleted is overwritten with zeros (`zeroed`), and words leave the text index for good only once its
parts are merged (`merge_words`). PostgreSQL does both when it vacuums.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, text, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.clock import now
from core.records import LessonState, Role
from core.store.catalog import refresh_version_dates
from core.store.content import clean, row_text
from core.store.dialect import is_postgresql, parts
from core.store.engine import Store
from core.store.lessons import UNDECIDED, change_lesson, lesson_line
from core.store.people import person_id
from core.store.reach import PARTS, Reach, Run, Scope, lessons_of, members, reach_of
from core.store.tables import (
    STEP_BITS,
    AgentRow,
    AnnotationRow,
    DeliveryRow,
    ItemRow,
    LessonEvidenceRow,
    PairRow,
    PreferenceRow,
    RankingGivenRow,
    RecallRow,
    RefusalRow,
    RemovalRow,
    ResolutionRow,
    SignalRow,
    StepRow,
    TraceRow,
)
from core.store.task_removal import settle_tasks
from core.store.text_search import unindex_steps
from core.store.weeks import forget_weeks_of

STEPS_AT_ONCE = 20
"""Steps whose text is held at once, for one may have megabytes."""

PAGES_AT_ONCE = 500
"""Pages of the text index that are merged in one transaction."""

_AFTER = {LessonState.ACTIVE: LessonState.RETIRED, **dict.fromkeys(UNDECIDED, LessonState.REJECTED)}
_NOTHING_LEFT = "The run that it rested on was removed, and nothing else speaks for it."


@dataclass(frozen=True, slots=True)
class Logged:
    """One removal as it is logged."""

    at: datetime
    by: str
    what: str
    reason: str
    counts: Mapping[str, int]


def remove_runs(session: Session, runs: Sequence[Run], by: str) -> Counter[str]:
    """Remove these runs and what hangs on them; how many rows of each kind went.

    Runs that are gone already are no error. Lessons without other evidence leave the memory, and say by whom and why.
    """
    locked: list[int] = []
    for some in parts([run.id for run in runs]):
        mine = select(TraceRow.id).where(TraceRow.id.in_(some)).order_by(TraceRow.id).with_for_update()
        locked += session.scalars(mine)
    there = set(locked)
    runs = [run for run in runs if run.id in there]
    reach = reach_of(session, runs)
    for some in parts(reach.items):
        session.execute(select(ItemRow.id).where(ItemRow.id.in_(some)).order_by(ItemRow.id).with_for_update())
    lessons = lessons_of(session, runs)
    titles: dict[int, set[str]] = {}
    for run in runs:
        if run.task_id is not None:
            titles.setdefault(run.task_id, set()).add(run.title)
    versions: set[int] = set()
    for some in parts(locked):
        versions.update(session.scalars(select(TraceRow.version_id).where(TraceRow.id.in_(some)).distinct()))
        _forget_reviews(session, some)
    for some in parts(reach.rankings):
        given = select(RankingGivenRow.id).where(RankingGivenRow.ranking_id.in_(some))
        resolved = select(ResolutionRow.id).where(ResolutionRow.ranking_id.in_(some))
        for row, whole in ((PreferenceRow.given_id, given), (ResolutionRow.part_of, resolved)):
            kept = update(row.class_).where(row.in_(whole))  # between candidates that stay
            session.execute(kept.values({row.key: None}).execution_options(synchronize_session=False))
    for some in parts(reach.pairs):
        pairs = select(PairRow.task_id, PairRow.prompt).where(PairRow.id.in_(some), PairRow.task_id.is_not(None))
        for task, prompt in session.execute(pairs):
            titles.setdefault(task or 0, set()).add(prompt[:300])
    _unindex(session, locked)
    forget_weeks_of(session, locked)
    counts = _delete(session, reach)
    counts.update(_settle_lessons(session, [lesson.uid for lesson in lessons if lesson.left == 0], by))
    counts.update(settle_tasks(session, titles))
    refresh_version_dates(session, versions)
    session.expire_all()
    return counts


def _forget_reviews(session: Session, traces: Sequence[int]) -> None:
    """Evidence on another run that was written in a review of one of these keeps its step, and not the review."""
    reviews = select(AnnotationRow.id).where(AnnotationRow.trace_id.in_(traces))
    session.execute(
        update(LessonEvidenceRow)
        .where(LessonEvidenceRow.annotation_id.in_(reviews))
        .values(annotation_id=None)
        .execution_options(synchronize_session=False)
    )


def _unindex(session: Session, traces: Sequence[int]) -> None:
    """Take the words out of the text index; SQLite's holds no text of its own and has to be told each."""
    known = is_postgresql(session)
    for some in parts(traces):
        for trace, n in session.execute(select(TraceRow.id, TraceRow.n_indexed).where(TraceRow.id.in_(some))).all():
            first = trace << STEP_BITS
            for begin in range(first, first + n, STEPS_AT_ONCE):
                end = min(begin + STEPS_AT_ONCE, first + n)
                if known:
                    unindex_steps(session, [(step, "") for step in range(begin, end)])
                    continue
                rows = session.scalars(select(StepRow).where(StepRow.id >= begin, StepRow.id < end)).all()
                unindex_steps(session, [(row.id, row_text(row)) for row in rows])
                session.expunge_all()


def _delete(session: Session, reach: Reach) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in PARTS:
        for some in parts(members(reach, part)):
            gone: CursorResult[Any] = session.execute(  # type: ignore[assignment]  # declared as any result
                delete(part.table).where(part.column.in_(some)).execution_options(synchronize_session=False)
            )
            counts[part.name] += gone.rowcount
    return counts


def _settle_lessons(session: Session, uids: Sequence[str], by: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    for uid in uids:
        line = lesson_line(session, uid)
        if line.state in _AFTER:
            who = person_id(session, by, Role.MACHINE)
            change_lesson(session, uid, line.revision, who, _NOTHING_LEFT, state=_AFTER[line.state])
            counts["lessons"] += 1
    return counts


def remove_loose(session: Session, agents: Sequence[str], others: bool, before: datetime) -> Counter[str]:
    """Remove what came before a moment and belongs to no run: recalls of these agents, and (`others`) signals that wait
    for a run and refused records, which name no agent."""
    named = RecallRow.agent.in_(agents)
    no_run = ~exists().where(TraceRow.uid == RecallRow.trace_uid)
    gone = {"recalls": delete(RecallRow).where(~named if others else named, RecallRow.at < before, no_run)}
    if others:
        gone["signals"] = delete(SignalRow).where(SignalRow.trace_id.is_(None), SignalRow.created_at < before)
        gone["refusals"] = delete(RefusalRow).where(RefusalRow.at < before)
    counts: Counter[str] = Counter()
    for name, statement in gone.items():
        done: CursorResult[Any] = session.execute(  # type: ignore[assignment]
            statement.execution_options(synchronize_session=False)
        )
        counts[name] = done.rowcount
    return counts


def stray(session: Session, scope: Scope, remove: bool) -> Counter[str]:
    """Count, or remove, what names a run or a session that is not here itself: signals that wait for it, recalls."""
    meant: dict[str, Any] = {}
    if scope.trace:
        meant["signals"] = (SignalRow, SignalRow.trace_uid == scope.trace)
        meant["recalls"] = (RecallRow, or_(RecallRow.trace_uid == scope.trace, RecallRow.run_key == scope.trace))
    elif scope.session:
        meant["recalls"] = (RecallRow, RecallRow.session == scope.session)
    counts: Counter[str] = Counter()
    for name, (table, which) in meant.items():
        counts[name] = session.scalar(select(func.count()).select_from(table).where(which)) or 0
        if remove and counts[name]:
            session.execute(delete(table).where(which).execution_options(synchronize_session=False))
    return counts


def known_agents(session: Session) -> set[str]:
    """The names of all agents."""
    return set(session.scalars(select(AgentRow.name)))


def log_removal(
    session: Session, number: int | None, by: str, what: str, reason: str, counts: Mapping[str, int]
) -> int:
    """Add a removal to the log, or bring its counts up to date as it goes on; its number there."""
    row = session.get(RemovalRow, number) if number is not None else None
    if row is None:
        row = RemovalRow(at=now(), by=clean(by, 200), what=what, reason=clean(reason.strip(), 1000), counts={})
        session.add(row)
    row.counts = {name: n for name, n in counts.items() if n}
    session.flush()
    return row.id


def list_removals(session: Session, most: int = 50) -> list[Logged]:
    """The newest removals first."""
    rows = session.scalars(select(RemovalRow).order_by(RemovalRow.id.desc()).limit(most))
    return [Logged(row.at, row.by, row.what, row.reason, row.counts) for row in rows]


@contextmanager
def zeroed(session: Session) -> Iterator[None]:
    """Within this block, and on SQLite, what is deleted is overwritten with zeros."""
    if is_postgresql(session):
        yield
        return
    session.connection().exec_driver_sql("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        session.connection().exec_driver_sql("PRAGMA secure_delete=OFF")


def merge_words(session: Session, begin: bool) -> bool:
    """Merge some of the text index's parts, by which removed words really go; True while there is more to merge."""
    if is_postgresql(session):
        return False
    before = session.scalar(text("SELECT total_changes()")) or 0
    pages = -PAGES_AT_ONCE if begin else PAGES_AT_ONCE
    session.execute(text("INSERT INTO step_text (step_text, rank) VALUES ('merge', :pages)"), {"pages": pages})
    return (session.scalar(text("SELECT total_changes()")) or 0) - before >= 2


def empty_log(store: Store) -> bool:
    """Bring SQLite's write-ahead log, which holds older pages, into the database and cut it to nothing; True when done.

    Somebody who reads meanwhile keeps it: then it is cut at the next removal, or when the last process ends.
    """
    if store.engine.dialect.name != "sqlite":
        return True
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        (waited,) = cursor.execute("PRAGMA busy_timeout").fetchone()
        cursor.execute("PRAGMA busy_timeout=200")
        (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute(f"PRAGMA busy_timeout={waited}")
        return not busy
    finally:
        connection.close()


def newest_delivery(session: Session) -> int:
    """The row id of the newest request that waits to be put into runs; 0 when none does."""
    return session.scalar(select(func.max(DeliveryRow.id))) or 0


def spans_waiting(session: Session, up_to: int) -> int:
    """How many spans and log records wait in requests up to this one."""
    return session.scalar(select(func.sum(DeliveryRow.n)).where(DeliveryRow.id <= up_to)) or 0
