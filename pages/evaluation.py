"""Evaluation: did a version get better, what did it break, and how sure is that."""

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.evaluate.comparison import compare_versions
from core.evaluate.history import version_history
from core.evaluate.published import published_rates
from core.store.catalog import list_versions
from core.store.results import runs_of_tasks
from core.store.suites import find_suite, suite_lines
from core.store.trials import n_results, published_versions
from dashboard.charts import (
    cost_by_version,
    latency_by_version,
    success_by_version,
    task_version_map,
)
from dashboard.identity import acting
from dashboard.parts.comparison_view import show_comparison
from dashboard.parts.figures import choose, show_chart
from dashboard.parts.holdout import choose_holdout
from dashboard.parts.numbers import escaped
from dashboard.parts.published import show_published
from dashboard.parts.suite_coverage import show_coverage
from dashboard.parts.version_dates import show_dates
from dashboard.parts.version_tables import cost_rows, success_rows, task_rows
from dashboard.process import store

SHARED = "all tasks"
MAP_ROWS = 40
MEASURES = {
    "Success": (success_by_version, success_rows),
    "Cost": (cost_by_version, cost_rows),
    "Time": (latency_by_version, cost_rows),
}

actor = acting()
st.title(
    "Evaluation", help="Did a version get better, and what did it break? Solved counts 1; partly and failed count 0."
)
with store().reading() as session:
    known, results, rated = list_versions(session), n_results(session), published_versions(session)
    labels = {line.name: line.label for line in reversed(suite_lines(session))}
lines = [line for line in known if line.n_traces or line.id in results]
shown = [line for line in known if line in lines or line.id in rated]
if not shown:
    st.info("No run has come in yet. Import some with the version that made them, and they are compared here.")
    st.page_link(
        Path(__file__).with_name("traces.py"), label="Import runs on the Traces page", icon=":material/upload:"
    )
    st.stop()

agents = sorted({line.agent for line in shown})
newest = max((line for line in lines if line.date), key=lambda line: line.date, default=(lines or shown)[-1])
places = st.columns(4)
agent = choose(places[0], "Agent", agents, "evaluation_agent", index=agents.index(newest.agent))
versions = [line.name for line in lines if line.agent == agent]
base_of = {line.name: line.base for line in lines if line.agent == agent}
with store().reading() as session:
    rates = published_rates(session, agent)
if not versions:
    st.info(f"Of {escaped(agent)} only published rates are known, and no task behind them: nothing can be compared.")
    show_published(rates)
    st.stop()
candidate = choose(
    places[2],
    "Candidate",
    versions,
    "evaluation_candidate",
    "The version that is to be judged. Order: by base, then by date.",
    len(versions) - 1,
)
before = versions.index(candidate) - 1
default = versions.index(base_of[candidate]) if base_of[candidate] in versions else max(before, 0)
base = choose(places[1], "Base", versions, "evaluation_base", "The version it is measured against.", default)
suite = choose(
    places[3],
    "Suite",
    [SHARED, *sorted(labels)],
    "evaluation_suite",
    "A fixed set of tasks; comparing on it for the first time fixes it. Without one: every task that both tried.",
)
suite = None if suite == SHARED else suite
holdout = suite is not None and choose_holdout(suite, base, candidate, actor)
if suite is not None and actor.leads:
    show_coverage(suite, agent)
if actor.leads:
    st.page_link(
        Path(__file__).with_name("suites.py"),
        label="Look at this suite" if suite else "Make a suite, so that the tasks are fixed",
        icon=":material/rule:",
        query_params={"suites_suite": label} if (label := labels.get(suite or "")) else None,
    )

compared, runs = None, []
if actor.leads:
    try:
        with store().reading() as session:
            draft = suite is not None and find_suite(session, suite).frozen_at is None
        with store().session() if draft else store().reading() as session:
            compared = compare_versions(session, base, candidate, suite, agent, holdout)
            changed = [*compared.paired.regressed, *compared.paired.fixed]
            runs = runs_of_tasks(session, [compared.base.version_id, compared.candidate.version_id], changed)
        if draft:
            st.toast(f"The suite {suite} is fixed from now on: it was compared on for the first time.")
    except LoopwrightError as problem:
        st.warning(escaped(problem.message), icon=":material/block:")
else:
    st.info(
        "Only leads compare versions: what broke tells the outcome of runs that reviewers still have to judge.",
        icon=":material/lock:",
    )

if compared:
    show_comparison(compared, runs)

with store().reading() as session:
    history = version_history(session, agent, suite, holdout)
st.header("Every version", anchor=False)
bound = {"key": "evaluation_measure", "bind": "query-params", "label_visibility": "collapsed"}
measure = st.segmented_control("Measure", list(MEASURES), default="Success", required=True, **bound)
draw, rows_of = MEASURES[measure]
show_chart(draw(history.points), rows_of(history.points), "evaluation_versions", opened=True)
if actor.leads:
    show_dates([line for line in shown if line.agent == agent])
if rates:
    show_published(rates)

if actor.leads and history.tasks:
    st.header("Every task", anchor=False)
    only = st.toggle("Only tasks that changed", value=True, key="evaluation_only_changed")
    shown = [line for line in history.tasks if line.changes or not only]
    if shown:
        pages = -(-len(shown) // MAP_ROWS)
        page = st.pagination(pages, key="evaluation_page") if pages > 1 else 1
        part = shown[(page - 1) * MAP_ROWS : page * MAP_ROWS]
        tried = [point.version for point in history.points if point.n_tasks]
        show_chart(task_version_map(tried, part), task_rows(history, part), "evaluation_map")
    else:
        st.caption("No version broke or fixed any task.")
