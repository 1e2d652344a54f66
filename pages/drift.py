"""Drift: what moved in the latest weeks, the guards against learning that goes wrong, and every week."""

from pathlib import Path

import streamlit as st

from core.evaluate.changes import control_charts
from core.evaluate.weeks import FEW
from core.store.catalog import list_agents
from dashboard.charts import weekly_line
from dashboard.identity import acting
from dashboard.parts.drift_loaded import drift_in, guards_of, weeks_shown
from dashboard.parts.drift_view import choose_window, show_drift
from dashboard.parts.figures import choose, show_chart
from dashboard.parts.guards import show_guards
from dashboard.parts.numbers import ago, escaped
from dashboard.parts.team_drift import findings
from dashboard.parts.team_loaded import drift_of
from dashboard.parts.week_numbers import MEASURES, label, signal, traffic
from dashboard.process import store

EVERY = "all agents"
MOST = 6
MOVED, GUARDS, WEEKS = "What moved", "Guards", "Week by week"

actor = acting()
st.title("Drift", help="Do runs, users, judges and reviewers stay as they were, and does learning go wrong anywhere?")
with store().reading() as session:
    agents = list_agents(session)
if not agents:
    st.info("No run has come in yet. Import some, and their weeks are shown here.")
    st.page_link(
        Path(__file__).with_name("traces.py"), label="Import runs on the Traces page", icon=":material/upload:"
    )
    st.stop()
places = st.columns([3, 5, 4], vertical_alignment="bottom")
agent = choose(places[0], "Agent", [EVERY, *agents] if len(agents) > 1 else agents, "drift_agent")
of = None if agent == EVERY else agent
views = [MOVED, GUARDS, WEEKS] if actor.leads and of is not None else [MOVED, WEEKS]
with places[1]:
    bound = {"key": "drift_view", "bind": "query-params", "label_visibility": "collapsed"}
    view = st.segmented_control("View", views, default=MOVED, required=True, **bound)
if actor.leads and of is None:
    st.caption("Guards are of one agent: choose it to see them.")

if view == GUARDS and of is not None:
    show_guards(of, guards_of(of))
    st.stop()

if view == MOVED:
    usual = drift_in(of, None, actor.leads)
    if usual is None:
        st.info("The runs here do not say when they began, so no window of time can be compared.")
        st.stop()
    with places[2]:
        span = choose_window(usual)
    show_drift((drift_in(of, span, actor.leads) if span else usual) or usual)
    if actor.leads:
        st.header("Annotators", anchor=False, help="Does a person answer as they did before, and as others do?")
        for icon, colour, sentence in findings(drift_of()):
            st.markdown(f":{colour}[{icon}] {escaped(sentence)}")
        st.page_link(
            Path(__file__).with_name("team.py"), label="All comparisons stand on Team", icon=":material/groups:"
        )
    st.stop()

found = weeks_shown(of)
if not found.weeks:
    st.info(f"The {found.undated:,} runs here do not say when they began, so they belong to no week.")
    st.stop()
of_traffic = "What the runs were about: the share of each group of tasks, by task key."
of_signals = "What users, tests and judges said: of the runs on which a signal says something, the share that failed."
of_labels = "What people marked as wrong: the share of the labelled runs with each category."
sections = (
    ("Runs", None, list(MEASURES)),
    ("Traffic", of_traffic, [traffic(group) for group in found.groups[:MOST]]),
    ("Signals", of_signals, [signal(name) for name in found.signals[:MOST]]),
    ("Labels", of_labels, [label(category) for category in found.categories[:MOST]]),
)
drawn = [measure for _, _, measures in sections for measure in measures]
charts = dict(zip(drawn, control_charts([one.series(found.weeks) for one in drawn], FEW), strict=True))
marks = sum(len(chart.changes) for chart in charts.values())
undated = f" {found.undated:,} runs do not say when they began and are left out." if found.undated else ""
behind = f" Weeks before the last two were added up {ago(found.added_up)} or later." if found.added_up else ""
st.caption(
    "Monday to Sunday, UTC, by when a run began. Dashed: the weeks since the last change, taken together; grey: where "
    f"chance keeps a week. {marks or 'No'} {'change is' if marks == 1 else 'changes are'} marked: were there none, all "
    f"charts here together would show one in about 5 % of cases at most.{undated}{behind}"
)
for title, about, measures in sections:
    if measures:
        st.header(title, anchor=False, help=about)
    for place in range(0, len(measures), 2):
        for side, measure in zip(st.columns(2), measures[place : place + 2], strict=False):
            dots = measure.dots(found.weeks)
            figure = weekly_line(
                measure.title, dots, measure.words, measure.colour, measure.unit, measure.axis, charts[measure]
            )
            with side.container(border=True, height="stretch"):
                show_chart(figure, measure.rows(found.weeks), f"drift_{measure.key}")
if not found.categories:
    st.info("Nobody has marked yet what went wrong in these runs. What reviewers mark is counted here.")
    st.page_link(Path(__file__).with_name("review.py"), label="Review runs", icon=":material/rate_review:")
