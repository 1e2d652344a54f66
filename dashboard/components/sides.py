"""Answers to one task beside each other as a Streamlit component, to be read on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

from dashboard.components import register

_SIDES = register("loopwright_sides", "sides_page.js", ("reader.css", "sides.css"))


def show_sides(answers: Sequence[Mapping[str, Any]], context: str = "") -> None:
    """Two to six answers ({text}, or {segment, outline, first, facts}) as A, B, …, unless they have a `name`.

    `context` came before all. Two runs are folded to where they part.
    """
    named = [{"name": name, **one} for name, one in zip(ascii_uppercase, answers, strict=False)]
    _SIDES(key="sides", data={"context": context, "answers": named})
