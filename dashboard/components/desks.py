"""The review, compare and rank desks as Streamlit components: they act by our own routes, without a rerun."""

from __future__ import annotations

from dashboard.components import register

_SHEETS = ("reader.css", "desk.css", "comments.css")
_REVIEW = register("loopwright_review", "desk.js", _SHEETS)
_COMPARE = register("loopwright_compare", "compare.js", (*_SHEETS, "compare.css"))
_RANK = register("loopwright_rank", "rank.js", (*_SHEETS, "compare.css"))


def review_desk(queue: int, item: str | None, person: int) -> None:
    """The review desk on a queue; `item` (from the address) is shown first, where it may be."""
    _REVIEW(key="review_desk", data={"queue": queue, "item": item, "person": person})


def compare_desk(queue: int, item: str | None, person: int) -> None:
    """The compare desk on a queue of pairs; `item` as above."""
    _COMPARE(key="compare_desk", data={"queue": queue, "item": item, "person": person})


def rank_desk(queue: int, item: str | None, person: int) -> None:
    """The rank desk on a queue of rankings; `item` as above."""
    _RANK(key="rank_desk", data={"queue": queue, "item": item, "person": person})
