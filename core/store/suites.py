"""Suites: named sets of tasks, revision by revision; a revision stays fixed once something was compared on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.clock import content_hash, now
from core.errors import Conflict, InvalidInput, NotFound
from core.records import Split
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.tables import PersonRow, SuiteCaseRow, SuiteOpeningRow, SuiteRow, TaskRow


@dataclass(frozen=True, slots=True)
class Case:
    """One task of a suite, with its tags, how difficult it is, and what a good outcome is, in words."""

    task: str
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    expected: str = ""
    title: str = ""
    split: Split = Split.TRAIN


@dataclass(frozen=True, slots=True)
class SuiteLine:
    """One revision of a suite as lists show it; `frozen_at` is None while it is a draft."""

    id: int
    name: str
    revision: int
    note: str
    frozen_at: datetime | None
    content_hash: str
    margin: float
    n_cases: int
    n_validation: int
    n_holdout: int
    openings: int

    @property
    def label(self) -> str:
        """How one revision is named: `airline@2`."""
        return f"{self.name}@{self.revision}"


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening of a holdout."""

    at: datetime
    by: str
    revision: int
    base: str
    candidate: str
    reason: str


def add_tasks(session: Session, name: str, tasks: Iterable[int]) -> int:
    """Add tasks to a draft suite, made when it is new; how many were not in it. Raises Conflict when it is frozen."""
    suite = draft_of(session, name)
    hold(session, suite)
    known = set(session.scalars(select(SuiteCaseRow.task_id).where(SuiteCaseRow.suite_id == suite.id)))
    new = set(tasks) - known
    if new and suite.frozen_at is not None:
        raise _frozen(suite, len(known))
    insert_new(session, SuiteCaseRow, [_case_row(suite.id, task) for task in sorted(new)], SuiteCaseRow.task_id)
    return len(new)


def draft_of(session: Session, name: str) -> SuiteRow:
    """The newest revision of a suite, made when it is new; it may be frozen."""
    name = clean(name.strip(), 200)
    if not name or "@" in name:
        raise InvalidInput("A suite needs a name, and one without an @.", field="suite")
    values = {"name": name, "revision": 1, "content_hash": "", "margin": 0.05, "note": "", "created_at": now()}
    if session.scalar(select(SuiteRow.id).where(SuiteRow.name == name).limit(1)) is None:
        insert_new(session, SuiteRow, [values], SuiteRow.id)
    return find_suite(session, name)


def set_cases(session: Session, suite: SuiteRow, cases: Sequence[Case]) -> int:
    """Put cases into a draft, or change those that are in it; how many are new or say something else now.

    Raises Conflict when it is frozen, NotFound for a task that is not here.
    """
    hold(session, suite)
    known = {case.task: case for case in list_cases(session, suite.id)}
    changed = [case for case in cases if case.task not in known or _said(case) != _said(known[case.task])]
    if changed and suite.frozen_at is not None:
        raise _frozen(suite, len(known))
    tasks = _tasks(session, [case.task for case in changed])
    _drop(session, suite.id, list(tasks.values()))
    rows = [_case_row(suite.id, tasks[case.task], case) for case in changed]
    if rows:
        session.execute(insert(SuiteCaseRow), rows)
    return len(changed)


def remove_cases(session: Session, suite: SuiteRow, tasks: Sequence[str]) -> int:
    """Take tasks out of a draft; how many were in it. Raises Conflict when it is frozen."""
    hold(session, suite)
    held = {case.task for case in list_cases(session, suite.id)}
    gone = held & set(tasks)
    if gone and suite.frozen_at is not None:
        raise _frozen(suite, len(held))
    _drop(session, suite.id, list(_tasks(session, sorted(gone)).values()))
    return len(gone)


def set_margin(session: Session, suite: SuiteRow, margin: float) -> None:
    """Say which difference is none that matters, as a share (0.05 is five points), before it is compared on.

    Raises Conflict when it is frozen, InvalidInput for one that is not between 0 and 0.5.
    """
    if not 0 < margin <= 0.5:
        raise InvalidInput("The margin is more than 0 and at most 0.5, which is fifty points.", field="margin")
    if suite.frozen_at is not None and margin != suite.margin:
        raise _frozen(suite, len(list_cases(session, suite.id)))
    suite.margin = margin
    session.flush()


def new_revision(session: Session, name: str, note: str = "") -> SuiteRow:
    """A draft with the cases of the newest revision, which is frozen; raises Conflict while that is a draft itself."""
    last = find_suite(session, name)
    if last.frozen_at is None:
        raise Conflict(f"{last.name} {last.revision} is a draft and can be changed as it is.", field="suite")
    made = SuiteRow(
        name=last.name, revision=last.revision + 1, margin=last.margin, note=clean(note.strip()), created_at=now()
    )
    session.add(made)
    session.flush()
    columns = (SuiteCaseRow.task_id, SuiteCaseRow.tags, SuiteCaseRow.difficulty, SuiteCaseRow.expected)
    rows = session.execute(select(*columns).where(SuiteCaseRow.suite_id == last.id))
    copies = [
        {"suite_id": made.id, "task_id": row[0], "tags": row[1], "difficulty": row[2], "expected": row[3]}
        for row in rows
    ]
    if copies:
        session.execute(insert(SuiteCaseRow), copies)
    return made


def find_suite(session: Session, name: str) -> SuiteRow:
    """A suite by name, its newest revision unless another is named (`airline@2`); raises NotFound."""
    bare, _, revision = name.rpartition("@") if "@" in name else (name, "", "")
    query = select(SuiteRow).where(SuiteRow.name == bare)
    if "@" in name:
        query = query.where(SuiteRow.revision == (int(revision) if revision.isdecimal() else -1))
    row = session.scalar(query.order_by(SuiteRow.revision.desc()).limit(1))
    if row is None:
        known = ", ".join(list_suites(session)) or "none yet"
        raise NotFound(
            f"There is no suite {name} (there are: {known}). `loopwright import … --suite {bare}` makes one.",
            field="suite",
        )
    return row


def list_suites(session: Session) -> list[str]:
    """The names of all suites, sorted."""
    return sorted(set(session.scalars(select(SuiteRow.name))))


def suite_lines(session: Session, name: str = "") -> list[SuiteLine]:
    """Every revision of every suite (of one, where it is named), by name, the newest first."""
    query = select(SuiteRow).order_by(SuiteRow.revision.desc())
    rows = list(session.scalars(query.where(SuiteRow.name == name) if name else query))
    case = SuiteCaseRow
    kept = (func.count().filter(TaskRow.split == split.value) for split in (Split.VALIDATION, Split.HOLDOUT))
    counted = select(case.suite_id, func.count(), *kept)
    counted = counted.join(TaskRow, TaskRow.id == case.task_id).group_by(case.suite_id)
    counts = {row[0]: (row[1], row[2], row[3]) for row in session.execute(counted)}
    opened = select(SuiteOpeningRow.suite_id, func.count()).group_by(SuiteOpeningRow.suite_id)
    openings: dict[int, int] = dict(session.execute(opened).all())
    lines = [
        SuiteLine(
            row.id,
            row.name,
            row.revision,
            row.note,
            row.frozen_at,
            row.content_hash,
            row.margin,
            *counts.get(row.id, (0, 0, 0)),
            openings.get(row.id, 0),
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: line.name)


def list_cases(session: Session, suite: int) -> list[Case]:
    """The cases of a suite (row id), in the order of their tasks' keys."""
    case = SuiteCaseRow
    query = select(TaskRow.key, case.tags, case.difficulty, case.expected, TaskRow.title, TaskRow.split)
    query = query.join(case, case.task_id == TaskRow.id).where(case.suite_id == suite)
    found = [
        Case(key, tuple(tags), difficulty, expected, title, Split(split))
        for key, tags, difficulty, expected, title, split in session.execute(query)
    ]
    return sorted(found, key=lambda one: one.task)


def suite_tasks(session: Session, suite: int) -> dict[int, str]:
    """Task row id → task key of a suite."""
    query = select(TaskRow.id, TaskRow.key).join(SuiteCaseRow, SuiteCaseRow.task_id == TaskRow.id)
    found = session.execute(query.where(SuiteCaseRow.suite_id == suite).order_by(TaskRow.key))
    return dict(found.all())


def freeze(session: Session, suite: SuiteRow) -> None:
    """Fix a revision, by the hash of what its cases say; a frozen one stays as it is.

    Raises InvalidInput where it has no case.
    """
    hold(session, suite)
    if suite.frozen_at is None:
        cases = list_cases(session, suite.id)
        if not cases:
            raise InvalidInput(f"The suite {suite.name} has no task yet: add some before it is frozen.", field="suite")
        suite.frozen_at = now()
        suite.content_hash = hash_of(cases)
        session.flush()


def hash_of(cases: Sequence[Case]) -> str:
    """The SHA-256 of what cases say. Titles and splits belong to the task, and are no part of it."""
    return content_hash(sorted(_said(case) for case in cases))


def open_holdout(session: Session, suite: int, person: int | None, reason: str, versions: tuple[str, str]) -> None:
    """Keep that somebody compared two versions (base, candidate) on a suite's holdout, and why."""
    base, candidate = versions
    opening = SuiteOpeningRow(
        suite_id=suite, person_id=person, base=base, candidate=candidate, reason=clean(reason.strip()), at=now()
    )
    session.add(opening)
    session.flush()


def openings_of(session: Session, name: str) -> list[Opening]:
    """Every opening of the holdout of a suite, whatever its revision, the newest first."""
    row = SuiteOpeningRow
    query = select(row, PersonRow.name, SuiteRow.revision).join(SuiteRow, SuiteRow.id == row.suite_id)
    query = query.outerjoin(PersonRow, PersonRow.id == row.person_id).where(SuiteRow.name == name)
    return [
        Opening(one.at, by or "", revision, one.base, one.candidate, one.reason)
        for one, by, revision in session.execute(query.order_by(row.id.desc()))
    ]


def opened_cases(session: Session, base: str, candidate: str) -> dict[str, Split]:
    """The tasks of the suites whose holdout was opened for these two versions, with what each is kept for."""
    row = SuiteOpeningRow
    opened = select(row.suite_id).where(row.base == base, row.candidate == candidate)
    query = select(TaskRow.key, TaskRow.split).join(SuiteCaseRow, SuiteCaseRow.task_id == TaskRow.id)
    return {key: Split(split) for key, split in session.execute(query.where(SuiteCaseRow.suite_id.in_(opened)))}


def hold(session: Session, suite: SuiteRow) -> None:
    """Whoever changes or freezes a suite waits for who is at it, so that the hash is of what it holds (PostgreSQL)."""
    session.flush()
    session.refresh(suite, with_for_update=True)


def _frozen(suite: SuiteRow, n: int) -> Conflict:
    which = suite.name if suite.revision == 1 else f"{suite.name}, revision {suite.revision},"
    return Conflict(
        f"The suite {which} is frozen with {n} tasks: make a new revision of it, or name another one to add to.",
        field="suite",
    )


def _said(case: Case) -> tuple[str, tuple[str, ...], str, str]:
    return case.task, case.tags, case.difficulty, case.expected


def _tasks(session: Session, keys: Sequence[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for some in parts(sorted(set(keys))):
        query = select(TaskRow.key, TaskRow.id).where(TaskRow.key.in_(some))
        found.update(session.execute(query).all())
    if missing := sorted(set(keys) - found.keys()):
        raise NotFound(f"There is no task {missing[0]}: import a run or a result of it first.", field="task")
    return found


def _drop(session: Session, suite: int, tasks: Sequence[int]) -> None:
    for some in parts(tasks):
        session.execute(delete(SuiteCaseRow).where(SuiteCaseRow.suite_id == suite, SuiteCaseRow.task_id.in_(some)))


def _case_row(suite: int, task: int, case: Case | None = None) -> dict[str, object]:
    said = {} if case is None else asdict(case)
    return {
        "suite_id": suite,
        "task_id": task,
        "tags": list(said.get("tags", ())),
        "difficulty": clean(said.get("difficulty", ""), 40),
        "expected": clean(said.get("expected", "")),
    }
