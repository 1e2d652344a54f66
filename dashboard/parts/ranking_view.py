"""The candidates of a ranking, without names: as the rank desk shows them to a person, or by their own letters."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

from sqlalchemy.orm import Session

from core.store.rankings import candidate_rows, ranking_row
from dashboard.parts.pair_view import side_view, task_view


def ranking_view(session: Session, ranking_id: int, shown: str, item: int | None = None) -> dict[str, Any]:
    """A ranking's part of an item's view; `shown` are the letters of the candidates as they stand ("": in order).

    `item` as in `pair_view`.
    """
    ranking = ranking_row(session, ranking_id)
    rows = {row.letter: row for row in candidate_rows(session, ranking_id)}
    letters = shown or "".join(rows)
    placed = zip(ascii_uppercase, (rows[one] for one in letters), strict=False)
    cards = [side_view(session, row.text, row.trace_id, row.step_uid, item, place) for place, row in placed]
    return {
        "task": task_view(ranking.prompt, ranking.prompt),
        "facts": None,
        "segments": [],
        "ranking": {"cards": cards},
    }
