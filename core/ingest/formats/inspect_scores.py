"""The scores of a sample in Inspect's logs, as signals; the numbers are those that Inspect's own accuracy counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.ingest.reading import is_record, number
from core.records import Signal, SignalKind
from core.tasks.outcome import JUDGE

SOURCE = "inspect"

_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
"""What a scorer's letters count as in Inspect's accuracy: correct, incorrect, partly, no answer."""

_GRADED = "model_graded"
"""How the names of Inspect's own judges begin."""


def scores_of(uid: str, sample: Mapping[str, Any], asked_models: set[str]) -> Iterator[Signal]:
    """A signal for each score of a sample, or for each part of one; `asked_models` are the scorers that did."""
    scores = sample.get("scores")
    if not isinstance(scores, dict):  # older logs have one score, without a name
        scores = {"score": sample["score"]} if is_record(sample.get("score"), "value") else {}
    for name, score in scores.items():
        value = score.get("value") if isinstance(score, dict) else None
        judge = name.startswith(_GRADED) or name in asked_models
        parts = value if isinstance(value, dict) else {"": value}
        for part, inner in parts.items():
            full = f"{name}/{part}" if part else name
            if (graded := _grade(inner)) is not None:
                yield Signal(
                    uid,
                    full,
                    SignalKind.AUTOMATED,
                    graded,
                    {1.0: True, 0.0: False}.get(graded) if isinstance(graded, float) else None,
                    comment=str(score.get("explanation") or ""),
                    source=JUDGE if judge else SOURCE,
                    key=f"{uid}/{full}",
                )


def _grade(value: Any) -> float | str | None:
    """A score as a number, as Inspect's own accuracy reads it; another text as it is, None for no score."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        word = {"yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}.get(value.lower())
        found = _LETTERS.get(value, word)
        return found if found is not None else number(value) if number(value) is not None else value or None
    return number(value)
