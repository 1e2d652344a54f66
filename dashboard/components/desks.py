"""The review and compare desks as Streamlit components: what they do, they do by our own routes, without a rerun."""

from __future__ import annotations

from dashboard.components import register

_SHEETS = ("reader.css", "desk.css")
_REVIEW = register("loopwright_review", "desk.js", _SHEETS)
_COMPARE = register("loopwright_compare", "compare.js", _SHEETS)


def review_desk(queue: int, item: str | None, person: int) -> None:
    """The review desk on a queue; `item` (from the address) is shown first, where it may be."""
    _REVIEW(key="review_desk", data={"queue": queue, "item": item, "person": person})


def compare_desk(queue: int, item: str | None, person: int) -> None:
    """The compare desk on a queue of pairs; `item` as above."""
    _COMPARE(key="compare_desk", data={"queue": queue, "item": item, "person": person})
