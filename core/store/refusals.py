"""What was refused, read back: the newest records, gathered by reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.store.tables import RefusalRow

READ = 10_000
"""Refused records, the newest, among which reasons are gathered."""

_NAMED = r"\b(?:span|log record|signal|trace|step|record|line|row|pair) [\w./:-]*\d[\w./:-]*"
_FOLDED = re.compile(rf"“[^”]*”|\"[^\"]*\"|(?<!\w)'[^']*'|{_NAMED}|\b[0-9a-f]{{8,}}\b")


@dataclass(slots=True)
class Reason:
    """Refused records with one reason from one door.

    `reason` is the newest one's own words; where they differ, it is only in a name or an id. `waiting` are the row ids
    that were not taken since, the newest first; `taken` is how many were. `sources` are where the newest came from.
    """

    door: str
    shape: str
    reason: str
    first: datetime
    last: datetime
    waiting: list[int] = field(default_factory=list)
    taken: int = 0
    sources: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        """How many records there are."""
        return len(self.waiting) + self.taken


@dataclass(frozen=True, slots=True)
class Refused:
    """The reasons of the newest `read` refused records, out of `total`; the reason of the newest record first."""

    total: int
    read: int
    reasons: Sequence[Reason]


def refused(session: Session, most: int = READ) -> Refused:
    """Why records were refused, among the newest `most` of them."""
    total = session.scalar(select(func.count()).select_from(RefusalRow)) or 0
    query = (
        select(
            RefusalRow.id, RefusalRow.door, RefusalRow.source, RefusalRow.reason, RefusalRow.at, RefusalRow.replayed_at
        )
        .order_by(RefusalRow.id.desc())
        .limit(most)
    )
    found: dict[tuple[str, str], Reason] = {}
    read = 0
    for number, door, source, said, at, replayed_at in session.execute(query):
        read += 1
        shape = shape_of(said)
        one = found.setdefault((door, shape), Reason(door, shape, said, at, at))
        one.first = min(one.first, at)
        if replayed_at is None:
            one.waiting.append(number)
        else:
            one.taken += 1
        if source and source not in one.sources and len(one.sources) < 3:
            one.sources.append(source)
    return Refused(total, read, list(found.values()))


def shape_of(reason: str) -> str:
    """A reason without what names a single record: quoted text and ids."""
    return _FOLDED.sub("…", reason)
