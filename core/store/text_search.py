"""Search by words over the text of steps: FTS5 on SQLite, a tsvector index on PostgreSQL.

The index holds the first `INDEXED` characters of a step, because PostgreSQL refuses a tsvector past 1 MB. A step's row
id in it is made of its trace's id and its position, so that what is found names its trace without a look at the step:
words of every run are found in a tenth of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import BigInteger, ColumnElement, Integer, column, func, literal, select, table, text
from sqlalchemy.orm import Session

from core.store.content import clean
from core.store.tables import TraceRow

INDEXED = 200_000
_POSITION_BITS = 20

CREATE = {
    "sqlite": ["CREATE VIRTUAL TABLE step_text USING fts5(body, content='', tokenize='unicode61')"],
    "postgresql": [
        "CREATE TABLE step_text (rowid BIGINT PRIMARY KEY, body TSVECTOR NOT NULL)",
        "CREATE INDEX ix_step_text_body ON step_text USING GIN (body)",
    ],
}


def index_steps(session: Session, texts: Iterable[tuple[int, int, str]]) -> None:
    """Add (trace row id, position, text) of steps to the index; a step must not be in it yet."""
    postgres = session.get_bind().dialect.name == "postgresql"
    as_words = "INSERT INTO step_text (rowid, body) VALUES (:rowid, to_tsvector('simple', :body))"
    statement = text(as_words if postgres else "INSERT INTO step_text (rowid, body) VALUES (:rowid, :body)")
    rows = [
        {"rowid": trace << _POSITION_BITS | position, "body": clean(body, INDEXED)}
        for trace, position, body in texts
        if position < 1 << _POSITION_BITS
    ]
    if rows:
        session.execute(statement, rows)


def matching_traces(session: Session, query: str) -> ColumnElement[bool] | None:
    """A condition on `TraceRow`: a step of it has all the words (the last as a beginning); None without words."""
    words = re.findall(r"\w+", query)
    if not words:
        return None
    rowid = column("rowid", BigInteger)
    trace = rowid.bitwise_rshift(literal(_POSITION_BITS, Integer))  # PostgreSQL shifts by an integer only
    if session.get_bind().dialect.name == "postgresql":
        wanted = " & ".join([*words[:-1], words[-1] + ":*"])
        index = table("step_text", rowid, column("body"))
        found = select(trace).where(index.c.body.op("@@")(func.to_tsquery("simple", wanted)))
    else:
        wanted = " ".join(f'"{word}"' for word in words) + "*"
        index = table("step_text", rowid, column("step_text"))
        found = select(trace).where(index.c.step_text.op("MATCH")(wanted))
    return TraceRow.id.in_(found)
