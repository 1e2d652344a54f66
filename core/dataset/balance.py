"""What a dataset is made of: how long its rows are, how they spread over tasks and sources, and which way pairs lean.

Nothing is left out for it: the figures stand in the manifest and on the card, so that whoever trains can see them.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from core.dataset.messages import message_text, spoken


class Balance:
    """Counts rows as they are written. A row keeps two numbers in it, its text is let go."""

    def __init__(self) -> None:
        self._characters = array("q")
        self._turns = array("q")
        self._tasks: Counter[str] = Counter()
        self._sources: Counter[str] = Counter()
        self._labels: Counter[bool] = Counter()
        self._longer: Counter[int] = Counter()

    def add(self, columns: Mapping[str, Any], source: str, task: str) -> None:
        """Count one row: its columns as trainers read them, where it comes from and its task ("" for none)."""
        said = spoken(columns)
        lengths = {name: _length(column) for name, column in said.items()}
        self._characters.append(sum(lengths.values()))
        self._turns.append(sum(message["role"] == "assistant" for column in said.values() for message in column))
        self._tasks[task] += 1
        self._sources[source] += 1
        if "label" in columns:
            self._labels[columns["label"]] += 1
        if "chosen" in lengths:
            difference = lengths["chosen"] - lengths["rejected"]
            self._longer[(difference > 0) - (difference < 0)] += 1

    def as_json(self) -> dict[str, Any]:
        """`characters` and `agent_turns` of a row, `tasks`, `sources`, and of formats with sides how these lean.

        Lengths are of everything that a row says, system prompts too, tool schemas not. `none` counts rows of no task,
        `most` those of the most frequent one, which is not named: its runs may be taken back.
        """
        named = [count for task, count in self._tasks.items() if task]
        found: dict[str, Any] = {
            "characters": _spread(self._characters),
            "agent_turns": _spread(self._turns),
            "tasks": {"count": len(named), "none": self._tasks[""], "most": max(named, default=0)},
            "sources": dict(sorted(self._sources.items())),
        }
        if self._labels:
            found["labels"] = {"good": self._labels[True], "bad": self._labels[False]}
        if self._longer:
            found["longer"] = {"chosen": self._longer[1], "rejected": self._longer[-1], "equal": self._longer[0]}
        return found


def _length(column: Sequence[Mapping[str, Any]]) -> int:
    return sum(len(message_text(message)) for message in column)


def _spread(numbers: Sequence[int]) -> dict[str, int]:
    """The least, the median, the 90th percentile (both nearest-rank) and the most; nothing of no numbers."""
    ranked = sorted(numbers)
    if not ranked:
        return {}
    at = {"median": 0.5, "p90": 0.9}
    ranks = {name: ranked[ceil(share * len(ranked)) - 1] for name, share in at.items()}
    return {"least": ranked[0], **ranks, "most": ranked[-1]}
