"""Candidates that another installation's dataset withheld: they are taught here no more than there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.records import Withheld
from core.store.dialect import insert_new
from core.store.tables import WithheldRow


def add_withheld(session: Session, withheld: Withheld) -> bool:
    """Keep one; whether it was new."""
    values = {"candidate": withheld.candidate, "gate": withheld.gate}
    return bool(insert_new(session, WithheldRow, [values], WithheldRow.candidate))


def withheld(session: Session) -> dict[str, str]:
    """Candidate's key → the gate that stopped it where it comes from."""
    rows = session.execute(select(WithheldRow.candidate, WithheldRow.gate))
    return {row.candidate: row.gate for row in rows}
