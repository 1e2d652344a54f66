"""Search by words over the text of steps: FTS5 on SQLite, a tsvector index on PostgreSQL.

The index holds the first `INDEXED` characters of a step, because PostgreSQL refuses a tsvector past 1 MB, and no places
of words, for nothing asks for phrases. What is found names its trace without a look at the steps, for a word may stand
in all of them: on SQLite by the step's id, which begins with its trace's (core.store.tables.STEP_BITS).

It trails what is stored: the first `n_indexed` steps of a trace are in it, and `index_due` brings in the next ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Integer, any_, bindparam, column, exists, func, select, table, text, update
from sqlalchemy.orm import Session

from core.store.content import clean, searched, unpack
from core.store.dialect import is_postgresql, parts
from core.store.tables import STEP_BITS, StepRow, TraceRow

INDEXED = 200_000

COMMON = 10_000
"""Traces in which a word has to stand for PostgreSQL to ask trace after trace for it."""

CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE step_text USING fts5(body, content='', detail='none', tokenize='unicode61')"],
    "postgresql": [
        "CREATE TABLE step_text (step_id BIGINT PRIMARY KEY, trace_id INT NOT NULL, body TSVECTOR NOT NULL)",
        "CREATE INDEX ix_step_text_body ON step_text USING GIN (body)",
        "CREATE INDEX ix_step_text_trace ON step_text (trace_id)",
    ],
}

_ADD = {
    True: "INSERT INTO step_text VALUES (:step, :trace, strip(to_tsvector('simple', :body)))",
    False: "INSERT INTO step_text (rowid, body) VALUES (:step, :body)",
}
_REMOVE = {
    True: "DELETE FROM step_text WHERE step_id = :step",
    False: "INSERT INTO step_text (step_text, rowid, body) VALUES ('delete', :step, :body)",
}


def index_steps(session: Session, texts: Iterable[tuple[int, str]]) -> None:
    """Add (step row id, text) to the index; a step must not be in it yet."""
    _run(session, _ADD, texts)


def unindex_steps(session: Session, texts: Iterable[tuple[int, str]]) -> None:
    """Take (step row id, the very text that was added) out of the index."""
    _run(session, _REMOVE, texts)


def _run(session: Session, statements: dict[bool, str], texts: Iterable[tuple[int, str]]) -> None:
    rows = [{"step": step, "trace": step >> STEP_BITS, "body": clean(body, INDEXED)} for step, body in texts]
    if rows:
        session.execute(text(statements[is_postgresql(session)]), rows)


def index_due(session: Session, most: int) -> int:
    """Bring about `most` steps that wait into the index, the oldest traces first; how many were brought in.

    On PostgreSQL traces that another process works on are passed over.
    """
    waiting = (
        select(TraceRow.id, TraceRow.n_indexed, TraceRow.n_steps)
        .where(TraceRow.n_indexed < TraceRow.n_steps)
        .order_by(TraceRow.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    done: list[dict[str, int]] = []
    steps: list[int] = []
    for trace, begin, end in session.execute(waiting).all():
        if len(steps) >= most:
            break
        stop = min(end, begin + most - len(steps))
        steps += range((trace << STEP_BITS) + begin, (trace << STEP_BITS) + stop)
        done.append({"trace": trace, "n": stop})
    if done:
        _index_rows(session, steps)
        session.connection().execute(
            update(TraceRow).where(TraceRow.id == bindparam("trace")).values(n_indexed=bindparam("n")), done
        )
    return len(steps)


def _index_rows(session: Session, steps: Sequence[int]) -> None:
    columns = select(StepRow.id, StepRow.name, StepRow.error, StepRow.content)
    for some in parts(steps):
        rows = session.execute(columns.where(StepRow.id.in_(some)))
        index_steps(session, [(row.id, searched(row.name, row.error, unpack(row.content))) for row in rows])


def n_waiting(session: Session) -> int:
    """How many stored steps are not in the text index yet."""
    behind = select(func.sum(TraceRow.n_steps - TraceRow.n_indexed)).where(TraceRow.n_indexed < TraceRow.n_steps)
    return session.scalar(behind) or 0


def words_in(query: str) -> Sequence[str]:
    """The words of a query as both indexes cut them: at everything that is no letter and no digit."""
    return re.findall(r"[^\W_]+", query)


def matching_traces(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `TraceRow`: a step of it has all the words (the last as a beginning); None without words."""
    words = words_in(query)
    if not words:
        return None
    places, trace, _ = _asked(session, words)
    if is_postgresql(session):
        if count_matching(session, query, COMMON) == COMMON:
            # Then trace after trace is asked, until enough are found: to find all of them first would take seconds.
            return exists().where(trace == TraceRow.id, places)
        # As an array, which is made once: joined, the planner guesses how often a word stands there, and at times looks
        # through all of its places for each trace.
        return TraceRow.id == any_(func.array(select(trace).where(places).distinct().scalar_subquery()))
    return TraceRow.id.in_(select(trace).where(places))


def count_matching(session: Session, query: str, most: int) -> int:
    """How many traces have a step with all the words, counted up to `most`: from the index alone."""
    places, trace, _ = _asked(session, words_in(query))
    some = select(trace).where(places).distinct().limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def matching_steps(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `StepRow`: it has all the words (the last as a beginning); None without words."""
    words = words_in(query)
    if not words:
        return None
    places, _, step = _asked(session, words)
    found = select(step).where(places)
    return StepRow.id == any_(func.array(found.scalar_subquery())) if is_postgresql(session) else StepRow.id.in_(found)


def _asked(
    session: Session, words: Sequence[str]
) -> tuple[ColumnElement[bool], ColumnElement[int], ColumnElement[int]]:
    """The condition that an entry of the index has these words, the trace of the entry, and its step."""
    if is_postgresql(session):
        wanted = " & ".join([*words[:-1], words[-1] + ":*"])
        index = table("step_text", column("trace_id", Integer), column("step_id", Integer), column("body"))
        return index.c.body.op("@@")(func.to_tsquery("simple", wanted)), index.c.trace_id, index.c.step_id
    wanted = " ".join(f'"{word}"' for word in words) + "*"
    entries = table("step_text", column("rowid", Integer), column("step_text"))
    step = entries.c.rowid
    return entries.c.step_text.op("MATCH")(wanted), step.bitwise_rshift(STEP_BITS), step
