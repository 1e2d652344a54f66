"""What a suite lacks of the tasks that come in: in lines, and on Evaluation."""

from __future__ import annotations

import streamlit as st

from core.evaluate.coverage import Coverage, coverage
from core.similarity.embedder import default_embedder
from core.store.suites import find_suite
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import clipped
from dashboard.process import store

_LIKE = "How like the nearest case of the suite, 0 to 1 by the words of what is asked. It ranks and proves nothing."


def coverage_lines(found: Coverage) -> list[str]:
    """What came in, by kind, and the tasks that are most unlike the suite."""
    kinds = [
        f"  {one.name}: {one.runs:,} runs of {one.tasks:,} tasks came in, the suite has {one.in_suite:,} of this kind"
        for one in found.kinds
    ]
    unlike = [
        f"  {one.similarity:.2f}  {one.task} ({one.runs:,} runs): {clipped(one.title, 70)}" for one in found.unlike
    ]
    return [sentence(found), *kinds, *(["Most unlike the suite:", *unlike] if unlike else [])]


def sentence(found: Coverage) -> str:
    """How much of what came in the suite has the very tasks of."""
    if not found.runs:
        return "No run with a task has come in: there is nothing to hold the suite against."
    share = f"{100 * found.covered_runs / found.runs:.0f} %"
    return f"Its tasks are those of {found.covered_runs:,} of {found.runs:,} runs that came in ({share})."


def show_coverage(suite: str, agent: str) -> None:
    """A closed box that is worked out when it is opened."""
    with st.expander(
        "What the suite lacks", icon=":material/radar:", on_change="rerun", key="evaluation_coverage"
    ) as shown:
        if not shown.open:
            return
        with store().reading() as session:
            found = coverage(session, find_suite(session, suite).id, default_embedder(), agent)
        st.markdown(sentence(found))
        kinds = [
            {"Kind": one.name, "Runs": f"{one.runs:,}", "Tasks": f"{one.tasks:,}", "In the suite": f"{one.in_suite:,}"}
            for one in found.kinds
        ]
        show_table(kinds, "Kinds of tasks that came in")
        if found.unlike:
            st.caption("Most unlike the suite", help=_LIKE)
            rows = [
                {"Task": one.task, "What it asks": clipped(one.title, 80), "Runs": f"{one.runs:,}"}
                | {"Likeness": f"{one.similarity:.2f}", "Nearest case": one.nearest}
                for one in found.unlike
            ]
            show_table(rows, "Live tasks that are most unlike the suite", words=["What it asks", "Nearest case"])
