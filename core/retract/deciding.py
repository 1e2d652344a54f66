"""A lead decides how long runs are kept, after seeing what that would remove."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.ingest.leading import only_lead
from core.records import Role
from core.retract.retention import Retention, overdue, retentions, set_retention
from core.store.policies import RETENTION, set_policy
from core.store.reach import count_reach, reach_of

LOOKED_AT = 2_000
"""Runs of which a preview says what hangs on them."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the next round would remove: counts of each kind (core.retract.radius.WORDS), the first titles, and whether
    there is more than was counted."""

    counts: Counter[str]
    titles: Sequence[str]
    more: bool


def preview(session: Session, chosen: Retention, at: datetime, remove: bool = False) -> Preview:
    """What would go if this were decided (`remove`: if this agent's policy were taken away). Nothing is written."""
    others = [one for one in retentions(session) if one.agent != chosen.agent]
    decided = sorted([*others, *([] if remove else [chosen])], key=lambda one: one.agent)
    runs = overdue(session, at, LOOKED_AT + 1, decided)
    counted = runs[:LOOKED_AT]
    counts = count_reach(session, reach_of(session, counted)) if counted else Counter()
    return Preview(counts, [run.title for run in counted[:5]], len(runs) > LOOKED_AT)


def decide_retention(session: Session, role: Role, chosen: Retention, remove: bool = False) -> None:
    """Write how long an agent's runs are kept, or (`remove`) take that away; raises InvalidInput, NotPermitted."""
    only_lead(role, "decide how long runs are kept")
    if remove:
        set_policy(session, RETENTION, chosen.agent, None)
    else:
        set_retention(session, chosen)
