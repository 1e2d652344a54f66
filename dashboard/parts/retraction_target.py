"""Which reviewer, run or version of a guideline is meant."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.store.people import list_people
from core.store.retractions import GUIDELINE, REVIEWER, RUN
from core.store.schemas import schema_versions
from dashboard.process import store

NAMES = {REVIEWER: "A reviewer", RUN: "A run", GUIDELINE: "A version of a guideline"}


_PAGE = Path(__file__).resolve().parents[2] / "pages" / "retractions.py"
_LINKS = {
    REVIEWER: ("Take back what somebody said", "Sets all answers of one person apart, and can be undone."),
    RUN: (
        "Let it count no more instead",
        "Sets apart what was said of this run and what was taught from it; nothing is deleted, and it can be undone.",
    ),
    GUIDELINE: (
        "Take a version back",
        "Sets apart what was answered under a version that was wrong, and can be undone.",
    ),
}


def link_to_taking_back(kind: str, name: str = "") -> None:
    """The way to the page from where a target is looked at; without a name it is chosen there."""
    label, about = _LINKS[kind]
    asked = {"kind": kind} | ({"name": name} if name else {})
    st.page_link(_PAGE, label=label, icon=":material/undo:", help=about, query_params=asked, width="content")


def choose_target(kind: str) -> str:
    """What is meant, by the name that `core.retract.retracting.find_target` knows; "" until somebody says so."""
    key = f"retractions_{kind}"
    if kind == RUN:
        return st.text_input(
            "The run's id",
            key=key,
            max_chars=300,
            help="It stands on the run's page on Traces, where a button leads here too.",
        ).strip()
    choices = _reviewers() if kind == REVIEWER else _guidelines()
    if st.session_state.get(key) not in (None, *choices):
        st.warning(f"There is no {kind} of this name.", icon=":material/search_off:")
        st.session_state.pop(key)
    labels = {REVIEWER: "Whose answers", GUIDELINE: "Which version"}
    chosen: str | None = st.selectbox(labels[kind], choices, None, key=key, placeholder="Choose, or type to search")
    return chosen or ""


def _reviewers() -> Sequence[str]:
    with store().reading() as session:
        return [one.name for one in list_people(session)]


def _guidelines() -> Sequence[str]:
    """The versions that were answered, as key@version."""
    with store().reading() as session:
        return [f"{one.schema.key}@{one.schema.version}" for one in schema_versions(session) if one.answers]
