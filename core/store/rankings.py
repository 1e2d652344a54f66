"""Rankings: sets of candidates to be put in order, and the orders that people gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import NotFound
from core.records import Task
from core.store.catalog import task_ids
from core.store.content import clean
from core.store.dialect import insert_new, parts
from core.store.revisions import begin_revision, newest_said
from core.store.tables import CandidateRow, RankingGivenRow, RankingRow, TraceRow
from core.store.traces import ids_of

LETTERS = "abcdef"
"""The names of candidates in the store; as many as may be ranked at once."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer to be ranked: a text, a whole run (its trace id), or with `step` too what that step of the run said.

    `name` is who made it: a version, a model.
    """

    text: str = ""
    trace: str = ""
    step: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class NewRanking:
    """Two to six candidates of one task; they are stored in the order in which they stand here."""

    uid: str
    source: str
    prompt: str
    candidates: tuple[Candidate, ...]
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """An order that somebody gave: tiers of letters, the best first, and all letters as they were `shown`."""

    tiers: tuple[tuple[str, ...], ...]
    shown: str
    reason: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    active_seconds: float | None = None


def insert_rankings(session: Session, rankings: Sequence[NewRanking]) -> list[int]:
    """Write the rankings that are new; their row ids. Raises NotFound for a run that is not here."""
    tasks = task_ids(session, [one.task for one in rankings if one.task is not None])
    traces = ids_of(session, {each.trace for one in rankings for each in one.candidates if each.trace})
    by_uid = {clean(one.uid, 200): one for one in rankings}
    for uid, one in by_uid.items():
        missing = [each.trace for each in one.candidates if each.trace and each.trace not in traces]
        if missing:
            raise NotFound(f"The ranking {uid} points at trace {missing[0]}, which is not here: import it first.")
    at = now()
    rows = [
        {
            "uid": uid,
            "source": clean(one.source, 100),
            "task_id": tasks[one.task.key] if one.task is not None else None,
            "prompt": clean(one.prompt),
            "created_at": at,
        }
        for uid, one in by_uid.items()
    ]
    made = insert_new(session, RankingRow, rows, RankingRow.id)
    listed = sorted(made)
    for some in parts(listed):
        found = select(RankingRow).where(RankingRow.id.in_(some))
        for row in session.scalars(found).all():
            session.add_all(
                CandidateRow(
                    ranking_id=row.id,
                    letter=letter,
                    trace_id=traces.get(each.trace),
                    step_uid=clean(each.step, 200),
                    text=clean(each.text),
                    name=clean(each.name),
                )
                for letter, each in zip(LETTERS, by_uid[row.uid].candidates, strict=False)
            )
    session.flush()
    return listed


def ranking_row(session: Session, ranking: int) -> RankingRow:
    """One ranking; raises NotFound."""
    row = session.get(RankingRow, ranking)
    if row is None:
        raise NotFound(f"There is no ranking {ranking}. It may have been removed.")
    return row


def candidate_rows(session: Session, ranking: int) -> list[CandidateRow]:
    """The candidates of a ranking as they are stored, by letter."""
    query = select(CandidateRow).where(CandidateRow.ranking_id == ranking).order_by(CandidateRow.letter)
    return list(session.scalars(query))


def candidates(session: Session, ranking: int) -> dict[str, Candidate]:
    """The candidates of a ranking by letter."""
    columns = (CandidateRow.letter, CandidateRow.text, TraceRow.uid, CandidateRow.step_uid, CandidateRow.name)
    query = select(*columns).outerjoin(TraceRow, TraceRow.id == CandidateRow.trace_id)
    rows = session.execute(query.where(CandidateRow.ranking_id == ranking).order_by(CandidateRow.letter))
    return {letter: Candidate(text, uid or "", step, name) for letter, text, uid, step, name in rows}


def letters_of(session: Session, ranking: int) -> str:
    """The letters of a ranking's candidates, in order."""
    query = select(CandidateRow.letter).where(CandidateRow.ranking_id == ranking).order_by(CandidateRow.letter)
    return "".join(session.scalars(query))


def add_given(
    session: Session,
    ranking: int,
    person: int,
    order: Order,
    submitted_at: datetime,
    item_id: int | None = None,
    blind: bool = False,
    withdrawn: bool = False,
    place: str = "",
    schema_id: int | None = None,
) -> RankingGivenRow:
    """Write a person's newest order of a ranking; what they gave before stays, not current.

    `place` as in `core.store.annotations.add_annotation`.
    """
    mine = (RankingGivenRow.ranking_id == ranking, RankingGivenRow.person_id == person)
    revision = begin_revision(session, RankingGivenRow, mine, place)
    row = RankingGivenRow(
        ranking_id=ranking,
        item_id=item_id,
        person_id=person,
        schema_id=schema_id,
        revision=revision,
        current=not withdrawn and not place,
        withdrawn=withdrawn,
        place=place,
        blind=blind,
        order=[list(tier) for tier in order.tiers],
        shown=order.shown,
        reason=clean(order.reason),
        answers=dict(order.answers),
        active_seconds=order.active_seconds,
        submitted_at=submitted_at,
    )
    session.add(row)
    session.flush()
    return row


def said_ranking(session: Session, ranking: int, person: int, repeat: int | None = None) -> RankingGivenRow | None:
    """The order that a person gives now, or gave in answer to a hidden repeat (item), if any."""
    mine = (RankingGivenRow.ranking_id == ranking, RankingGivenRow.person_id == person)
    return newest_said(session, RankingGivenRow, mine, repeat)


def given_before(session: Session, ranking: int, person: int) -> set[int]:
    """The row ids of all orders that a person ever gave of a ranking."""
    mine = (RankingGivenRow.ranking_id == ranking, RankingGivenRow.person_id == person)
    return set(session.scalars(select(RankingGivenRow.id).where(*mine)))
