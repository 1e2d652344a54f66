"""What a person must not see yet: outcome, version, signals and labels of a run they have still to judge (law 7).

It binds annotators, everywhere. Leads see everything outside the review desk, because they set up and adjudicate; an
annotation says whether it was given blind.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from core.store.claims import CLAIMED, LAPSED
from core.store.items import GOLD, OPEN
from core.store.tables import (
    AnnotationRow,
    CandidateRow,
    ClaimRow,
    ItemRow,
    LabelSchemaRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueuePersonRow,
    QueueRow,
    RankingGivenRow,
    TraceRow,
)


def hidden_from(person: int) -> ColumnElement[bool]:
    """A condition on `TraceRow`: what this annotator may still be given to judge in a blind queue of theirs.

    A run that they are asked about again is hidden like any other while they hold it: it must not be told from others.
    """
    annotator = exists().where(PersonRow.id == person, PersonRow.role == "annotator")
    members = exists().where(QueuePersonRow.queue_id == QueueRow.id)
    member = exists().where(QueuePersonRow.queue_id == QueueRow.id, QueuePersonRow.person_id == person)
    held = exists().where(
        ClaimRow.item_id == ItemRow.id, ClaimRow.person_id == person, ClaimRow.state.in_((CLAIMED, LAPSED))
    )
    again = ItemRow.for_person == person
    asked = and_(
        or_(ItemRow.state.in_((OPEN, GOLD)), held),
        or_(ItemRow.for_person == 0, and_(again, held)),
        QueueRow.id == ItemRow.queue_id,
        QueueRow.blind,
        QueueRow.state != "archived",
        or_(~members, member),
    )
    label = AnnotationRow
    asked_key = select(LabelSchemaRow.key).where(LabelSchemaRow.id == QueueRow.schema_id)
    key = asked_key.correlate(QueueRow).scalar_subquery()
    said = exists().where(
        label.trace_id == ItemRow.trace_id,
        label.step_uid == ItemRow.step_uid,
        label.person_id == person,
        label.schema_key == key,
        label.bulk_id.is_(None),
        _given(label),
    )
    runs = exists().where(ItemRow.trace_id == TraceRow.id, asked, or_(~said, again))
    chosen = exists().where(
        PreferenceRow.pair_id == ItemRow.pair_id, PreferenceRow.person_id == person, _given(PreferenceRow)
    )
    sides = or_(PairRow.trace_a_id == TraceRow.id, PairRow.trace_b_id == TraceRow.id)
    pairs = exists().where(sides, ItemRow.pair_id == PairRow.id, asked, or_(~chosen, again))
    ranked = exists().where(
        RankingGivenRow.ranking_id == ItemRow.ranking_id, RankingGivenRow.person_id == person, _given(RankingGivenRow)
    )
    rankings = exists().where(
        CandidateRow.trace_id == TraceRow.id,
        ItemRow.ranking_id == CandidateRow.ranking_id,
        asked,
        or_(~ranked, again),
    )
    return and_(annotator, or_(runs, pairs, rankings))


def _given(label: type[AnnotationRow | PreferenceRow | RankingGivenRow]) -> ColumnElement[bool]:
    """What was submitted and not withdrawn, whether it counts or stands apart as surplus."""
    return or_(label.current, and_(label.place == "surplus", ~label.withdrawn))


def hidden_traces(session: Session, person: int, trace_ids: Sequence[int]) -> set[int]:
    """Which of these traces must not show their outcome, version, signals and labels to this person yet."""
    query = select(TraceRow.id).where(TraceRow.id.in_(trace_ids), hidden_from(person))
    return set(session.scalars(query))
