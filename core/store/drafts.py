"""Drafts: what somebody is typing, one a person and item; the copies keep what another tab had written."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.clock import now
from core.store.tables import DraftCopyRow, DraftRow


def get_draft(session: Session, item: int, person: int) -> DraftRow | None:
    """The draft of a person on an item, if there is one."""
    return session.scalar(select(DraftRow).where(DraftRow.item_id == item, DraftRow.person_id == person))


def put_draft(session: Session, item: int, person: int, tab: str, body: dict[str, Any]) -> DraftRow:
    """Write the draft's next revision."""
    row = get_draft(session, item, person)
    if row is None:
        row = DraftRow(item_id=item, person_id=person, revision=0, tab=tab, body=body, saved_at=now())
        session.add(row)
    row.revision, row.tab, row.body, row.saved_at = row.revision + 1, tab, body, now()
    session.flush()
    return row


def keep_copy(session: Session, item: int, person: int, tab: str, body: dict[str, Any]) -> DraftCopyRow:
    """Keep a body that is not (or no longer) the draft."""
    row = DraftCopyRow(item_id=item, person_id=person, tab=tab, body=body, saved_at=now())
    session.add(row)
    session.flush()
    return row


def drop_draft(session: Session, item: int, person: int) -> None:
    """The draft has become a submission."""
    session.execute(delete(DraftRow).where(DraftRow.item_id == item, DraftRow.person_id == person))
