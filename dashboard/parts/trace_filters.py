"""The bar of filters above a list of runs; what it lets through stands in the address, so that a link carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from core.records import Outcome
from core.store.catalog import list_versions
from core.store.lessons import lessons_by_uid
from core.store.signals import signal_names
from core.store.trace_filter import TraceFilter
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.trace_signals import ABOUT, signal_choices
from dashboard.process import store

DISAGREES = "evidence disagrees"
"""Chosen among the outcomes: whatever the outcome is, something says otherwise."""

LABELLED = {"": None, "labelled": True, "not labelled": False}
FIELDS = ("text", "agent", "version", "outcome", "labels", "signal", "lesson", "from", "to")


def choose_filter(prefix: str, actor: Actor) -> TraceFilter:
    """Draw the bar; what is chosen in it, as `actor` may look for runs.

    Each widget has the key `<prefix>_<field>`, and so has its part of the address: one prefix a page.
    """
    with store().reading() as session:
        known = [one for one in list_versions(session) if one.n_traces]  # others have results or published rates only
        signals = signal_choices(signal_names(session))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Text",
            key=f"{prefix}_text",
            placeholder="words in any step",
            help="Runs in which one step has all these words.",
            width=160,
            bind="query-params",
        )
        choose = {"format_func": lambda name: name or "any", "bind": "query-params", "width": 116}
        agents = sorted({one.agent for one in known})
        _drop_unknown(f"{prefix}_agent", agents)
        agent = st.selectbox("Agent", ["", *agents], key=f"{prefix}_agent", **choose)
        versions = list(dict.fromkeys(one.name for one in known if agent in ("", one.agent)))
        _drop_unknown(f"{prefix}_version", versions)
        version = st.selectbox("Version", ["", *versions], key=f"{prefix}_version", **choose)
        outcome = st.selectbox("Outcome", ["", *map(str, Outcome), DISAGREES], key=f"{prefix}_outcome", **choose)
        labels = st.selectbox("Labels", list(LABELLED), key=f"{prefix}_labels", **choose)
        _drop_unknown(f"{prefix}_signal", list(signals))
        signal, says = signals[st.selectbox("Signal", list(signals), key=f"{prefix}_signal", help=ABOUT, **choose)]
        lesson = _choose_lesson(f"{prefix}_lesson")
        day = {"format": "YYYY-MM-DD", "bind": "query-params", "width": 126}
        since = st.date_input("From", None, key=f"{prefix}_from", **day)
        until = st.date_input("To", None, key=f"{prefix}_to", **day)
    return TraceFilter(
        agent=agent,
        version=version,
        outcome="" if outcome == DISAGREES else outcome,
        contradicted=outcome == DISAGREES,
        labelled=LABELLED[labels],
        signal=signal,
        says=says,
        lesson=lesson,
        since=datetime.combine(since, time(), UTC) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        text=text,
        blind_for=actor.id,
    )


def _choose_lesson(key: str) -> str:
    """The lesson that runs were given: named in the address by a link from it, and taken away here."""
    wanted: str = st.query_params.get(key, "")[:64]
    st.session_state[key] = wanted
    if not wanted:
        return ""
    with store().reading() as session:
        line = lessons_by_uid(session, [wanted]).get(wanted)
    name = " ".join(line.when.split()) if line else wanted
    told = "Runs that were given this lesson. Click to let all runs through again."
    shown = f"given: {escaped(name[:40])}{'…' if len(name) > 40 else ''}"
    st.button(shown, icon=":material/close:", help=told, on_click=st.query_params.pop, args=(key, None))
    return wanted


def _drop_unknown(key: str, known: Sequence[str]) -> None:
    """What a saved filter names and is no longer there lets all through."""
    if st.session_state.get(key) not in (None, "", *known):
        st.session_state[key] = ""


def clear_filter(prefix: str) -> None:
    """Let every run through, from the next rerun on."""
    set_filter(prefix, {})


def chosen_filter(prefix: str) -> dict[str, str]:
    """What is chosen in the bar, by field, as it can be kept and `set_filter` again; empty fields are left out."""
    values = {field: st.session_state.get(f"{prefix}_{field}") for field in FIELDS}
    return {field: str(value) for field, value in values.items() if value}


def set_filter(prefix: str, values: Mapping[str, str]) -> None:
    """Choose these values in the bar, and nothing else, from the next rerun on: for callbacks of widgets."""
    for field in FIELDS:
        value = values.get(field, "")
        if field == "lesson":
            st.query_params.pop(f"{prefix}_lesson", None)
            st.query_params.update({f"{prefix}_lesson": value} if value else {})
        elif field in ("from", "to"):
            st.session_state[f"{prefix}_{field}"] = date.fromisoformat(value) if value else None
        else:
            st.session_state[f"{prefix}_{field}"] = value
