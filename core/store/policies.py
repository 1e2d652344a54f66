"""What leads decided for single agents, or ("") for all others: what is replaced before storage, how long runs stay."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from core.store.content import clean
from core.store.tables import PolicyRow

REDACTION, RETENTION = "redaction", "retention"


_TABLE = PolicyRow.__table__
_OF_KIND = select(_TABLE.c.agent, _TABLE.c.rules).where(_TABLE.c.kind == bindparam("asked")).order_by(_TABLE.c.agent)
"""Made once, because every signal asks."""


def policies_of(session: Session, kind: str) -> dict[str, dict[str, Any]]:
    """Agent → its rules, of one kind; "" stands for every agent without rules of its own."""
    session.flush()
    return dict(session.execute(_OF_KIND, {"asked": kind}).all())


def set_policy(session: Session, kind: str, agent: str, rules: dict[str, Any] | None) -> None:
    """Write the rules of an agent; None takes them away, so that those of all others hold."""
    row = session.get(PolicyRow, (kind, clean(agent, 200)))
    if rules is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(PolicyRow(kind=kind, agent=clean(agent, 200), rules=rules))
    else:
        row.rules = rules
    session.flush()
