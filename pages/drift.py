"""Drift: what changes from week to week."""

from pathlib import Path

import streamlit as st

from core.evaluate.weeks import FEW, weekly
from core.store.catalog import list_agents
from dashboard.charts import weekly_line
from dashboard.identity import acting
from dashboard.parts.figures import choose, show_chart
from dashboard.parts.numbers import escaped
from dashboard.parts.team_drift import findings
from dashboard.parts.team_loaded import drift_of
from dashboard.parts.week_numbers import MEASURES, label, signal, traffic
from dashboard.process import store

EVERY = "all agents"
MOST = 6

actor = acting()
st.title("Drift", help="What changes from week to week: Monday to Sunday, UTC, by when a run began.")
with store().reading() as session:
    agents = list_agents(session)
agent = choose(st.columns([1, 3])[0], "Agent", [EVERY, *agents], "drift_agent")
with store().reading() as session:
    found = weekly(session, None if agent == EVERY else agent)
if not found.weeks:
    said = f"The {found.undated} runs here do not say when they began, so they belong to no week."
    st.info(said if found.undated else "No run has come in yet. Import some, and their weeks are shown here.")
    st.page_link(
        Path(__file__).with_name("traces.py"), label="Import runs on the Traces page", icon=":material/upload:"
    )
    st.stop()

if found.change is None:
    st.subheader(f"There are not yet two weeks with {FEW} runs to compare.", anchor=False)
else:
    clear = found.change.clear
    icon, colour = (":material/bolt:", "orange") if clear else (":material/horizontal_rule:", "gray")
    st.badge("change" if clear else "no clear change", icon=icon, color=colour)
    st.subheader(escaped(found.change.sentence), anchor=False)
    st.caption(
        f"{found.change.looks} shares were compared, each with all the weeks before it. Intervals are widened so that "
        "this page would name a change in about 5 % of cases at most if there were none."
    )
if found.undated:
    undated = "1 run does not say when it began and is"
    if found.undated > 1:
        undated = f"{found.undated:,} runs do not say when they began and are"
    st.caption(f"{undated} left out.")

of_traffic = "What the runs were about: the share of each group of tasks, by task key."
of_signals = "What users, tests and judges said: of the runs on which a signal says something, the share that failed."
of_labels = "What people marked as wrong: the share of the labelled runs with each category."
for title, about, measures in (
    ("Runs", None, MEASURES),
    ("Traffic", of_traffic, [traffic(group) for group in found.groups[:MOST]]),
    ("Signals", of_signals, [signal(name) for name in found.signals[:MOST]]),
    ("Labels", of_labels, [label(category) for category in found.categories[:MOST]]),
):
    if measures:
        st.header(title, anchor=False, help=about)
    for place in range(0, len(measures), 2):
        for side, measure in zip(st.columns(2), measures[place : place + 2], strict=False):
            dots = measure.dots(found.weeks)
            figure = weekly_line(measure.title, dots, measure.words, measure.colour, measure.unit, measure.axis)
            with side.container(border=True, height="stretch"):
                show_chart(figure, measure.rows(found.weeks), f"drift_{measure.key}")
if not found.categories:
    st.info("Nobody has marked yet what went wrong in these runs. What reviewers mark is counted here.")
    st.page_link(Path(__file__).with_name("review.py"), label="Review runs", icon=":material/rate_review:")
if actor.leads:
    st.header("Annotators", anchor=False, help="Does a person answer as they did before, and as others do?")
    for icon, colour, sentence in findings(drift_of()):
        st.markdown(f":{colour}[{icon}] {escaped(sentence)}")
    st.page_link(Path(__file__).with_name("team.py"), label="All comparisons stand on Team", icon=":material/groups:")
