"""The two sides of a pair as a Streamlit component, to be read on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.components import register

_SIDES = register("loopwright_sides", "sides_page.js", ("reader.css", "sides.css"))


def two_sides(context: str, left: Mapping[str, Any], right: Mapping[str, Any]) -> None:
    """Two answers ({name, text}, or {name, segment, outline, first, facts}); `context` is what came before both."""
    _SIDES(key="two_sides", data={"context": context, "left": left, "right": right})
