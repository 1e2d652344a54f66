"""A suite's holdout on Evaluation: closed unless a lead opens it for one comparison, with a reason that is kept."""

from __future__ import annotations

import streamlit as st

from core.evaluate.comparison import open_for
from core.store.suites import find_suite, openings_of, suite_lines
from dashboard.identity import Actor
from dashboard.parts.figures import show_table
from dashboard.parts.suite_words import opening_row
from dashboard.process import store

_OPEN = "evaluation_opened"


def choose_holdout(suite: str, base: str, candidate: str, actor: Actor) -> bool:
    """Whether these versions are looked at on the holdout, which was opened for that; says how often it was opened."""
    with store().reading() as session:
        row = find_suite(session, suite)
        line = next(one for one in suite_lines(session, row.name) if one.id == row.id)
        openings = openings_of(session, row.name)
    if not line.n_holdout or not actor.leads:
        return False
    asked = (suite, base, candidate)
    times = f"{len(openings):,} {'time' if len(openings) == 1 else 'times'}"
    with st.expander(
        f"{line.n_holdout:,} of its {line.n_cases:,} tasks are holdout, opened {times}", icon=":material/lock:"
    ):
        st.caption(
            "What is looked at often is fitted to. Each opening compares these two versions on the holdout alone, and "
            "is kept with its reason."
        )
        if st.session_state.get(_OPEN) == asked:
            st.button("Close it", icon=":material/lock:", on_click=lambda: st.session_state.pop(_OPEN, None))
        else:
            reason = st.text_input("Why now?", key="evaluation_holdout_reason", max_chars=300)
            if st.button("Open the holdout", icon=":material/lock_open:", disabled=not reason.strip()):
                with store().session() as session:
                    open_for(session, suite, base, candidate, reason, actor.id)
                st.session_state[_OPEN] = asked
                st.rerun()
        if openings:
            show_table(
                [opening_row(one) for one in openings], "Openings of the holdout", words=["Who", "Versions", "Why"]
            )
    return st.session_state.get(_OPEN) == asked
