"""Search by words over the text of steps: FTS5 on SQLite, a tsvector index on PostgreSQL.

The index holds the first `INDEXED` characters of a step, because PostgreSQL refuses a tsvector past 1 MB. What is found
names its trace without a look at the steps, for a word may stand in all of them: FTS5 has one number a row, so there
that number is made of the trace's row id and the position.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Integer, any_, column, func, select, table, text
from sqlalchemy.orm import Session

from core.store.content import clean
from core.store.dialect import is_postgresql
from core.store.tables import TraceRow

INDEXED = 200_000
_POSITION_BITS = 20

CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE step_text USING fts5(body, content='', tokenize='unicode61')"],
    "postgresql": [
        "CREATE TABLE step_text (trace_id INT, position INT, body TSVECTOR NOT NULL, PRIMARY KEY (trace_id, position))",
        "CREATE INDEX ix_step_text_body ON step_text USING GIN (body)",
    ],
}


def index_steps(session: Session, texts: Iterable[tuple[int, int, str]]) -> None:
    """Add (trace row id, position, text) of steps to the index; a step must not be in it yet."""
    cut = ((trace, position, clean(body, INDEXED)) for trace, position, body in texts)
    if is_postgresql(session):
        statement = "INSERT INTO step_text VALUES (:trace, :position, to_tsvector('simple', :body))"
        rows = [{"trace": trace, "position": position, "body": body} for trace, position, body in cut]
    else:
        statement = "INSERT INTO step_text (rowid, body) VALUES (:rowid, :body)"
        rows = [
            {"rowid": trace << _POSITION_BITS | position, "body": body}
            for trace, position, body in cut
            if position < 1 << _POSITION_BITS
        ]
    if rows:
        session.execute(text(statement), rows)


def matching_traces(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `TraceRow`: a step of it has all the words (the last as a beginning); None without words."""
    words = re.findall(r"\w+", query)
    if not words:
        return None
    if is_postgresql(session):
        wanted = " & ".join([*words[:-1], words[-1] + ":*"])
        index = table("step_text", column("trace_id"), column("body"))
        found = select(index.c.trace_id).where(index.c.body.op("@@")(func.to_tsquery("simple", wanted))).distinct()
        # As an array, which is made once: joined, the planner guesses how often a word stands there, and at times looks
        # through all of its places for each trace.
        return TraceRow.id == any_(func.array(found.scalar_subquery()))
    wanted = " ".join(f'"{word}"' for word in words) + "*"
    index = table("step_text", column("rowid", Integer), column("step_text"))
    trace = index.c.rowid.bitwise_rshift(_POSITION_BITS)
    return TraceRow.id.in_(select(trace).where(index.c.step_text.op("MATCH")(wanted)))
