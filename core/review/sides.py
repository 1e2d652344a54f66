"""Where the candidates of an item stand for one person: drawn by lot, the same whenever it is asked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.store.rankings import letters_of
from core.store.tables import ItemRow


def sides(session: Session, item: ItemRow, person: int) -> str:
    """The side of a pair that stands on the left ("a" or "b"), all letters of a ranking in order; "" for a run.

    A hidden repeat shows the candidates the other way round than the first time: that tells position from opinion.
    """
    first, again = item.repeat_of or item.id, item.repeat_of is not None
    if item.pair_id is not None:
        return "ab"[int(content_hash(["side", first, person], 8), 16) % 2 ^ again]
    if item.ranking_id is None:
        return ""
    order = sorted(
        letters_of(session, item.ranking_id), key=lambda letter: content_hash(["side", first, person, letter])
    )
    return "".join(reversed(order) if again else order)
