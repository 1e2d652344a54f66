"""Search by words over the text of steps: FTS5 on SQLite, a tsvector index on PostgreSQL.

The index holds the first `INDEXED` characters of a step, because PostgreSQL refuses a tsvector past 1 MB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, column, func, select, table, text
from sqlalchemy.orm import Session

from core.store.content import clean
from core.store.tables import StepRow, TraceRow

INDEXED = 200_000

CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE step_text USING fts5(body, content='', tokenize='unicode61')"],
    "postgresql": [
        "CREATE TABLE step_text (rowid BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)",
        "CREATE INDEX ix_step_text_body ON step_text USING GIN (body)",
    ],
}


def index_steps(session: Session, rows: Sequence[tuple[int, str]]) -> None:
    """Add (step row id, text) to the index; a step must not be in it yet."""
    postgres = session.get_bind().dialect.name == "postgresql"
    as_words = "INSERT INTO step_text (rowid, body) VALUES (:rowid, to_tsvector('simple', :body))"
    statement = text(as_words if postgres else "INSERT INTO step_text (rowid, body) VALUES (:rowid, :body)")
    cut = [{"rowid": rowid, "body": clean(body, INDEXED)} for rowid, body in rows]
    if cut:
        session.execute(statement, cut)


def matching_traces(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `TraceRow`: a step of it has all the words (the last as a beginning); None without words."""
    words = re.findall(r"\w+", query)
    if not words:
        return None
    if session.get_bind().dialect.name == "postgresql":
        wanted = " & ".join([*words[:-1], words[-1] + ":*"])
        index = table("step_text", column("rowid"), column("body"))
        found = select(index.c.rowid).where(index.c.body.op("@@")(func.to_tsquery("simple", wanted)))
    else:
        wanted = " ".join(f'"{word}"' for word in words) + "*"
        index = table("step_text", column("rowid"), column("step_text"))
        found = select(index.c.rowid).where(index.c.step_text.op("MATCH")(wanted))
    return TraceRow.id.in_(select(StepRow.trace_id).where(StepRow.id.in_(found)))
