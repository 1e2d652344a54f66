"""Team: how far reviewers agree, and what each has done."""

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.evaluate.agreement_report import agreement_report
from core.store.judgements import work_done
from core.store.queues import list_queues
from dashboard.identity import acting
from dashboard.parts.agreement_tables import agreement_rows, pair_rows, undefined, work_rows, worst_question
from dashboard.parts.figures import choose, show_table
from dashboard.parts.numbers import escaped
from dashboard.process import store

EVERY = "everything"

actor = acting()
st.title(
    "Team", help="Labels are worth what reviewers agree on: where they do not, the guideline is unclear or the task is."
)
with store().reading() as session:
    queues = [queue.name for subject in ("trace", "pair") for queue in list_queues(session, subject)]
    work = work_done(session)
places = st.columns([1, 1, 2])
queue = choose(places[0], "Queue", [EVERY, *queues], "team_queue")
raters = choose(places[1], "Raters", ["people", "machines"], "team_raters", "People and machines are never mixed.")
try:
    with store().reading() as session:
        report = agreement_report(session, None if queue == EVERY else queue, raters=raters)
except LoopwrightError as problem:
    st.warning(escaped(problem.message), icon=":material/block:")
    st.stop()

st.header("Agreement", anchor=False)
shared = [question for question in report.questions if question.report.n_items]
if shared:
    st.subheader(escaped(worst_question(shared)), anchor=False)
    show_table(agreement_rows(shared), "Agreement on each question", words=["Reading"])
    for sentence in undefined(shared):
        st.caption(escaped(sentence))
    with st.expander("Which two reviewers, and what these numbers mean"):
        show_table(pair_rows(shared), "Cohen's kappa of each two reviewers")
        st.markdown(
            "**Agree** is the share of answers to the same item that are equal; it takes no account of chance. "
            "**Krippendorff’s α** does: 1 is perfect, 0 is what chance gives, below 0.67 is too little to build on, "
            "from 0.80 it is reliable. **Fleiss’ κ** and **Cohen’s κ** ask the same of answers that are equal or not."
        )
else:
    st.info(
        "Nothing has been judged by two of these raters yet. Give a queue two reviewers an item to see if they agree.",
        icon=":material/groups:",
    )
    st.page_link(Path(__file__).with_name("settings.py"), label="Set up queues", icon=":material/settings:")

st.header("What each has done", anchor=False)
mine = work if actor.leads else [one for one in work if one.person_id == actor.id]
if mine:
    show_table(work_rows(mine), "What each person has done")
    st.caption("What stands now: edits count once, withdrawn labels do not. Active time is when the page was in use.")
    if not actor.leads:
        st.caption("You see your own line; leads see everybody's.")
else:
    st.info("Nobody has submitted anything yet." if actor.leads else "You have not submitted anything yet.")
    st.page_link(Path(__file__).with_name("review.py"), label="Review the first run", icon=":material/rate_review:")
