"""Team: how far reviewers agree, and what each has done."""

from pathlib import Path

import streamlit as st

from core.store.judgements import work_done
from dashboard.identity import acting
from dashboard.parts.agreement_tables import work_rows
from dashboard.parts.figures import show_table
from dashboard.parts.team_agreement import show_agreement
from dashboard.process import store

actor = acting()
st.title(
    "Team", help="Labels are worth what reviewers agree on: where they do not, the guideline is unclear or the task is."
)
with store().reading() as session:
    work = work_done(session)
show_agreement(actor)

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
