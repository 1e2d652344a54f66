"""What is put into a queue, chosen in widgets: a filter over runs, steps, pairs or rankings, with its live count."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import streamlit as st

from core.errors import LoopwrightError
from core.records import Outcome, StepKind
from core.store.catalog import list_versions
from core.store.queue_filters import QueueFilter, count_fitting, n_rankings, pair_sources
from core.store.signals import signal_names
from dashboard.parts.trace_signals import ABOUT, signal_choices
from dashboard.process import store

SUBJECTS = {"trace": "Runs", "step": "Steps", "pair": "Pairs", "ranking": "Rankings"}
ONE = {"trace": "run", "step": "step", "pair": "pair", "ranking": "ranking"}
_LABELLED = {"": None, "labelled": True, "not labelled": False}
_ENDED = {"": None, "in an error": True, "without an error": False}
_ALL, _NEWEST, _SAMPLE = "all that fit", "only the newest", "a random sample"


def counted(n: int, subject: str) -> str:
    """1,204 runs"""
    return f"{n:,} {ONE[subject]}{'' if n == 1 else 's'}"


def offered_subjects() -> list[str]:
    """What a queue may be of: rankings only where there are any."""
    with store().reading() as session:
        return [subject for subject in SUBJECTS if subject != "ranking" or n_rankings(session)]


def choose_filter(subject: str, key: str) -> QueueFilter:
    """The filter that the widgets under this key say; the first row is what most queues are made by."""
    with store().reading() as session:
        versions = [one for one in list_versions(session) if one.n_traces]
        names = signal_names(session)
        sources = pair_sources(session, subject) if subject in ("pair", "ranking") else []
    chosen: dict[str, Any] = {}
    anything = {"format_func": lambda name: name or "any", "width": 180}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        agents = sorted({one.agent for one in versions})
        chosen["agent"] = st.selectbox("Agent", ["", *agents], key=f"{key}_agent", **anything)
        of = list(dict.fromkeys(one.name for one in versions if chosen["agent"] in ("", one.agent)))
        chosen["version"] = st.selectbox("Version", ["", *of], key=f"{key}_version", **anything)
        if subject in ("pair", "ranking"):
            chosen["source"] = st.selectbox("Source", ["", *sources], key=f"{key}_source", **anything)
            about = f"Only {SUBJECTS[subject].lower()} on which no choice counts yet."
            chosen["undecided"] = st.checkbox("Undecided only", key=f"{key}_undecided", help=about)
        else:
            chosen |= _of_runs(key, anything)
    if subject == "step":
        chosen |= _of_steps(key, anything)
    if subject in ("trace", "step"):
        with st.expander("More to choose by", key=f"{key}_more", on_change="rerun") as more:
            if more.open:
                chosen |= _seldom(key, names, anything)
    return QueueFilter(**chosen, **_how_many(key))


def _of_runs(key: str, anything: dict[str, Any]) -> dict[str, Any]:
    outcome = st.selectbox("Outcome", ["", *map(str, Outcome)], key=f"{key}_outcome", **anything)
    labels = st.selectbox("Labels", list(_LABELLED), key=f"{key}_labels", **anything)
    text = st.text_input("Words in the run", key=f"{key}_text", width=200, help="Runs in which one step has them all.")
    return {"outcome": outcome, "labelled": _LABELLED[labels], "text": text.strip()}


def _of_steps(key: str, anything: dict[str, Any]) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.selectbox("Kind of step", ["", *map(str, StepKind)], key=f"{key}_kind", **anything)
        name = st.text_input("Tool or name", key=f"{key}_name", width=180, help="The exact name, such as get_order.")
        ended = st.selectbox("Ended", list(_ENDED), key=f"{key}_ended", **anything)
        words = st.text_input("Words in the step", key=f"{key}_words", width=200, help="Steps that have them all.")
    return {"kind": kind, "name": name.strip(), "failed": _ENDED[ended], "words": words.strip()}


def _seldom(key: str, names: list[str], anything: dict[str, Any]) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        signals = signal_choices(names)
        signal, says = signals[st.selectbox("Signal", list(signals), key=f"{key}_signal", help=ABOUT, **anything)]
        day: dict[str, Any] = {"format": "YYYY-MM-DD", "width": 140}
        since = st.date_input("Began from", None, key=f"{key}_since", **day)
        until = st.date_input("To", None, key=f"{key}_until", **day)
        task = st.text_input("Task", key=f"{key}_task", width=200, help="The task's key, as the Traces page shows it.")
        named = st.text_input("Session", key=f"{key}_session", width=160)
    return {
        "signal": signal,
        "says": says,
        "since": datetime.combine(since, time(), UTC) if since else None,
        "until": datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        "task": task.strip(),
        "session": named.strip(),
    }


def _how_many(key: str) -> dict[str, Any]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        which = st.segmented_control(
            "How many", [_ALL, _NEWEST, _SAMPLE], default=_ALL, required=True, key=f"{key}_which"
        )
        most = None
        if which != _ALL:
            most = int(st.number_input("At most", 1, 1_000_000, 100, key=f"{key}_most", width=140))
    return {"most": most, "sample": which == _SAMPLE}


def live_count(subject: str, wanted: QueueFilter) -> int:
    """Count what the filter lets in, and say it."""
    try:
        with store().reading() as session:
            n = count_fitting(session, subject, wanted)
    except LoopwrightError as error:
        st.error(error.message, icon=":material/error:")
        return 0
    if n:
        st.markdown(f":material/filter_alt: **{counted(n, subject)}** would be put in.")
    else:
        st.markdown(f":material/filter_alt_off: No {ONE[subject]} fits this now.")
    return n


def filter_words(subject: str, wanted: QueueFilter) -> str:
    """The filter in words: agent shop, outcome failed."""
    names = {"says": "", "since": "from", "until": "before", "failed": "", "most": "", "sample": "", "labelled": ""}
    told = []
    for name, value in wanted.as_json().items():
        if names.get(name, name):
            shown = value[:10] if name in ("since", "until") else value
            told.append(f"{names.get(name, name)} {shown}" if value is not True else name)
    if wanted.labelled is not None:
        told.append("labelled" if wanted.labelled else "not labelled")
    if wanted.says is not None:
        told.append("which says " + ("solved" if wanted.says else "failed"))
    if wanted.failed is not None:
        told.append("in an error" if wanted.failed else "without an error")
    if wanted.most is not None:
        told.append(f"{'a random sample of' if wanted.sample else 'the newest'} {wanted.most:,}")
    return ", ".join(told) or f"all {SUBJECTS[subject].lower()}"
