"""Two versions compared, as Evaluation shows it: the verdict first, then the numbers, then what broke and was fixed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.evaluate.comparison import VersionComparison
from core.store.results import RunLink
from dashboard.charts import broken_and_fixed
from dashboard.parts.figures import show_chart, show_small_table, show_table
from dashboard.parts.numbers import escaped
from dashboard.parts.version_tables import BOTH, VERDICTS, changed_rows, comparison_rows, left_out, tag_rows

_OPEN, _SIDE_BY_SIDE = "open", "side by side"


def show_comparison(compared: VersionComparison, runs: Sequence[RunLink]) -> None:
    """All of it; `runs` are those of the tasks that changed."""
    icon, colour = VERDICTS[compared.paired.verdict]
    with st.container(horizontal=True):
        st.badge(compared.paired.verdict, icon=icon, color=colour)
        if compared.holdout:
            st.badge("on the holdout alone", icon=":material/lock_open:", color="orange")
    st.subheader(escaped(compared.sentence), anchor=False)
    st.markdown(escaped(compared.advice))
    show_small_table(comparison_rows(compared))
    if without := left_out(compared):
        st.caption(escaped("Left out: " + "; ".join(without) + "."))
    st.caption(
        f"In brackets the 95 % interval and n. How p was found: {compared.paired.test}, on the tasks' differences.",
        help="docs/numbers.md says how each number is made and what it does not say.",
    )
    if compared.by_tag:
        st.header("By tag", anchor=False, help="p is Holm's over all tags: one false alarm among them all in 5 %.")
        show_table(tag_rows(compared), "Success by tag of the suite")
    regressed, fixed = compared.paired.regressed, compared.paired.fixed
    show_chart(
        broken_and_fixed(compared),
        [{"What became of it": "broken", "Task": task} for task in regressed]
        + [{"What became of it": "fixed", "Task": task} for task in fixed],
        "evaluation_changed",
    )
    for title, tasks, broken in (("Broken", regressed, True), ("Fixed", fixed, False)):
        st.header(f"{title} ({len(tasks)})", anchor=False)
        if tasks:
            rows = changed_rows(tasks, runs, compared.base, compared.candidate, broken)
            links = dict.fromkeys(list(rows[0])[4:], _OPEN) | {BOTH: _SIDE_BY_SIDE}
            show_table(rows, f"{title} tasks, with links to both runs", links, ["What it asks"])
        else:
            st.caption("None.")
