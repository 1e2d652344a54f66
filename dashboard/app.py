"""Streamlit's entry: the frame around every page."""

from html import escape
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from core.store.people import list_people
from dashboard.identity import Actor, actor_from
from dashboard.process import store

STATIC = Path(__file__).resolve().parent / "static"
PAGES = Path(__file__).resolve().parents[1] / "pages"


def page(name: str, title: str, icon: str, says: str, default: bool = False) -> st.Page:
    """One entry of the navigation; `says` is its tooltip."""
    return st.Page(
        PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", help=says, default=default, url_path=name
    )


def names_to_choose(here: str, besides: int | None = None) -> None:
    """A link for each person who may act; our own route sets the cookie and comes back `here` in the same tab."""
    back = urlencode({"next": f"/{here}?{urlencode(st.query_params.to_dict())}".rstrip("?")})
    with store().reading() as session:
        people = [person for person in list_people(session, active_only=True) if person.id != besides]
    links = (
        f'<li><a style="color: inherit" href="who/{one.id}?{escape(back)}" target="_self">{escape(one.name)}</a>, '
        f"{one.role.value}</li>"
        for one in people
    )
    st.html(f"<ul>{''.join(links)}</ul>")


def ask_who(here: str) -> None:
    """Let somebody pick their name, once; the cookie keeps it."""
    st.title("Who are you?")
    st.write("Your name stands under what you label. A lead adds people on Settings.")
    names_to_choose(here)


def show_who(actor: Actor, here: str) -> None:
    """Who is acting, on every page, and the way to change it."""
    with st.sidebar, st.popover(f"{actor.name}, {actor.role.value}", icon=":material/person:", width="stretch"):
        st.caption("Your name stands under what you label.")
        names_to_choose(here, besides=actor.id)


st.set_page_config(page_title="Loopwright", page_icon=str(STATIC / "favicon.png"), layout="wide")
# The accent is dark enough for white letters on it, and so too dark for letters of its own on a dark page.
st.html("<style>[data-testid=stButtonGroup] button[data-selected=true][data-variant] { color: inherit; }</style>")
st.logo(str(STATIC / "logo.svg"), size="large")
actor = actor_from(st.context.cookies)
chosen = st.navigation(
    {
        "": [page("home", "Home", "cycle", "Is the loop closed, and where does it leak?", default=True)],
        "Teach": [
            page("review", "Review", "rate_review", "Read a run, say what was wrong, correct it."),
            page("compare", "Compare", "compare", "Choose the better of two answers to one task."),
            page("adjudicate", "Adjudicate", "gavel", "Decide where reviewers disagree; make guidelines clear."),
            page("traces", "Traces", "list_alt", "Search, filter and read every run; import files."),
            page("intake", "Intake", "input", "What arrived, what waits, what was rejected and why."),
            page("lessons", "Lessons", "school", "What agents are taught, and what they would be given."),
            page("datasets", "Datasets", "dataset", "What counts as training data and why; export it."),
        ],
        "Prove": [
            page("evaluation", "Evaluation", "fact_check", "Did a version get better, and what did it break?"),
            page("suites", "Suites", "rule", "The fixed sets of tasks that versions are compared on."),
            page("drift", "Drift", "show_chart", "What changes from week to week."),
            page("team", "Team", "groups", "Agreement between reviewers, and what they have done."),
        ],
        "Set up": [
            page("queues", "Queues", "inbox", "What is reviewed, by whom, in which order, and how far it is."),
            page("schemas", "Label schemas", "checklist", "The questions that queues ask, with a live preview."),
            page(
                "retractions", "Retractions", "undo", "What a reviewer, a run or a guideline got wrong counts no more."
            ),
            page("settings", "Settings", "settings", "People, prices, redaction, retention."),
        ],
    },
    position="sidebar" if actor else "hidden",
    expanded=True,
)
if actor is None:
    ask_who(chosen.url_path)
else:
    show_who(actor, chosen.url_path)
    chosen.run()
