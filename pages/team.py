"""Team: what each person does and how their answers fare, which questions are hard, and how far reviewers agree."""

import streamlit as st

from dashboard.identity import acting
from dashboard.parts.team_agreement import show_agreement
from dashboard.parts.team_comments import show_open_comments
from dashboard.parts.team_drift import show_drift
from dashboard.parts.team_loaded import drift_of, team_of
from dashboard.parts.team_people import show_people
from dashboard.parts.team_questions import show_questions

actor = acting()
st.title(
    "Team", help="Labels are worth what reviewers agree on: where they do not, the guideline is unclear or the task is."
)
if actor.leads:
    show_open_comments()
team = team_of(actor)
show_people(team, actor)
if actor.leads and team.reviewers:
    show_drift(drift_of())
    show_questions(team.questions)
show_agreement(actor)
