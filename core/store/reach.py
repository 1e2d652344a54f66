"""Which runs something is asked to be taken back for, and all that hangs on them: found here, removed in removal.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.clock import content_hash, now
from core.errors import NotFound
from core.records import LessonState
from core.store.claims import CLAIMED
from core.store.dialect import BATCH, parts
from core.store.lessons import UNDECIDED
from core.store.recalls import RECALL_ATTRIBUTE
from core.store.tables import (
    AgentRow,
    AnnotationRow,
    Base,
    CandidateRow,
    ClaimRow,
    CommentRow,
    DraftCopyRow,
    DraftRow,
    ItemRow,
    LessonEvidenceRow,
    LessonRow,
    PairRow,
    PreferenceRow,
    RankingGivenRow,
    RankingRow,
    RecallRow,
    ResolutionRow,
    SignalRow,
    StepRow,
    SuiteCaseRow,
    TraceRow,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What to take back: a run (the id its source gave it), a session, a user, or an agent's runs before a moment."""

    trace: str = ""
    session: str = ""
    user: str = ""
    agent: str = ""
    before: datetime | None = None

    @property
    def words(self) -> str:
        """The kind of thing, for the log: neither its id nor a user's name, which would refer to what is gone."""
        if self.before is not None:
            return f"runs of {self.agent} before {self.before:%Y-%m-%d}"
        return "one run" if self.trace else "one session" if self.session else "one user"


@dataclass(frozen=True, slots=True)
class Run:
    """A run that goes, with what is needed to find what hangs on it."""

    id: int
    uid: str
    session: str
    task_id: int | None
    title: str


@dataclass(frozen=True, slots=True)
class TouchedLesson:
    """A lesson that loses evidence; `left` is what it keeps. `row` is its row id."""

    row: int
    uid: str
    when: str
    state: LessonState
    left: int

    @property
    def words(self) -> str:
        """What becomes of it, in a sentence."""
        if self.left:
            return f"The lesson “{self.when}” keeps other evidence."
        after = {LessonState.ACTIVE: "is retired", **dict.fromkeys(UNDECIDED, "is rejected")}.get(
            self.state, "stays so"
        )
        return f"The lesson “{self.when}” {after}: it rests on nothing else."


@dataclass(frozen=True, slots=True)
class Reach:
    """Row ids of what hangs on runs and is not found by the run alone."""

    runs: Sequence[Run]
    pairs: Sequence[int]
    rankings: Sequence[int]
    items: Sequence[int]
    recalls: Sequence[int]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of row that goes: those whose `column` is among the `of` a reach."""

    name: str
    table: type[Base]
    column: InstrumentedAttribute[Any]
    of: str


PARTS = (
    Part("evidence", LessonEvidenceRow, LessonEvidenceRow.trace_id, "runs"),
    Part("claims", ClaimRow, ClaimRow.item_id, "items"),
    Part("drafts", DraftRow, DraftRow.item_id, "items"),
    Part("drafts", DraftCopyRow, DraftCopyRow.item_id, "items"),
    Part("resolutions", ResolutionRow, ResolutionRow.pair_id, "pairs"),
    Part("resolutions", ResolutionRow, ResolutionRow.ranking_id, "rankings"),
    Part("resolutions", ResolutionRow, ResolutionRow.trace_id, "runs"),
    Part("comments", CommentRow, CommentRow.pair_id, "pairs"),
    Part("comments", CommentRow, CommentRow.trace_id, "runs"),
    Part("preferences", PreferenceRow, PreferenceRow.pair_id, "pairs"),
    Part("rankings given", RankingGivenRow, RankingGivenRow.ranking_id, "rankings"),
    Part("annotations", AnnotationRow, AnnotationRow.trace_id, "runs"),
    Part("items", ItemRow, ItemRow.repeat_of, "items"),
    Part("items", ItemRow, ItemRow.id, "items"),
    Part("candidates", CandidateRow, CandidateRow.ranking_id, "rankings"),
    Part("rankings", RankingRow, RankingRow.id, "rankings"),
    Part("pairs", PairRow, PairRow.id, "pairs"),
    Part("recalls", RecallRow, RecallRow.id, "recalls"),
    Part("signals", SignalRow, SignalRow.trace_uid, "uids"),
    Part("steps", StepRow, StepRow.trace_id, "runs"),
    Part("traces", TraceRow, TraceRow.id, "runs"),
)
"""All rows that go with runs, in an order in which none is referred to when it goes."""


def members(reach: Reach, part: Part) -> list[Any]:
    """The values of a part's column that are meant."""
    if part.of == "runs":
        return [run.id for run in reach.runs]
    return [run.uid for run in reach.runs] if part.of == "uids" else list(getattr(reach, part.of))


_RUN = select(TraceRow.id, TraceRow.uid, TraceRow.session, TraceRow.task_id, TraceRow.title)


def chosen_runs(session: Session, scope: Scope, most: int | None = None) -> list[Run]:
    """The runs that a scope means, in the order of their row ids; raises NotFound for an agent that is not here."""
    if scope.before is not None:
        agent = session.scalar(select(AgentRow.id).where(AgentRow.name == scope.agent))
        if agent is None:
            raise NotFound(f"There is no agent {scope.agent}.", field="agent")
        meant = and_(TraceRow.agent_id == agent, TraceRow.started_at < scope.before)
    elif scope.trace:
        meant = TraceRow.uid.in_({scope.trace, scope.trace.lower()})  # ids of OpenTelemetry are kept in lower case
    else:
        meant = TraceRow.session == scope.session if scope.session else TraceRow.user == scope.user
    return [Run(*row) for row in session.execute(_RUN.where(meant).order_by(TraceRow.id).limit(most))]


def overdue_runs(
    session: Session, agents: Sequence[str], others: bool, before: datetime, keep_used: bool
) -> Iterator[Run]:
    """The runs of these agents (`others`: of all but these) to which nothing was added since a moment, oldest first.

    A run that somebody holds at the desk is passed over. With `keep_used` so is one that somebody labelled or compared,
    that a lesson rests on, or whose task is in a suite.
    """
    held = _held_runs(session)
    named = TraceRow.agent_id.in_(select(AgentRow.id).where(AgentRow.name.in_(agents)))
    query = _RUN.where(~named if others else named, TraceRow.started_at < before, TraceRow.last_arrival_at < before)
    if keep_used:
        of_run = or_(PairRow.trace_a_id == TraceRow.id, PairRow.trace_b_id == TraceRow.id)
        query = query.where(
            ~exists().where(AnnotationRow.trace_id == TraceRow.id),
            ~exists().where(of_run, PreferenceRow.pair_id == PairRow.id),
            ~exists().where(LessonEvidenceRow.trace_id == TraceRow.id),
            or_(TraceRow.task_id.is_(None), TraceRow.task_id.not_in(select(SuiteCaseRow.task_id))),
        )
    for row in session.execute(query.order_by(TraceRow.started_at, TraceRow.id).execution_options(yield_per=BATCH)):
        if row.id not in held:
            yield Run(*row)


def _held_runs(session: Session) -> set[int]:
    active = (ClaimRow.state == CLAIMED, ClaimRow.expires_at > now())
    items = select(ItemRow.trace_id, PairRow.trace_a_id, PairRow.trace_b_id).outerjoin(
        PairRow, PairRow.id == ItemRow.pair_id
    )
    rows = session.execute(items.join(ClaimRow, ClaimRow.item_id == ItemRow.id).where(*active))
    return {trace for row in rows for trace in row if trace is not None}


def reach_of(session: Session, runs: Sequence[Run]) -> Reach:
    """What hangs on these runs."""
    ids = [run.id for run in runs]
    pairs: set[int] = set(_correction_pairs(session, runs))
    items: set[int] = set()
    rankings: set[int] = set()
    for some in parts(ids):
        either = or_(PairRow.trace_a_id.in_(some), PairRow.trace_b_id.in_(some))
        pairs.update(session.scalars(select(PairRow.id).where(either)))
        items.update(session.scalars(select(ItemRow.id).where(ItemRow.trace_id.in_(some))))
        rankings.update(session.scalars(select(CandidateRow.ranking_id).where(CandidateRow.trace_id.in_(some))))
    for some in parts(sorted(pairs)):
        items.update(session.scalars(select(ItemRow.id).where(ItemRow.pair_id.in_(some))))
    for some in parts(sorted(rankings)):
        items.update(session.scalars(select(ItemRow.id).where(ItemRow.ranking_id.in_(some))))
    return Reach(runs, sorted(pairs), sorted(rankings), sorted(items), sorted(_recalls(session, runs)))


def _correction_pairs(session: Session, runs: Sequence[Run]) -> Iterator[int]:
    """Pairs that were made of these runs' corrections (core.review.pairing): they hold texts, and name no run."""
    uids = {run.id: run.uid for run in runs}
    written: set[str] = set()
    for some in parts(uids):
        query = select(AnnotationRow.trace_id, AnnotationRow.corrections).where(AnnotationRow.trace_id.in_(some))
        for trace, corrections in session.execute(query):
            written |= {
                f"correction-{content_hash([uids[trace], one['step_id'], one['corrected']], 24)}" for one in corrections
            }
    for some in parts(sorted(written)):
        yield from session.scalars(select(PairRow.id).where(PairRow.uid.in_(some)))


def _recalls(session: Session, runs: Sequence[Run]) -> set[int]:
    """Recalls that name a run or that it names, and those of sessions of which no run is left."""
    found: set[int] = set()
    for some in parts(runs):
        uids = [run.uid for run in some]
        named: list[str] = []
        for attributes in session.scalars(select(TraceRow.attributes).where(TraceRow.id.in_([run.id for run in some]))):
            said = attributes.get(RECALL_ATTRIBUTE)
            named += [str(one) for one in (said if isinstance(said, list) else [said]) if one]
        either = or_(RecallRow.trace_uid.in_(uids), RecallRow.run_key.in_(uids), RecallRow.uid.in_(named))
        found.update(session.scalars(select(RecallRow.id).where(either)))
    for some in parts(_whole_sessions(session, runs)):
        found.update(session.scalars(select(RecallRow.id).where(RecallRow.session.in_(some))))
    return found


def _whole_sessions(session: Session, runs: Sequence[Run]) -> list[str]:
    going = Counter(run.session for run in runs if run.session)
    whole: list[str] = []
    for some in parts(going):
        counted = select(TraceRow.session, func.count()).where(TraceRow.session.in_(some)).group_by(TraceRow.session)
        whole += [name for name, n in session.execute(counted) if n <= going[name]]
    return whole


def count_reach(session: Session, reach: Reach) -> Counter[str]:
    """How many rows of each part there are."""
    counts: Counter[str] = Counter()
    for part in PARTS:
        for some in parts(members(reach, part)):
            query = select(func.count()).select_from(part.table).where(part.column.in_(some))
            counts[part.name] += session.scalar(query) or 0
    return counts


def lessons_of(session: Session, runs: Sequence[Run]) -> list[TouchedLesson]:
    """The lessons that rest on these runs."""
    lost: Counter[int] = Counter()
    for some in parts([run.id for run in runs]):
        lost.update(session.scalars(select(LessonEvidenceRow.lesson_id).where(LessonEvidenceRow.trace_id.in_(some))))
    found: list[TouchedLesson] = []
    for listed in parts(sorted(lost)):
        query = (
            select(LessonRow.id, LessonRow.uid, LessonRow.when, LessonRow.state, func.count(LessonEvidenceRow.id))
            .outerjoin(LessonEvidenceRow, LessonEvidenceRow.lesson_id == LessonRow.id)
            .where(LessonRow.id.in_(listed))
            .group_by(LessonRow.id)
            .order_by(LessonRow.id)
        )
        found += [
            TouchedLesson(row, uid, when, LessonState(state), n - lost[row])
            for row, uid, when, state, n in session.execute(query)
        ]
    return found
