"""What a lead has taken back: a reviewer, a run or a version of a guideline. Rows are set apart, none is deleted.

An undo brings back exactly what stood, less what was said, changed or removed since.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from core.clock import now
from core.errors import Conflict, NotFound
from core.store.annotations import recount
from core.store.claims import LAPSED, SUBMITTED
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.items import DISCARDED, DONE, OPEN, refresh_items
from core.store.locks import lock_subjects
from core.store.requeued import claim_again
from core.store.revisions import REPEAT, RETRACTED, SURPLUS
from core.store.tables import (
    AnnotationRow,
    CandidateRow,
    ClaimRow,
    ItemRow,
    LessonApprovalRow,
    LessonEvidenceRow,
    LessonRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    RankingGivenRow,
    RetractedRow,
    RetractionRow,
    TraceRow,
)

REVIEWER, RUN, GUIDELINE = "reviewer", "run", "guideline"

_TABLES: dict[str, Any] = {"annotation": AnnotationRow, "ranking": RankingGivenRow, "preference": PreferenceRow}


@dataclass(frozen=True, slots=True)
class Target:
    """What is taken back: `row` is its row id, `name` what people call it."""

    kind: str
    row: int
    name: str


@dataclass(frozen=True, slots=True)
class Retraction:
    """A retraction as it is kept."""

    id: int
    target: Target
    by: str
    reason: str
    at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Touched:
    """Row ids: the answers that a retraction sets apart, by table, the runs, pairs and rankings they are about, what
    lessons lose, those lessons, and the items that leave their queues."""

    answers: dict[str, list[int]]
    traces: list[int]
    pairs: list[int]
    rankings: list[int]
    evidence: list[int]
    approvals: list[int]
    lessons: list[int]
    items: list[int]


def touched_by(session: Session, target: Target) -> Touched:
    """All that counts now and hangs on the target."""
    answers: dict[str, list[int]] = {}
    about: dict[str, set[int]] = {"annotation": set(), "preference": set(), "ranking": set()}
    for name, table in _TABLES.items():
        of = {"annotation": "trace_id", "preference": "pair_id", "ranking": "ranking_id"}[name]
        query = select(table.id, getattr(table, of)).where(_hangs_on(target, name, table), _counts(table))
        rows = session.execute(query.order_by(table.id)).all()
        answers[name] = [row for row, _ in rows]
        about[name].update(subject for _, subject in rows)
    rests = _evidence(target, answers["annotation"])
    evidence = session.execute(select(LessonEvidenceRow.id, LessonEvidenceRow.lesson_id).where(rests)).all()
    approved: Sequence[int] = ()
    if target.kind == REVIEWER:
        approved = session.scalars(
            select(LessonApprovalRow.lesson_id).where(LessonApprovalRow.person_id == target.row).distinct()
        ).all()
    items: list[int] = []
    if target.kind == RUN:
        either = or_(PairRow.trace_a_id == target.row, PairRow.trace_b_id == target.row)
        of_run = or_(
            ItemRow.trace_id == target.row,
            ItemRow.pair_id.in_(select(PairRow.id).where(either)),
            ItemRow.ranking_id.in_(select(CandidateRow.ranking_id).where(CandidateRow.trace_id == target.row)),
        )
        items = list(session.scalars(select(ItemRow.id).where(of_run, ItemRow.state.in_((OPEN, DONE)))))
    return Touched(
        answers,
        sorted(about["annotation"] | ({target.row} if target.kind == RUN else set())),
        sorted(about["preference"]),
        sorted(about["ranking"]),
        [row for row, _ in evidence],
        sorted(approved),
        sorted({lesson for _, lesson in evidence} | set(approved)),
        items,
    )


def _counts(table: Any) -> ColumnElement[bool]:
    return or_(table.current, and_(table.place.in_((SURPLUS, REPEAT)), ~table.withdrawn))


def _hangs_on(target: Target, name: str, table: Any) -> ColumnElement[bool]:
    if target.kind == REVIEWER:
        mine: ColumnElement[bool] = table.person_id == target.row
        return mine
    if target.kind == GUIDELINE:
        if name == "preference":
            orders = select(RankingGivenRow.id).where(RankingGivenRow.schema_id == target.row)
            return or_(table.schema_id == target.row, table.given_id.in_(orders))
        under: ColumnElement[bool] = table.schema_id == target.row
        return under
    if name == "annotation":
        of_run: ColumnElement[bool] = table.trace_id == target.row
        return of_run
    rankings = select(CandidateRow.ranking_id).where(CandidateRow.trace_id == target.row)
    if name == "ranking":
        among: ColumnElement[bool] = table.ranking_id.in_(rankings)
        return among
    pairs = select(PairRow.id).where(or_(PairRow.trace_a_id == target.row, PairRow.trace_b_id == target.row))
    either: ColumnElement[bool] = table.pair_id.in_(pairs)
    return either


def _evidence(target: Target, annotations: Collection[int]) -> ColumnElement[bool]:
    """What rests on these reviews, in any of their revisions, or on the run."""
    if target.kind == RUN:
        return LessonEvidenceRow.trace_id == target.row
    row = AnnotationRow
    if target.kind == REVIEWER:
        return LessonEvidenceRow.annotation_id.in_(select(row.id).where(row.person_id == target.row))
    return LessonEvidenceRow.annotation_id.in_(select(row.id).where(row.schema_id == target.row))


def uids_of(session: Session, traces: Sequence[int]) -> list[str]:
    """The sources' ids of these runs."""
    found = (session.scalars(select(TraceRow.uid).where(TraceRow.id.in_(some))) for some in parts(traces))
    return [uid for some in found for uid in some]


def standing_retraction(session: Session, target: Target) -> int | None:
    """The retraction of this target that was not undone, if there is one."""
    row = RetractionRow
    return session.scalar(
        select(row.id).where(row.kind == target.kind, row.target == target.row, row.undone_at.is_(None))
    )


def lock_touched(session: Session, touched: Touched) -> None:
    """Let nobody answer the same until this transaction ends."""
    lock_subjects(session, set(touched.traces), set(touched.pairs), set(touched.rankings))
    session.expire_all()


def set_retracted(session: Session, target: Target, touched: Touched, person: int, reason: str) -> int:
    """Set all that is touched apart; the number of the retraction. Lessons keep their state: that is the caller's."""
    made = RetractionRow(
        kind=target.kind, target=target.row, name=clean(target.name, 300), person_id=person, reason=reason, at=now()
    )
    session.add(made)
    session.flush()
    for name, ids in touched.answers.items():
        table = _TABLES[name]
        for some in parts(ids):
            rows = session.execute(select(table.id, table.current, table.place).where(table.id.in_(some))).all()
            note_was(
                session, made.id, name, {row: {"current": current, "place": place} for row, current, place in rows}
            )
            session.execute(update(table).where(table.id.in_(some)).values(current=False, place=RETRACTED))
    if target.kind == GUIDELINE:
        _give_out_again(session, touched)
    _set_items(session, made.id, touched.items)
    _take_evidence(session, made.id, touched.evidence)
    if target.kind == REVIEWER:
        _take_approvals(session, made.id, target.row)
    bring_in_line(session, touched)
    return made.id


def note_was(session: Session, retraction: int, kind: str, rows: dict[int, dict[str, Any]]) -> None:
    """Keep how rows were before the retraction."""
    kept = [{"retraction_id": retraction, "kind": kind, "row_id": row, "was": was} for row, was in rows.items()]
    insert_new(session, RetractedRow, kept, RetractedRow.row_id)


def _give_out_again(session: Session, touched: Touched) -> None:
    """Whoever answered may be given the same items again: their claims are over."""
    over = ClaimRow.state.in_((SUBMITTED, LAPSED))
    for name, ids in touched.answers.items():
        table = _TABLES[name]
        for some in parts(ids):
            mine = exists().where(
                table.id.in_(some), table.item_id == ClaimRow.item_id, table.person_id == ClaimRow.person_id
            )
            session.execute(delete(ClaimRow).where(mine, over).execution_options(synchronize_session=False))


def _set_items(session: Session, retraction: int, items: Sequence[int]) -> None:
    for some in parts(items):
        states = session.execute(select(ItemRow.id, ItemRow.state).where(ItemRow.id.in_(some))).all()
        note_was(session, retraction, "item", {row: {"state": state} for row, state in states})
        session.execute(update(ItemRow).where(ItemRow.id.in_(some)).values(state=DISCARDED))


def _take_evidence(session: Session, retraction: int, rows: Sequence[int]) -> None:
    names = ("lesson_id", "trace_id", "step_uid", "annotation_id")
    for some in parts(rows):
        found = session.scalars(select(LessonEvidenceRow).where(LessonEvidenceRow.id.in_(some))).all()
        note_was(
            session, retraction, "evidence", {row.id: {name: getattr(row, name) for name in names} for row in found}
        )
        session.execute(delete(LessonEvidenceRow).where(LessonEvidenceRow.id.in_(some)))


def _take_approvals(session: Session, retraction: int, person: int) -> None:
    mine = LessonApprovalRow.person_id == person
    words: dict[int, list[list[str]]] = {}
    for row in session.scalars(select(LessonApprovalRow).where(mine)):
        words.setdefault(row.lesson_id, []).append([row.words, row.at.isoformat()])
    note_was(session, retraction, "approval", {lesson: {"words": said} for lesson, said in words.items()})
    session.execute(delete(LessonApprovalRow).where(mine).execution_options(synchronize_session=False))


def bring_in_line(session: Session, touched: Touched) -> None:
    """Counts and states of what is touched, as its answers stand now."""
    session.flush()
    for trace in touched.traces:
        recount(session, trace)
    refresh_items(session, ItemRow.trace_id, touched.traces)
    refresh_items(session, ItemRow.pair_id, touched.pairs)
    refresh_items(session, ItemRow.ranking_id, touched.rankings)


def list_retractions(session: Session) -> list[Retraction]:
    """All of them, the newest first."""
    query = select(RetractionRow, PersonRow.name).join(PersonRow, PersonRow.id == RetractionRow.person_id)
    return [
        Retraction(row.id, Target(row.kind, row.target, row.name), by, row.reason, row.at, row.undone_at)
        for row, by in session.execute(query.order_by(RetractionRow.id.desc()))
    ]


def get_retraction(session: Session, number: int) -> Retraction:
    """One of them; raises NotFound."""
    found = [one for one in list_retractions(session) if one.id == number]
    if not found:
        raise NotFound(f"There is no retraction {number}.", field="retraction")
    return found[0]


def end_retraction(session: Session, number: int, person: int) -> None:
    """Mark it as undone; raises Conflict where it is already."""
    done = session.scalar(
        update(RetractionRow)
        .where(RetractionRow.id == number, RetractionRow.undone_at.is_(None))
        .values(undone_at=now(), undone_by=person)
        .returning(RetractionRow.id)
    )
    if done is None:
        raise Conflict("This retraction has been undone already.", field="retraction")


def retracted_rows(session: Session, number: int, kind: str) -> dict[int, dict[str, Any]]:
    """The rows of one kind that it changed, as they were."""
    row = RetractedRow
    query = select(row.row_id, row.was).where(row.retraction_id == number, row.kind == kind)
    return dict(map(tuple, session.execute(query.order_by(row.row_id))))


def about_retraction(session: Session, target: Target, number: int) -> Touched:
    """What it touched, as far as it is still here."""
    answers = {name: list(retracted_rows(session, number, name)) for name in _TABLES}
    about: dict[str, set[int]] = {name: set() for name in _TABLES}
    for name, table in _TABLES.items():
        of = {"annotation": "trace_id", "preference": "pair_id", "ranking": "ranking_id"}[name]
        for some in parts(answers[name]):
            about[name].update(session.scalars(select(getattr(table, of)).where(table.id.in_(some))))
    return Touched(
        answers,
        sorted(about["annotation"] | ({target.row} if target.kind == RUN else set())),
        sorted(about["preference"]),
        sorted(about["ranking"]),
        list(retracted_rows(session, number, "evidence")),
        list(retracted_rows(session, number, "approval")),
        list(retracted_rows(session, number, "lesson")),
        list(retracted_rows(session, number, "item")),
    )


def set_back(session: Session, target: Target, number: int, touched: Touched) -> None:
    """Let what a retraction set apart stand as it did, less what was said again or removed since."""
    for name, table in _TABLES.items():
        was = retracted_rows(session, number, name)
        for row in _there(session, table, list(was)):
            if row.place != RETRACTED:
                continue
            said_since = was[row.id]["current"] and _says_otherwise(session, table, row)
            row.current, row.place = was[row.id]["current"] and not said_since, was[row.id]["place"]
            session.flush()
            if target.kind == GUIDELINE and row.current and row.item_id is not None:
                claim_again(session, row)
    for item, before in retracted_rows(session, number, "item").items():
        back = update(ItemRow).where(ItemRow.id == item, ItemRow.state == DISCARDED)
        session.execute(back.values(state=before["state"]))
    _give_evidence(session, number)
    for lesson, before in retracted_rows(session, number, "approval").items():
        if session.get(LessonRow, lesson) is not None:
            rows = [
                {"lesson_id": lesson, "person_id": target.row, "words": words, "at": datetime.fromisoformat(at)}
                for words, at in before["words"]
            ]
            insert_new(session, LessonApprovalRow, rows, LessonApprovalRow.person_id)
    bring_in_line(session, touched)


def _there(session: Session, table: Any, ids: Sequence[int]) -> list[Any]:
    return [row for some in parts(ids) for row in session.scalars(select(table).where(table.id.in_(some)))]


def _says_otherwise(session: Session, table: Any, row: Any) -> bool:
    """Whether the person has said something on the same since, which stands."""
    other = aliased(table)
    same = {
        "annotation": ("trace_id", "step_uid", "schema_key"),
        "preference": ("pair_id",),
        "ranking_given": ("ranking_id",),
    }[table.__tablename__]
    mine = [getattr(other, name) == getattr(row, name) for name in (*same, "person_id")]
    return session.scalar(select(other.id).where(*mine, other.current).limit(1)) is not None


def _give_evidence(session: Session, number: int) -> None:
    for was in retracted_rows(session, number, "evidence").values():
        here = session.get(LessonRow, was["lesson_id"]) and session.get(TraceRow, was["trace_id"])
        if here is None:
            continue
        review = was["annotation_id"]
        if review is not None and session.get(AnnotationRow, review) is None:
            review = None
        session.add(LessonEvidenceRow(**{**was, "annotation_id": review}))
    session.flush()
