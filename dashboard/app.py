"""Streamlit's entry: the frame around every page."""

from html import escape
from pathlib import Path

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


def names_to_choose(besides: int | None = None) -> None:
    """A link for each person who may act; our own route sets the cookie and comes back in the same tab."""
    with store().reading() as session:
        people = [person for person in list_people(session, active_only=True) if person.id != besides]
    links = (
        f'<li><a href="who/{one.id}" target="_self">{escape(one.name)}</a>, {one.role.value}</li>' for one in people
    )
    st.html(f"<ul>{''.join(links)}</ul>")


def ask_who() -> None:
    """Let somebody pick their name, once; the cookie keeps it."""
    st.title("Who are you?")
    st.write("Your name stands under what you label. A lead adds people on Settings.")
    names_to_choose()


def show_who(actor: Actor) -> None:
    """Who is acting, on every page, and the way to change it."""
    with st.sidebar, st.popover(f"{actor.name}, {actor.role.value}", icon=":material/person:", width="stretch"):
        st.caption("Your name stands under what you label.")
        names_to_choose(besides=actor.id)


st.set_page_config(page_title="Loopwright", page_icon=str(STATIC / "favicon.png"), layout="wide")
st.logo(str(STATIC / "logo.svg"), size="large")
actor = actor_from(st.context.cookies)
if actor is None:
    st.navigation([st.Page(ask_who, title="Who are you?")], position="hidden").run()
else:
    show_who(actor)
    st.navigation(
        {
            "": [page("home", "Home", "cycle", "Is the loop closed, and where does it leak?", default=True)],
            "Teach": [
                page("review", "Review", "rate_review", "Read a run, say what was wrong, correct it."),
                page("compare", "Compare", "compare", "Choose the better of two answers to one task."),
                page("traces", "Traces", "list_alt", "Search, filter and read every run; import files."),
                page("lessons", "Lessons", "school", "What agents are taught, and what they would be given."),
                page("datasets", "Datasets", "dataset", "What counts as training data and why; export it."),
            ],
            "Prove": [
                page("evaluation", "Evaluation", "fact_check", "Did a version get better, and what did it break?"),
                page("drift", "Drift", "show_chart", "What changes from week to week."),
                page("team", "Team", "groups", "Agreement between reviewers, and what they have done."),
                page("settings", "Settings", "settings", "People and queues."),
            ],
        }
    ).run()
