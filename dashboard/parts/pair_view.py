"""The sides of a pair as the compare desk shows them: texts, runs or steps as texts; never a name."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.store.pairs import pair_row
from core.store.steps import outline, read_steps
from core.store.tables import PairRow, TaskRow
from core.store.traces import trace_line
from dashboard.parts.blind_reading import blind_lines, blind_segment, blind_steps
from dashboard.parts.reading import outline_json, steps_json

FIRST_PAGE = 40


def pair_view(session: Session, pair_id: int, left: str, item: int | None = None) -> dict[str, Any]:
    """A pair's part of an item's view; `left` is the side ("a" or "b") that stands on the left.

    For the desk `item` is named: its runs then stand under letters and say nothing of their versions.
    """
    pair = pair_row(session, pair_id)
    sides = {"a": (pair.text_a, pair.trace_a_id, pair.step_a), "b": (pair.text_b, pair.trace_b_id, pair.step_b)}
    order = ("a", "b") if left != "b" else ("b", "a")
    shown = [side_view(session, *sides[side], item, letter) for letter, side in zip("AB", order, strict=True)]
    return {
        "task": _task(session, pair),
        "facts": None,
        "segments": [],
        "pair": {"id": pair.id, "context": _context(pair), "left": shown[0], "right": shown[1]},
    }


def side_view(
    session: Session, text: str, trace_id: int | None, step: str, item: int | None, letter: str
) -> dict[str, Any]:
    """One answer: a text (also that of a step), or a run with the first of its steps; blind where `item` is named."""
    if trace_id is None or step:
        return {"text": text}
    trace, lines = trace_line(session, trace_id), outline(session, trace_id)
    steps = read_steps(session, trace_id, 0, FIRST_PAGE)
    segment: dict[str, Any] = {"trace": trace.id, "n_steps": trace.n_steps, "title": ""}
    if item is not None:
        lines, steps = blind_lines(lines), blind_steps(steps)
        segment = blind_segment(f"api/items/{item}/sides/{letter}", letter, trace.n_steps) | {"title": ""}
    return {
        "segment": segment,
        "facts": {"n_steps": trace.n_steps, "n_errors": trace.n_errors, "seconds": None, "cost": None},
        "outline": outline_json(segment["trace"], lines),
        "first": steps_json(segment["trace"], trace.n_steps, 0, steps),
    }


def task_view(title: str, text: str) -> dict[str, Any]:
    """What was asked: a line of it, and the whole."""
    return {"title": title[:200], "text": text, "key": ""}


def _context(pair: PairRow) -> str:
    """What was said before the two answers, where they are steps of a run."""
    return pair.prompt if pair.step_a or pair.source == "correction" else ""


def _task(session: Session, pair: PairRow) -> dict[str, Any]:
    task = session.get(TaskRow, pair.task_id) if _context(pair) and pair.task_id is not None else None
    if task is None or not task.title:
        return task_view(pair.prompt, pair.prompt)
    return task_view(task.title, task.title)
