"""The report on preferences, as leads see it on Compare: of the chosen queue, or of all that was compared."""

from __future__ import annotations

import streamlit as st

from core.evaluate.preference_report import preference_report
from core.store.queues import get_queue
from dashboard.parts.figures import choose, show_chart, show_table
from dashboard.parts.numbers import escaped
from dashboard.parts.preference_report_rows import (
    APART,
    IN_BRACKETS,
    STEADIED,
    bias_rows,
    cycle_rows,
    cycle_sentence,
    known_in,
    person_rows,
    resolved_told,
    strength_rows,
    strongest,
    unknown_groups,
)
from dashboard.preference_chart import strength_by_version
from dashboard.process import store

QUEUE, ALL = "this queue", "all pairs"


def show_preference_report(queue: int) -> None:
    """Strengths, what sways choices, and choices that go round."""
    places = st.columns([1, 1, 2])
    of = choose(places[0], "Pairs", [QUEUE, ALL], "compare_of")
    raters = choose(
        places[1], "Raters", ["people", "machines"], "compare_raters", "People and machines are never mixed."
    )
    with st.spinner("Reading what was chosen …"), store().reading() as session:
        report = preference_report(session, get_queue(session, queue) if of == QUEUE else None, raters == "machines")
    if not report.n:
        st.info(f"No {raters} have compared anything of {of} yet. What they choose is reported here.")
        return
    st.caption(f"{report.n:,} choices on {report.pairs:,} pairs{resolved_told(report)}. {IN_BRACKETS}")
    drawn = [group for group in report.strengths if len(known_in(group)) > 1]
    for number, group in enumerate(drawn):
        figure = strength_by_version(group.strengths, strongest(group))
        show_chart(figure, strength_rows(group), f"compare_strengths_{number}", opened=True)
        if group.steadied:
            st.caption(STEADIED)
    if not drawn:
        st.info("Too few choices were between two versions to say anything of how strong they are.")
    if len(drawn) > 1:
        st.caption(APART)
    if few := unknown_groups(report.strengths):
        st.caption(escaped(few))
    st.header("What sways choices", anchor=False)
    show_table(bias_rows(report), "What sways choices besides the answers", words=["Reading"])
    if report.sides_unknown:
        st.caption(f"Of {report.sides_unknown:,} choices nobody recorded which side stood on the left.")
    with st.expander(f"By person ({len(report.people)})"):
        show_table(person_rows(report.people), "How each person chooses")
    st.header("Choices that go round", anchor=False)
    st.caption(escaped(cycle_sentence(report)))
    if rows := cycle_rows(report):
        show_table(rows, "Three answers that go round by what most chose", words=["Goes round"])
