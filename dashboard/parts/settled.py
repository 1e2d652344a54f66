"""What was settled in a list keeps its place in it until the list is opened anew.

So no other row's button comes under the pointer, and what was done can be read where it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

_KEY = "settled_rows"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settled:
    """A row of a list: which list, which row (its id and place, and what it shows), and what became of it."""

    name: str
    id: int
    place: int
    one: Any
    became: str


def keep(row: Settled) -> None:
    """Remember it; a row that was settled before keeps its first place."""
    st.session_state.setdefault(_KEY, {})[row.name, row.id] = row


def forget() -> None:
    """The lists are opened anew."""
    st.session_state.pop(_KEY, None)


def with_settled(name: str, found: Mapping[int, T]) -> list[tuple[T, str]]:
    """What is open in a list, and what was settled, each in its place with what became of it ("" for open)."""
    rows = [(one, "") for one in found.values()]
    kept: dict[tuple[str, int], Settled] = st.session_state.get(_KEY, {})
    mine = [row for row in kept.values() if row.name == name and row.id not in found]
    for row in sorted(mine, key=lambda row: row.place):
        rows.insert(row.place, (row.one, row.became))
    return rows
