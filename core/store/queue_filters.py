"""What a lead lets into a queue: the filter, and what of runs, steps, pairs and rankings it lets through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from core.store.content import searched, unpack
from core.store.dialect import parts
from core.store.items import lot
from core.store.tables import (
    AgentRow,
    CandidateRow,
    PairRow,
    PreferenceRow,
    RankingGivenRow,
    RankingRow,
    StepRow,
    TraceRow,
    VersionRow,
)
from core.store.text_search import matching_steps, words_in
from core.store.trace_filter import TraceFilter, filtered


@dataclass(frozen=True, slots=True)
class QueueFilter(TraceFilter):
    """What is let into a queue; every empty field lets all through.

    `kind`, `name`, `failed` and `words` are asked of single steps: their kind, their tool or name, whether they ended
    in an error, the words in them. `source` and `undecided` (nobody's choice counts yet) are asked of pairs and
    rankings. `most` lets in so many at the most: the newest, or with `sample` some by lot.
    """

    kind: str = ""
    name: str = ""
    failed: bool | None = None
    words: str = ""
    source: str = ""
    undecided: bool = False
    most: int | None = None
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Fit:
    """A run, pair or ranking (row id), or a step of a run, that a filter lets through."""

    subject: int
    step: str = ""


def count_fitting(session: Session, subject: str, wanted: QueueFilter) -> int:
    """How many things of a kind (trace, step, pair or ranking) the filter lets through."""
    query = _fitting(session, select(func.count()), subject, wanted, words=True)
    n = session.scalar(query) or 0
    return n if wanted.most is None else min(n, wanted.most)


def fitting(
    session: Session,
    subject: str,
    wanted: QueueFilter,
    among: Sequence[int] | None = None,
    seed: int = 0,
    queue: str = "",
) -> list[Fit]:
    """What the filter lets through, oldest first; of these runs, pairs or rankings only, where `among` names some.

    What has just come is not in the text index yet: with `among` its words are read themselves. A sample is drawn by
    the lots of the queue (its seed and name), so that drawing again draws the same.
    """
    key = _KEYS[subject]
    columns = [StepRow.trace_id, StepRow.uid] if subject == "step" else [key]
    order = [TraceRow.started_at, TraceRow.id] if subject in ("trace", "step") else [key]
    order += [StepRow.position] if subject == "step" else []
    query = _fitting(session, select(*columns), subject, wanted, words=among is None).order_by(*order)
    if among is None:
        found = [Fit(*row) for row in session.execute(query)]
    else:
        found = [Fit(*row) for some in parts(sorted(set(among))) for row in session.execute(query.where(key.in_(some)))]
        found = _saying(session, subject, wanted, found)
    if wanted.most is None or len(found) <= wanted.most:
        return found
    if not wanted.sample:
        return found[-wanted.most :]
    drawn = sorted(found, key=lambda one: lot(seed, queue, one.subject, one.step))[: wanted.most]
    chosen = set(drawn)
    return [one for one in found if one in chosen]


_KEYS: dict[str, Any] = {"trace": TraceRow.id, "step": TraceRow.id, "pair": PairRow.id, "ranking": RankingRow.id}


def _fitting(session: Session, query: Any, subject: str, wanted: QueueFilter, words: bool) -> Any:
    if subject == "pair":
        return query.select_from(PairRow).where(*_of_pairs(wanted))
    if subject == "ranking":
        return query.select_from(RankingRow).where(*_of_rankings(wanted))
    asked = wanted if words else replace(wanted, text="")
    if subject == "trace":
        return filtered(session, query.select_from(TraceRow), asked).where(TraceRow.closed_at.is_not(None))
    query = filtered(session, query.select_from(StepRow).join(TraceRow, TraceRow.id == StepRow.trace_id), asked)
    conditions: list[ColumnElement[bool]] = [TraceRow.closed_at.is_not(None)]
    if wanted.kind:
        conditions.append(StepRow.kind == wanted.kind)
    if wanted.name:
        conditions.append(StepRow.name == wanted.name)
    if wanted.failed is not None:
        conditions.append(StepRow.error != "" if wanted.failed else StepRow.error == "")
    found = matching_steps(session, wanted.words) if words and wanted.words else None
    return query.where(*conditions, *(() if found is None else (found,)))


def _of_pairs(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [PairRow.source == wanted.source] if wanted.source else []
    run = TraceRow.id.in_((PairRow.trace_a_id, PairRow.trace_b_id))
    if wanted.agent:
        conditions.append(exists().where(run, TraceRow.agent_id == AgentRow.id, AgentRow.name == wanted.agent))
    if wanted.version:
        of_run = exists().where(run, TraceRow.version_id == VersionRow.id, VersionRow.name == wanted.version)
        conditions.append(or_(PairRow.name_a == wanted.version, PairRow.name_b == wanted.version, of_run))
    if wanted.undecided:
        conditions.append(~exists().where(PreferenceRow.pair_id == PairRow.id, PreferenceRow.current))
    return conditions


def _of_rankings(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [RankingRow.source == wanted.source] if wanted.source else []
    candidate = (CandidateRow.ranking_id == RankingRow.id, TraceRow.id == CandidateRow.trace_id)
    if wanted.agent:
        conditions.append(exists().where(*candidate, TraceRow.agent_id == AgentRow.id, AgentRow.name == wanted.agent))
    if wanted.version:
        of_run = exists().where(*candidate, TraceRow.version_id == VersionRow.id, VersionRow.name == wanted.version)
        named = exists().where(CandidateRow.ranking_id == RankingRow.id, CandidateRow.name == wanted.version)
        conditions.append(or_(named, of_run))
    if wanted.undecided:
        given = RankingGivenRow
        conditions.append(~exists().where(given.ranking_id == RankingRow.id, given.current))
    return conditions


def _saying(session: Session, subject: str, wanted: QueueFilter, found: list[Fit]) -> list[Fit]:
    """Of what was found, that which has the words that are asked for; a run has them in one of its steps."""
    in_run = words_in(wanted.text.lower()) if subject in ("trace", "step") else []
    in_step = words_in(wanted.words.lower()) if subject == "step" else []
    if not in_run and not in_step:
        return found
    runs: set[int] = set()
    steps: set[Fit] = set()
    columns = select(StepRow.trace_id, StepRow.uid, StepRow.name, StepRow.error, StepRow.content)
    for some in parts(sorted({one.subject for one in found})):
        for row in session.execute(columns.where(StepRow.trace_id.in_(some))):
            words = set(words_in(searched(row.name, row.error, unpack(row.content)).lower()))
            if _has(words, in_run):
                runs.add(row.trace_id)
            if _has(words, in_step):
                steps.add(Fit(row.trace_id, row.uid))
    return [one for one in found if one.subject in runs and (subject == "trace" or one in steps)]


def _has(words: set[str], wanted: Sequence[str]) -> bool:
    """Whether all wanted words are there, the last one as a beginning."""
    if not wanted:
        return True
    return words.issuperset(wanted[:-1]) and any(word.startswith(wanted[-1]) for word in words)


def pair_sources(session: Session, subject: str) -> list[str]:
    """Where the stored pairs (or rankings) come from, by name."""
    column = RankingRow.source if subject == "ranking" else PairRow.source
    return list(session.scalars(select(column).distinct().order_by(column)))


def n_rankings(session: Session) -> int:
    """How many rankings there are."""
    return session.scalar(select(func.count()).select_from(RankingRow)) or 0
