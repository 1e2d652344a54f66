"""The candidates of a ranking as the rank desk shows them: in the order drawn for the person, without names."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.store.rankings import candidate_rows, ranking_row
from dashboard.parts.pair_view import side_view, task_view


def ranking_view(session: Session, ranking_id: int, shown: str) -> dict[str, Any]:
    """A ranking's part of an item's view; `shown` are the letters of the candidates as they stand."""
    ranking = ranking_row(session, ranking_id)
    rows = {row.letter: row for row in candidate_rows(session, ranking_id)}
    letters = shown or "".join(rows)
    cards = [side_view(session, rows[one].text, rows[one].trace_id, rows[one].step_uid) for one in letters]
    return {
        "task": task_view(ranking.prompt, ranking.prompt),
        "facts": None,
        "segments": [],
        "ranking": {"cards": cards},
    }
