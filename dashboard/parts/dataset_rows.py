"""What the Datasets page shows of one thing: a row, an excluded candidate, a version. Everything is shown as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.dataset.candidates import Candidate, Excluded, Row
from core.dataset.messages import message_text, spoken
from core.dataset.recipes import recipes_of
from core.store.dataset_versions import DatasetVersion
from core.store.datasets import pair_texts
from dashboard.process import store

_TRACES = Path(__file__).resolve().parents[2] / "pages" / "traces.py"
_MESSAGES = 40
_CHARACTERS = {"system": 300, "tool": 1000}
_SOURCES = {
    "run": "A whole run",
    "correction": "A corrected turn",
    "preference": "A choice between two answers",
    "trials": "A solved run beside a failed one of the same task; nobody compared them",
    "steps": "A run whose steps were judged",
}
_VERDICTS = {1: ":material/check: good", 0: ":material/remove: neutral", -1: ":material/close: a mistake"}
_SIDES = {"chosen": ":material/thumb_up: **Chosen**", "rejected": ":material/thumb_down: **Rejected**"}


def show_row(row: Row) -> None:
    """A row with its columns as the model will see them, and where it comes from."""
    _show_origin(row.candidate)
    if tools := row.columns.get("tools"):
        st.text(f"With the schemas of {len(tools)} tools, as they were recorded")
    said = spoken(row.columns)
    for name in (name for name in said if name not in _SIDES and name != "steps" and said[name]):
        with st.container(border=True, height=460 if len(said[name]) > 4 else "content"):
            if name == "completion":
                good = row.columns["label"]
                st.markdown(
                    ":material/thumb_up: **A good answer**" if good else ":material/thumb_down: **A bad answer**"
                )
            _show_messages(said[name], wide=True)
    if _SIDES.keys() <= said.keys():
        for (name, title), side in zip(_SIDES.items(), st.columns(2), strict=True):
            with side.container(border=True):
                st.markdown(title)
                _show_messages(said[name])
    if steps := row.columns.get("steps"):
        _show_steps(steps)


def _show_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    """The steps one below the other, each with its verdict; of a long run those that were judged."""
    judged = [step for step in steps if step["people"]]
    shown = steps if len(steps) <= _MESSAGES else judged
    if len(shown) < len(steps):
        st.caption(f"The {len(judged):,} steps that were judged; the row holds all {len(steps):,}.")
    for step in shown:
        with st.container(border=True):
            verdict = _VERDICTS.get(step["verdict"], "they disagree" if step["people"] else "not judged")
            people = f" · {step['people']} {'person' if step['people'] == 1 else 'people'}" if step["people"] else ""
            st.markdown(f"{verdict}{people}")
            _show_messages(step["messages"], wide=True)


def show_excluded(excluded: Excluded) -> None:
    """A candidate that was left out: why, and what it is."""
    candidate = excluded.candidate
    _show_origin(candidate)
    if excluded.detail:
        st.text(excluded.detail)
    if candidate.pair is not None and not candidate.runs:
        with store().reading() as session:
            said = pair_texts(session, [candidate.pair.id])[candidate.pair.id]
        sides = (("prompt", said.prompt), ("A", said.a), ("B", said.b))
        _show_messages([{"role": name, "content": text} for name, text in sides])
    if candidate.correction is not None:
        _show_messages([{"role": "the corrected turn", "content": candidate.correction.corrected}])
    st.caption(candidate.key.replace("[", "\\["))


def show_version(version: DatasetVersion) -> None:
    """A version's download and its manifest."""
    if gone := version.manifest.get("retracted"):
        st.warning(
            f"{gone['rows']:,} of its {version.manifest['rows']:,} rows were taken back, the last on {gone['last']}: "
            "they are in its files no more. Make a new version to train on.",
            icon=":material/remove_circle:",
        )
    if version.held:
        _show_download(version)
    else:
        st.warning(
            "Its files are not here: it was made before they were kept in the database. Making it again on the same "
            "labels brings them back.",
            icon=":material/warning:",
        )
    st.json(dict(version.manifest), expanded=1)


def _show_download(version: DatasetVersion) -> None:
    address = f"/api/datasets/{version.dataset}/{version.number}.zip"
    chosen: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if recipes := recipes_of(version.format):
            chosen = st.pills(
                "Ready to train with",
                recipes,
                selection_mode="multi",
                key=f"datasets_recipes_{version.dataset}_{version.number}",
                help="Adds what this trainer needs beside the rows: its settings, and the rows as it reads them.",
            )
        if chosen:
            address += "?" + "&".join(f"recipe={recipe}" for recipe in chosen)
        st.link_button("Download", address, icon=":material/download:", help="One zip with all of its files.")


def _show_origin(candidate: Candidate) -> None:
    told = [_SOURCES[candidate.source]]
    if candidate.reviewers:
        told.append(f"{candidate.reviewers} {'reviewer' if candidate.reviewers == 1 else 'reviewers'}")
    if candidate.agreement is not None and candidate.reviewers > 1:
        told.append(f"{candidate.agreement:.0%} agree")
    if candidate.outcome_from and candidate.source == "run":
        told.append(f"outcome from {candidate.outcome_from}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(" · ".join(told))
        for number, run in enumerate(candidate.runs):
            label = "Read the run" if len(candidate.runs) == 1 else f"Run {'AB'[number]}"
            st.page_link(_TRACES, label=label, icon=":material/link:", query_params={"trace": str(run.id)})


def _show_messages(messages: Sequence[Mapping[str, Any]], wide: bool = False) -> None:
    """Messages one below the other; of a long conversation the first and the last ones."""
    folded = len(messages) - _MESSAGES
    for number, message in enumerate(messages):
        if folded > 0 and _MESSAGES // 2 <= number < _MESSAGES // 2 + folded:
            if number == _MESSAGES // 2:
                st.caption(f"… {folded:,} more messages stand in the row …")
            continue
        role, said = st.columns([1, 7]) if wide else (st.container(), st.container())
        role.caption(message["role"])
        with said:
            _show_text(message["content"], message["role"])
            for call in message.get("tool_calls", ()):
                _show_text(message_text({"content": "", "tool_calls": [call]}), "tool")


def _show_text(text: str, role: str) -> None:
    """What was said as prose, what tools were sent and answered as a payload; the start of what is long."""
    if not text and role != "tool":
        return
    limit = _CHARACTERS.get(role, 3000)
    if role == "tool":
        st.code(text[:limit] or "(nothing)", language=None, wrap_lines=True)
    else:
        st.text(text[:limit])
    if len(text) > limit:
        st.caption(f"The first {limit:,} of {len(text):,} characters; the row holds them all.")
