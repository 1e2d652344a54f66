"""Suites: the fixed sets of tasks that versions are compared on; made, changed as drafts, frozen, revised."""

from pathlib import Path

import streamlit as st

from core.store.suites import list_cases, openings_of, suite_lines
from dashboard.identity import acting
from dashboard.parts.figures import choose, show_small_table, show_table
from dashboard.parts.numbers import escaped
from dashboard.parts.suite_cases import edit_cases, read_cases_table
from dashboard.parts.suite_making import CHOSEN, add_doors, new_suite_door
from dashboard.parts.suite_state import show_actions
from dashboard.parts.suite_words import opening_row, state_words, suite_rows, tag_counts
from dashboard.process import store

EVALUATION = Path(__file__).with_name("evaluation.py")

actor = acting()
st.title("Suites")
st.caption(
    "A suite is a fixed set of tasks that versions are compared on. It is a draft until it is frozen; "
    "a change of a frozen one is a new revision."
)
if not actor.leads:
    st.info("Only leads look after suites: they say which tasks are kept for evaluation.", icon=":material/lock:")
    st.stop()

with store().reading() as session:
    lines = suite_lines(session)
chooser, door = st.columns([4, 1], vertical_alignment="bottom")
with door:
    new_suite_door(sorted({line.name for line in lines}))
if not lines:
    st.info(
        "No suite yet. Make one with the button above: from tasks of an agent's runs, or from a file. Versions are "
        "then compared on the same tasks, each time.",
        icon=":material/rule:",
    )
    st.stop()

label = choose(chooser, "Suite and revision", [line.label for line in lines], CHOSEN)
line = next(one for one in lines if one.label == label)
newest = not any(one.name == line.name and one.revision > line.revision for one in lines)
draft = line.frozen_at is None
with store().reading() as session:
    cases, openings = list_cases(session, line.id), openings_of(session, line.name)

head = st.container(horizontal=True, vertical_alignment="center")
if line.note:
    st.caption(escaped(f"Why this revision: {line.note}"))
if cases:
    unsaved = bool(edit_cases(line.label, cases, actor)) if draft else False
    if not draft:
        read_cases_table(cases)
else:
    unsaved = False
    st.info("This draft has no task yet. Choose some below.", icon=":material/playlist_add:")
with head:
    st.badge(state_words(line), icon=":material/edit_note:" if draft else ":material/lock:", color="gray")
    show_actions(line, cases, newest, unsaved)
    st.page_link(
        EVALUATION,
        label="Compare on it",
        icon=":material/fact_check:",
        query_params={"evaluation_suite": line.name},
        disabled=not (newest and cases),
    )

if draft:
    st.header("Add tasks", anchor=False)
    add_doors(line.name, cases)
if cases:
    st.header("By tag and split", anchor=False)
    show_small_table(tag_counts(cases))
if openings:
    st.header("Openings of the holdout", anchor=False, help="Of every revision. What is looked at often is fitted to.")
    show_table([opening_row(one) for one in openings], "Openings of the holdout", words=["Who", "Versions", "Why"])
st.header("Every suite", anchor=False)
show_table(suite_rows(lines), "Every revision of every suite", words=["State", "Why this revision"])
