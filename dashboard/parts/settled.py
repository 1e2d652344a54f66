"""What was settled in a list keeps its place in it until the list is opened anew.

So no other row's button comes under the pointer, and what was done can be read where it was done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import streamlit as st

_KEPT, _DRAWN = "settled_rows", "settled_drawn"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settled:
    """A row of a list: which list, which row (its id, and what it shows), and what became of it."""

    name: str
    id: int
    one: Any
    became: str


def keep(row: Settled) -> None:
    """Remember a row where it stood as the list was last drawn."""
    drawn: list[int] = st.session_state.get(_DRAWN, {}).get(row.name, [])
    place = drawn.index(row.id) if row.id in drawn else len(drawn)
    st.session_state.setdefault(_KEPT, {})[row.name, row.id] = (place, row)


def forget() -> None:
    """The lists are opened anew."""
    st.session_state.pop(_KEPT, None)


def with_settled(name: str, found: Mapping[int, T]) -> list[tuple[T, str]]:
    """What is open in a list, and what was settled, each in its place with what became of it ("" for open)."""
    rows = [(number, one, "") for number, one in found.items()]
    kept: dict[tuple[str, int], tuple[int, Settled]] = st.session_state.get(_KEPT, {})
    mine = [(place, row) for place, row in kept.values() if row.name == name and row.id not in found]
    for place, row in sorted(mine, key=lambda each: each[0]):
        rows.insert(place, (row.id, row.one, row.became))
    st.session_state.setdefault(_DRAWN, {})[name] = [number for number, _, _ in rows]
    return [(one, became) for _, one, became in rows]
