"""Adjudicate: where reviewers disagree, largest first; adopt an answer, write one, or make the guideline clear."""

from pathlib import Path

import streamlit as st

from core.errors import LoopwrightError
from core.store.disagreements import titles
from core.store.queues import list_queues
from dashboard.components import run_table
from dashboard.identity import acting
from dashboard.parts.adjudication_answers import STYLE
from dashboard.parts.adjudication_item import found_disagreements, show_item
from dashboard.parts.adjudication_list import COLUMNS, asked_place, go_to, neighbours, place_of, rows
from dashboard.parts.figures import choose
from dashboard.process import store

PAGES = Path(__file__).parent
PAGE = 50
EVERY = "every queue"
ANY = "every question"
STATES = ("to resolve", "resolved", "all")

actor = acting()
if not actor.leads:
    st.title("Adjudicate")
    st.info("Leads decide here where reviewers disagree. Your own work stands on Review.", icon=":material/gavel:")
    st.stop()

st.html(STYLE)
with store().reading() as session:
    queues = {queue.name: queue.id for queue in list_queues(session, "trace", "step", "pair", "ranking")}
here = asked_place(st.query_params)
if here is None:
    st.title("Adjudicate", help="A lead’s decision where reviewers disagree: it outranks their answers, everywhere.")

with st.container(key="adjudicate_filters"):
    places = st.columns([2, 3, 2, 3], vertical_alignment="bottom")
queue = choose(places[0], "Queue", [EVERY, *queues], "adjudicate_queue")
every = found_disagreements(queues.get(queue), again=here is None)
names = {f"{one.schema}/{one.question.key}": one.question.title for one in every}
asked = places[1].selectbox(
    "Question", [ANY, *names], format_func=lambda one: names.get(one, one), key="adjudicate_question"
)
state = choose(places[2], "State", STATES, "adjudicate_state")
shown = [
    one
    for one in every
    if asked in (ANY, f"{one.schema}/{one.question.key}")
    and (state == "all" or (one.resolved is not None) == (state == "resolved"))
]
open_ones = sum(1 for one in every if one.resolved is None)
places[3].caption(f"{open_ones:,} to resolve, {len(every) - open_ones:,} resolved; {len(shown):,} shown")

if here is not None:
    before, after = neighbours(every, shown, here)
    at = next((number for number, one in enumerate(shown, 1) if place_of(one) == here), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All disagreements", icon=":material/arrow_back:", type="tertiary", on_click=go_to, args=(None,))
        st.button("Previous", shortcut="P", disabled=before is None, on_click=go_to, args=(before,))
        st.button("Next", shortcut="N", disabled=after is None, on_click=go_to, args=(after,))
        st.caption(f"{at:,} of {len(shown):,}" if at else "no longer among those shown")
    try:
        show_item(here, actor)
    except LoopwrightError as error:
        st.warning(error.message, icon=":material/link_off:")
elif not every:
    st.info(
        "Reviewers agree on everything that two of them have answered, or no two have answered the same yet. Give a "
        "queue two reviewers an item, and what they disagree on stands here.",
        icon=":material/gavel:",
    )
    st.page_link(PAGES / "queues.py", label="Set up queues", icon=":material/inbox:")
elif not shown:
    st.info("Nothing of this kind. Choose another queue, question or state above.", icon=":material/search_off:")
else:
    pages = -(-len(shown) // PAGE)
    page = st.pagination(pages, key="adjudicate_page") if pages > 1 else 1
    part = shown[(page - 1) * PAGE : page * PAGE]
    with store().reading() as session:
        named = titles(session, [one.subject for one in part])
    opened = run_table("adjudicate_table", COLUMNS, rows(part, named))
    if opened is not None:
        go_to(place_of(part[opened - 1]))
        st.rerun()
