"""How traces are judged, read under a lock and written (core.tasks.outcome decides it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from core.records import Outcome
from core.store.tables import TraceRow


@dataclass(frozen=True, slots=True)
class Judged:
    """What a trace's outcome is now, where it comes from, and how many labels it has."""

    outcome: str
    outcome_from: str
    n_annotations: int

    def is_already(self, outcome: Outcome, source: str) -> bool:
        """Whether writing this would change nothing."""
        return (self.outcome, self.outcome_from) == (outcome.value, source[:40])


_TRACE = cast(Table, TraceRow.__table__)


_JUDGED = (
    select(_TRACE.c.id, _TRACE.c.outcome, _TRACE.c.outcome_from, _TRACE.c.n_annotations)
    .where(_TRACE.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_TRACE.c.id)
    .with_for_update(key_share=True)
)


def judged_as(session: Session, trace_ids: Sequence[int]) -> dict[int, Judged]:
    """Trace row id → how it is judged. On PostgreSQL nobody else judges these traces until this commits.

    Without that, of two who each add a signal to one trace, neither would see the other's.
    """
    session.flush()
    return {key: Judged(*row) for key, *row in session.execute(_JUDGED, {"ids": list(trace_ids)})}


_OUTCOME = (
    _TRACE.update()
    .where(_TRACE.c.id == bindparam("trace"))
    .values(outcome=bindparam("is"), outcome_from=bindparam("by"))
)


def set_outcomes(session: Session, outcomes: Mapping[int, tuple[Outcome, str]]) -> None:
    """Write trace row id → (outcome, where it comes from)."""
    rows = [{"trace": key, "is": outcome.value, "by": source[:40]} for key, (outcome, source) in outcomes.items()]
    if rows:
        session.execute(_OUTCOME, rows)
