"""Pairs with what is known of their sides, and what was chosen between them, as reports and queues need it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from core.clock import content_hash
from core.records import Choice, Role
from core.store.revisions import REPEAT
from core.store.tables import (
    AgentRow,
    ItemRow,
    PairRow,
    PersonRow,
    PreferenceRow,
    QueueRow,
    RankingGivenRow,
    ResolutionRow,
    TaskRow,
    TraceRow,
    VersionRow,
)
from core.store.work import PREFERENCE

CORRECTION = "correction"
"""The source of pairs whose sides no version made: a step beside its correction."""


AT_ONCE = 5_000

Maker = tuple[str, str]
"""(agent, version), the agent "" where only a name is known."""

SCORES = {
    Choice.A_MUCH: 1.0,
    Choice.A: 1.0,
    Choice.EQUAL: 0.5,
    Choice.BOTH_BAD: 0.5,
    Choice.B: 0.0,
    Choice.B_MUCH: 0.0,
}
"""What a choice says for side A: 1 for preferred, 0.5 where neither is."""


@dataclass(frozen=True, slots=True)
class SideFacts:
    """One side of a pair: who made it, and how long it is (steps of a whole run, else characters).

    `candidate` is what it is called among the answers to its task, the same in every pair it stands in. `maker` is None
    for a side that no version made.
    """

    candidate: str
    maker: Maker | None
    length: int
    unit: str


@dataclass(frozen=True, slots=True)
class PairFacts:
    """A pair without its texts; `task` tells apart what was asked, `title` is its beginning."""

    id: int
    task: str
    title: str
    a: SideFacts
    b: SideFacts

    @property
    def makers(self) -> tuple[Maker, Maker] | None:
        """The versions that made A and B; None where one of them has none, or both the same."""
        a, b = self.a.maker, self.b.maker
        return None if a is None or b is None or a == b else (a, b)


@dataclass(frozen=True, slots=True)
class Decided:
    """A choice that stands: the current one, or (`repeat`) the one in answer to a hidden repeat.

    `ranked` says that it is part of an order of several candidates.
    """

    pair: PairFacts
    person: str
    choice: Choice
    left: str
    repeat: bool
    ranked: bool


def pair_facts(session: Session, ids: Collection[int] | None = None) -> dict[int, PairFacts]:
    """Row id → what is known of these pairs (None: of all)."""
    listed = None if ids is None else sorted(set(ids))
    if listed is None:
        return {facts.id: facts for facts in _facts(session, _FACTS)}
    found: dict[int, PairFacts] = {}
    for start in range(0, len(listed), AT_ONCE):
        some = _FACTS.where(PairRow.id.in_(listed[start : start + AT_ONCE]))
        found.update((facts.id, facts) for facts in _facts(session, some))
    return found


def decided(session: Session, machines: bool = False, queue: QueueRow | None = None) -> list[Decided]:
    """The choices of people (or of machines) that stand, on all pairs or in one queue, oldest first."""
    own = PersonRow.role == Role.MACHINE.value
    columns = (
        PreferenceRow.pair_id,
        PersonRow.name,
        PreferenceRow.choice,
        PreferenceRow.left,
        PreferenceRow.item_id,
        PreferenceRow.place,
        PreferenceRow.given_id.is_not(None),
        PreferenceRow.withdrawn,
    )
    query = (
        select(*columns)
        .join(PersonRow, PersonRow.id == PreferenceRow.person_id)
        .where(or_(PreferenceRow.current, PreferenceRow.place == REPEAT), own if machines else ~own)
        .order_by(PreferenceRow.revision, PreferenceRow.submitted_at, PreferenceRow.id)
    )
    if queue is not None:
        query = query.where(_in_queue(queue))
    newest: dict[tuple[int, str, int | None], Any] = {}  # of an answer to a repeat only the newest stands
    for pair, person, choice, left, item, place, ranked, withdrawn in session.execute(query):
        key = (pair, person, item if place == REPEAT else None)
        newest[key] = None if withdrawn else (Choice(choice), left, place == REPEAT, bool(ranked))
    facts = pair_facts(session, {pair for pair, _, _ in newest})
    return [Decided(facts[pair], person, *said) for (pair, person, _), said in newest.items() if said is not None]


def resolved_choices(session: Session) -> dict[int, Choice]:
    """Pair → what a lead resolved of it that stands, by itself or as a part of an order."""
    row = ResolutionRow
    stands = select(row.pair_id, row.answer).where(row.current, row.question == PREFERENCE, row.pair_id.is_not(None))
    return {pair: Choice(said) for pair, said in session.execute(stands)}


def _in_queue(queue: QueueRow) -> Any:
    items = select(ItemRow.pair_id).where(ItemRow.queue_id == queue.id, ItemRow.pair_id.is_not(None))
    if queue.subject != "ranking":
        return PreferenceRow.pair_id.in_(items)
    ranked = select(ItemRow.ranking_id).where(ItemRow.queue_id == queue.id)
    given = select(RankingGivenRow.id).where(RankingGivenRow.ranking_id.in_(ranked))
    return PreferenceRow.given_id.in_(given)


def _side(trace: Any, agent: Any, version: Any, text: Any, name: Any) -> tuple[Any, ...]:
    """The columns of a side; its text only where nothing else names it."""
    unnamed = case((and_(name == "", trace.id.is_(None)), text), else_="")
    return trace.uid, agent.name, version.name, trace.n_steps, func.length(text), name, unnamed


def _query() -> Select[Any]:
    columns: list[Any] = [PairRow.id, PairRow.source, TaskRow.key, PairRow.prompt, PairRow.step_a, PairRow.step_b]
    query = select(PairRow.id).outerjoin(TaskRow, TaskRow.id == PairRow.task_id)
    for of_trace, text, name in (
        (PairRow.trace_a_id, PairRow.text_a, PairRow.name_a),
        (PairRow.trace_b_id, PairRow.text_b, PairRow.name_b),
    ):
        trace, agent, version = aliased(TraceRow), aliased(AgentRow), aliased(VersionRow)
        query = query.outerjoin(trace, trace.id == of_trace)
        query = query.outerjoin(agent, agent.id == trace.agent_id).outerjoin(version, version.id == trace.version_id)
        columns += _side(trace, agent, version, text, name)
    return query.with_only_columns(*columns, maintain_column_froms=True).order_by(PairRow.id)


_FACTS = _query()


def _facts(session: Session, query: Select[Any]) -> Iterator[PairFacts]:
    for pair, source, task, prompt, step_a, step_b, *sides in session.execute(query):
        known = task or f"prompt:{prompt}"
        a, b = (_side_facts(source, step, *side) for step, side in ((step_a, sides[:7]), (step_b, sides[7:])))
        yield PairFacts(pair, known, " ".join(prompt[:200].split()), a, b)


def _side_facts(
    source: str,
    step: str,
    trace: str | None,
    agent: str | None,
    version: str | None,
    n_steps: int | None,
    characters: int,
    name: str,
    text: str,
) -> SideFacts:
    whole = trace is not None and not step
    candidate = f"{trace}#{step}".removesuffix("#") if trace is not None else name or content_hash(text, 24)
    maker = (agent or "", version or "") if trace is not None else ("", name) if name else None
    return SideFacts(
        candidate,
        None if source == CORRECTION else maker,
        (n_steps or 0) if whole else characters,
        "steps" if whole else "characters",
    )
