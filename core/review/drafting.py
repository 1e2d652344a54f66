"""A draft that comes after its item was submitted from another tab: kept, and told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.review.submitting import current_submission
from core.store import claims, drafts
from core.store.items import get_item
from core.store.people import PersonLine


def late_draft(
    session: Session, item_id: int, person: PersonLine, tab: str, body: dict[str, Any], editing: int | None
) -> datetime | None:
    """When the item was submitted while this tab still wrote its first draft of it: the time; what it sent is kept.

    `editing` is the revision of the submission that the tab is changing; None while it writes its first one.
    """
    claim = claims.lock_claim(session, item_id, person.id)
    if claim is None or claim.state != claims.SUBMITTED:
        return None
    said = current_submission(session, get_item(session, item_id), person)
    if said is None or editing == said.revision:
        return None
    drafts.keep_copy(session, item_id, person.id, tab, body)
    return said.submitted_at
