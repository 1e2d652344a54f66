"""Home: is the loop closed and turning, where does it leak, and what is there for me to do."""

from pathlib import Path

import streamlit as st

from core.evaluate.loop import loop_state
from core.store.queues import left_for, list_queues, progress
from dashboard.charts import loop_funnel
from dashboard.identity import acting
from dashboard.parts.figures import show_chart, show_table
from dashboard.parts.guards import show_alarms
from dashboard.parts.numbers import ago, clipped, escaped
from dashboard.parts.version_tables import VERDICTS
from dashboard.process import store

PAGES = Path(__file__).parent
SIDES = ("pair", "ranking")
SAYS = {
    "Collected": "Runs that have arrived.",
    "Reviewed": "Runs that a person has judged.",
    "Taught": "Lessons that a lead has approved and agents can be given.",
    "Recalled": "How often agents asked for lessons.",
    "Improved": "Agents whose newest version is better than the one it rests on, with p below 0.05.",
}

actor = acting()
with store().reading() as session:
    loop = loop_state(session)
    mine = [*list_queues(session, "trace", "step", person=actor.id), *list_queues(session, *SIDES, person=actor.id)]
    queues = [(one, progress(session, one, actor.id), left_for(session, one, actor.id)) for one in mine]

st.title("Home", help="Agents improve only if what people say about their runs reaches their next run.")
if loop.leak:
    since = f" The oldest has waited since {loop.leak.stage.since:%d %b %Y}." if loop.leak.stage.since else ""
    st.subheader(f":material/water_drop: {escaped(loop.leak.sentence)}{since}", anchor=False)
    st.page_link(PAGES / f"{loop.leak.page}.py", label=f"**{loop.leak.action}**", icon=":material/arrow_forward:")
else:
    st.subheader(":material/all_inclusive: The loop is closed: what people say reaches the agents.", anchor=False)

for place, stage in zip(st.columns(5), loop.stages, strict=True):
    with place.container(border=True, height="stretch", gap="xsmall"):
        st.markdown(f"**{stage.name}**", help=SAYS[stage.name])
        st.markdown(f"### {stage.n:,}")
        st.caption(stage.unit + (f"; {stage.passed:,} of {stage.arrived:,} {stage.what}" if stage.arrived else ""))
        if stage.last:
            st.caption(f"last {ago(stage.last)}")
        if stage.since and stage.passed < stage.arrived:
            st.caption(f"the oldest that waits came {ago(stage.since)}")
        if loop.leak and loop.leak.stage is stage:
            st.badge("leaks here", icon=":material/water_drop:", color="orange")

if actor.leads:
    show_alarms()

left, right = st.columns([2, 3])
with left:
    st.header("Your queues", anchor=False)
    for queue, made, n_left in queues:
        name, go = st.columns([2, 1], vertical_alignment="center")
        pace = f", {made.per_hour:.1f} an hour (n {made.recent:,})" if made.per_hour else ""
        for_you = (
            "paused" if queue.state == "paused" else f"{n_left:,} left for you" if n_left else "nothing left for you"
        )
        said = f"{escaped(queue.name)}: {made.done:,} of {made.total:,} done; {for_you}; {made.mine:,} by you{pace}"
        name.progress(made.done / made.total if made.total else 0.0, said)
        page, key = ("compare", "compare_queue") if queue.subject in SIDES else ("review", "review_queue")
        chosen = {key: str(queue.id)}
        go.page_link(PAGES / f"{page}.py", label=page.capitalize(), query_params=chosen)
    if not queues:
        st.info("No queue yet: runs that come in are put into one.", icon=":material/inbox:")
with right:
    st.header("What came in", anchor=False)
    show_table(
        [
            {
                "Agent": clipped(agent.agent, 26),
                "Last 7 days": f"{agent.recent:,}",
                "In all": f"{agent.runs:,}",
                "Last arrived": ago(agent.last),
            }
            for agent in loop.arrived
        ],
        "Runs that came in, by agent",
    )

st.header("Did it get better?", anchor=False, help="The newest version of each agent against the one it rests on.")
for newest in loop.newest:
    said = newest.comparison.sentence if newest.comparison else newest.problem
    icon, colour = VERDICTS[newest.comparison.paired.verdict] if newest.comparison else (":material/block:", "gray")
    asked = {"evaluation_agent": newest.agent, "evaluation_base": newest.base, "evaluation_candidate": newest.candidate}
    words, look = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f":{colour}[{icon}] **{escaped(newest.agent)}**: {escaped(said)}")
    look.page_link(PAGES / "evaluation.py", label="What broke", icon=":material/fact_check:", query_params=asked)
if not loop.newest:
    st.info("No agent has two versions with runs yet: import those of a second one.", icon=":material/fact_check:")

if shown := [stage for stage in loop.stages if stage.arrived]:
    st.header("What goes on at each stage", anchor=False)
    rows = [{"Stage": one.name, "Goes on": f"{one.passed:,} of {one.arrived:,} {one.what}"} for one in shown]
    show_chart(loop_funnel(shown), rows, "home_loop")
