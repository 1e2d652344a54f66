"""Two versions of a dataset side by side: in words, as JSON, and on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.dataset.comparing import RowChange, VersionChanges, compare_made
from core.errors import LoopwrightError
from core.store.dataset_versions import DatasetVersion
from dashboard.parts.numbers import escaped
from dashboard.process import store

_KINDS = {"added": "came", "removed": "went", "changed": "changed"}


def changes_json(found: VersionChanges) -> dict[str, Any]:
    """The JSON object of `loopwright datasets --compare`."""
    listed = {
        name: [{"key": one.key, "why": one.why, "gate": one.gate} for one in getattr(found, name)] for name in _KINDS
    }
    return {"same": found.same} | listed


def change_lines(found: VersionChanges) -> list[str]:
    """How many rows came, went and changed, then each with its reason."""
    lines = [_counts(found)]
    for name, word in _KINDS.items():
        lines += [f"  {word:<8} {one.key}: {one.why}" for one in getattr(found, name)]
    return lines


def _counts(found: VersionChanges) -> str:
    counts = ", ".join(f"{len(getattr(found, name)):,} {word}" for name, word in _KINDS.items())
    return f"{found.same:,} rows stayed as they are, {counts}."


def show_comparison(versions: Sequence[DatasetVersion]) -> None:
    """Two versions of one dataset, chosen and compared; nothing where no dataset has two."""
    several = [name for name, n in Counter(one.dataset for one in versions if one.held).items() if n > 1]
    if not several:
        return
    with st.expander("Compare two versions", key="datasets_compare_open", on_change="rerun") as shown:
        if not shown.open:
            return
        of, before, after = st.columns(3)
        name = of.selectbox("Dataset", several, key="datasets_compare_of")
        mine = {one.number: one for one in versions if one.dataset == name and one.held}
        old = before.selectbox("From version", list(mine), 1, key=f"datasets_compare_from_{name}")
        new = after.selectbox("To version", list(mine), 0, key=f"datasets_compare_to_{name}")
        try:
            with store().reading() as session:
                found = compare_made(session, mine[old], mine[new])
        except LoopwrightError as error:
            st.error(escaped(error.message), icon=":material/error:")
            return
        st.markdown(f"**{_counts(found)}**")
        rows = [_row(word, one) for name, word in _KINDS.items() for one in getattr(found, name)]
        if rows:
            st.dataframe(rows, hide_index=True, alt="The rows that came, went or changed, and why")


def _row(word: str, one: RowChange) -> dict[str, str]:
    return {"Row": one.key, "It": word, "Why": one.why}
