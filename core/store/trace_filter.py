"""Which traces are meant: the filter, and how many and which of them it lets through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from core.clock import parse_time
from core.records import Outcome, Role
from core.store.dialect import parts
from core.store.hidden import hidden_from
from core.store.recalls import was_given
from core.store.tables import AgentRow, AnnotationRow, PersonRow, SignalRow, TaskRow, TraceRow, VersionRow
from core.store.text_search import count_matching, matching_traces, words_in


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces a list shows; every empty field lets all through.

    `signal` is the name of a signal that the run or a step of it has, `says` what that says: solved or failed.
    `lesson` is the id of a lesson that the run was given. `contradicted`: some evidence says otherwise than its outcome
    (core.tasks.outcome.contradictions).
    `blind_for` is the person who looks: what is hidden from them is left out as soon as a filter would tell of it.
    """

    agent: str = ""
    version: str = ""
    outcome: str = ""
    labelled: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    session: str = ""
    task: str = ""
    signal: str = ""
    says: bool | None = None
    lesson: str = ""
    contradicted: bool = False
    blind_for: int | None = None

    @property
    def tells(self) -> bool:
        """Whether it lets runs through by what a blind reviewer must not know."""
        told = self.version or self.outcome or self.signal or self.lesson or self.contradicted
        return bool(told) or self.labelled is not None

    def as_json(self) -> dict[str, Any]:
        """What is asked, as it is stored: never who looks; times are ISO 8601."""
        asked = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) != one.default}
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asked.items()
            if name != "blind_for"
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The filter that `as_json` wrote."""
        known = {one.name for one in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        return cls(**values | {name: parse_time(values.get(name)) for name in ("since", "until")})


def filtered(session: Session, query: Any, wanted: TraceFilter) -> Any:
    """A query over `TraceRow`, narrowed to what the filter lets through."""
    if wanted.agent:
        query = query.where(
            TraceRow.agent_id == select(AgentRow.id).where(AgentRow.name == wanted.agent).scalar_subquery()
        )
    if wanted.version:
        query = query.where(TraceRow.version_id.in_(select(VersionRow.id).where(VersionRow.name == wanted.version)))
    if wanted.outcome:
        query = query.where(TraceRow.outcome == wanted.outcome)
    if wanted.labelled is not None:
        query = query.where(TraceRow.n_annotations > 0 if wanted.labelled else TraceRow.n_annotations == 0)
    if wanted.since:
        query = query.where(TraceRow.started_at >= wanted.since)
    if wanted.until:
        query = query.where(TraceRow.started_at < wanted.until)
    if wanted.session:
        query = query.where(TraceRow.session == wanted.session)
    if wanted.task:
        query = query.where(TraceRow.task_id.in_(select(TaskRow.id).where(TaskRow.key == wanted.task)))
    if wanted.signal:
        said = [SignalRow.name == wanted.signal, SignalRow.replaced_at.is_(None)]
        if wanted.says is not None:
            said.append(SignalRow.success.is_(wanted.says))
        query = query.where(exists().where(SignalRow.trace_id == TraceRow.id, *said))
    if wanted.lesson:
        query = query.where(was_given(wanted.lesson))
    if wanted.contradicted:
        query = query.where(_contradicted())
    if wanted.blind_for is not None and wanted.tells:
        query = query.where(~hidden_from(wanted.blind_for))
    found = matching_traces(session, wanted.text) if wanted.text else None
    return query if found is None else query.where(found)


def _contradicted() -> ColumnElement[bool]:
    """A signal on the whole run, or a person's label, says otherwise than the outcome that counts."""
    solved = TraceRow.outcome == Outcome.SOLVED.value
    short = TraceRow.outcome.in_([Outcome.FAILED.value, Outcome.PARTLY.value])
    told = (SignalRow.trace_id == TraceRow.id, SignalRow.step_uid.is_(None), SignalRow.replaced_at.is_(None))
    against = or_(and_(solved, SignalRow.success.is_(False)), and_(short, SignalRow.success.is_(True)))
    said = AnnotationRow.answers["outcome"].as_string()
    labels = (AnnotationRow.trace_id == TraceRow.id, AnnotationRow.current, AnnotationRow.step_uid == "")
    people = (PersonRow.id == AnnotationRow.person_id, PersonRow.role != Role.MACHINE.value)
    return or_(
        exists().where(*told, against), exists().where(*labels, *people, said.is_not(None), said != TraceRow.outcome)
    )


def count_traces(session: Session, wanted: TraceFilter) -> int:
    """How many traces the filter lets through."""
    return session.scalar(filtered(session, select(func.count()).select_from(TraceRow), wanted)) or 0


COUNTED = 10_000
"""Past so many, how many runs have a word is not counted out: it would take as long as to find them all."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many traces there are; with `more`, at least so many and more."""

    n: int
    more: bool = False


def count_found(session: Session, wanted: TraceFilter) -> Counted:
    """How many traces a filter lets through; where it asks for words, counted up to `COUNTED`."""
    if not words_in(wanted.text):
        return Counted(count_traces(session, wanted))
    if replace(wanted, text="", blind_for=None) == TraceFilter():
        n = count_matching(session, wanted.text, COUNTED + 1)
    else:
        some = filtered(session, select(TraceRow.id), wanted).limit(COUNTED + 1).subquery()
        n = session.scalar(select(func.count()).select_from(some)) or 0
    return Counted(min(n, COUNTED), n > COUNTED)


def trace_ids(session: Session, wanted: TraceFilter, most: int | None = None) -> list[int]:
    """Row ids of the traces (up to so many) that the filter lets through, in no order."""
    return list(session.scalars(filtered(session, select(TraceRow.id), wanted).limit(most)))


def traces_among(session: Session, wanted: TraceFilter, trace_ids: Sequence[int]) -> set[int]:
    """Those of these traces that the filter lets through."""
    found: set[int] = set()
    for some in parts(trace_ids):
        query = select(TraceRow.id).where(TraceRow.id.in_(some))
        found.update(session.scalars(filtered(session, query, wanted)))
    return found
