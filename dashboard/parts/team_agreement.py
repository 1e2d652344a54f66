"""Agreement on Team: how far reviewers say the same, question by question."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.evaluate.agreement_report import agreement_report
from core.store.queues import list_queues
from dashboard.identity import Actor
from dashboard.parts.agreement_tables import agreement_rows, pair_rows, undefined, worst_question
from dashboard.parts.figures import choose, show_table
from dashboard.parts.numbers import escaped
from dashboard.process import store

EVERY = "everything"
_PAGES = Path(__file__).resolve().parents[2] / "pages"


def show_agreement(actor: Actor) -> None:
    """The choice of queue and raters, and how far they agree."""
    with store().reading() as session:
        queues = [queue.name for queue in list_queues(session)]
    places = st.columns([1, 1, 2])
    queue = choose(places[0], "Queue", [EVERY, *queues], "team_queue")
    raters = choose(places[1], "Raters", ["people", "machines"], "team_raters", "People and machines are never mixed.")
    st.header("Agreement", anchor=False)
    try:
        with store().reading() as session:
            report = agreement_report(session, None if queue == EVERY else queue, raters=raters)
    except LoopwrightError as problem:
        st.warning(escaped(problem.message), icon=":material/block:")
        return
    shared = [question for question in report.questions if question.report.n_items]
    if not shared:
        st.info(
            "Nothing has been judged by two of these raters yet. Give a queue two reviewers an item to see if they "
            "agree.",
            icon=":material/groups:",
        )
        st.page_link(_PAGES / "settings.py", label="Set up queues", icon=":material/settings:")
        return
    st.subheader(escaped(worst_question(shared)), anchor=False)
    show_table(agreement_rows(shared), "Agreement on each question", words=["Reading"])
    for sentence in undefined(shared):
        st.caption(escaped(sentence))
    with st.expander("Which two reviewers, and what these numbers mean"):
        show_table(pair_rows(shared), "Cohen's kappa of each two reviewers")
