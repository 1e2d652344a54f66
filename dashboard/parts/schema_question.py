"""The controls of one question of a label schema, each with what is wrong beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.records import LabelSchema, Option, Question, ShownIf
from core.review.schema_checks import CONDITIONS, MAY_CHOOSE, Place, Problem, condition_values
from dashboard.parts.numbers import escaped
from dashboard.parts.schema_draft import Draft, fitting

KINDS = {
    "yes_no": ("Yes or no", "One of two buttons."),
    "choice": ("One of several", "One of the answers that you write below."),
    "multi_choice": ("Several of several", "Any number of the answers that you write below."),
    "taxonomy": (
        "Categories in groups",
        "From a tree with definitions that is searched; marked on steps or on the run.",
    ),
    "scale": ("Scale", "One of a row of answers in order, with names for both ends."),
    "number": ("Number", "Any number, within bounds where you set them."),
    "text": ("Text", "As long as it needs to be."),
    "correction": ("Correction", "What a step should have said, written on the step."),
    "span": ("Words", "Words that are selected in a step."),
    "step": ("A step", "A step of the run that is pointed at, such as the first mistake."),
    "step_verdict": ("Verdict on each step", "+1, 0, −1 or unmarked for each of the agent's steps."),
    "lesson": ("Lesson", "When this happens, do that; a lead decides before agents get it."),
}

BELONGS = {
    "taxonomy": {"either": "a step or the whole run", "step": "a step", "trace": "the whole run"},
    "span": {"either": "the run, any number of places", "trace": "the run, one place"},
    "step": {"either": "the run: one step of it", "step": "each step: any number of them"},
}

_COLUMNS = {
    "label": st.column_config.TextColumn("Answer", width="medium", help="What the button says."),
    "value": st.column_config.TextColumn("Stored as", width="small", help="Left empty: as the answer is written."),
    "key": st.column_config.TextColumn("Key", width="small", max_chars=1, help="A letter that chooses it at once."),
    "group": st.column_config.TextColumn(
        "Group", width="medium", help="Its place in the tree: “Reasoning / Planning”."
    ),
    "definition": st.column_config.TextColumn("Definition", width="large", help="Shown on hover and under H."),
}


def say(problems: Sequence[Problem], place: Place, named: str = "") -> None:
    """What is wrong at a place, under its control."""
    for problem in problems:
        if problem.place == place:
            st.caption(f":red[:material/error: {named}{escaped(problem.message)}]")


def controls(draft: Draft) -> str:
    """The name of a draft's controls: each schema has its own, or the next one would take over what they say."""
    return f"schemas_{st.session_state.schemas_slot}_{draft.turn}"


def edit_question(draft: Draft, problems: Sequence[Problem]) -> Question:
    """The question on the screen as its controls say."""
    at, question = draft.at, draft.schema.questions[draft.at]
    place: Place = ("questions", at)
    name = f"{controls(draft)}_{draft.ids[at]}"
    title = st.text_input("Question", question.title, key=f"{name}_title", live=True, max_chars=500)
    say(problems, (*place, "title"))
    left, right = st.columns([3, 2])
    with left:
        kind = st.selectbox(
            "Kind of answer", list(KINDS), list(KINDS).index(question.kind) if question.kind in KINDS else 0,
            format_func=lambda one: KINDS[one][0], key=f"{name}_kind", help=KINDS.get(question.kind, ("", ""))[1],
        )  # fmt: skip
        say(problems, (*place, "kind"))
    with right:
        key = st.text_input("Stored as", question.key, key=f"{name}_key", max_chars=100)
        say(problems, (*place, "key"))
    help_text = st.text_input("Help", question.help, key=f"{name}_help", live=True, max_chars=1000)
    required = st.checkbox("Needs an answer", question.required, key=f"{name}_required")
    edited = replace(question, title=title, key=key.strip(), help=help_text, required=required)
    if kind != question.kind:
        return fitting(edited, kind)
    edited = _parts_of_kind(edited, place, name, problems)
    if kind in MAY_CHOOSE:
        edited = replace(edited, options=_options(question, name, edited.options))
        for problem in problems:
            if problem.place[:3] == (*place, "options"):
                row = f"Row {int(problem.place[3]) + 1}: " if len(problem.place) > 3 else ""
                st.caption(f":red[:material/error: {row}{escaped(problem.message)}]")
    return replace(edited, shown_if=_shown_if(draft.schema, edited, at, name, problems))


def _parts_of_kind(question: Question, place: Place, name: str, problems: Sequence[Problem]) -> Question:
    kind = question.kind
    one, two = st.columns(2)
    if kind == "scale":
        low = one.text_input("Low end", question.low, key=f"{name}_low", live=True)
        high = two.text_input("High end", question.high, key=f"{name}_high", live=True)
        return replace(question, low=low, high=high)
    if kind == "number":
        least = one.number_input("At least", value=question.minimum, key=f"{name}_minimum", placeholder="no bound")
        most = two.number_input("At most", value=question.maximum, key=f"{name}_maximum", placeholder="no bound")
        say(problems, (*place, "maximum"))
        return replace(question, minimum=least, maximum=most)
    if kind in BELONGS:
        names = BELONGS[kind]
        at = list(names).index(question.belongs) if question.belongs in names else 0
        belongs = one.selectbox("Belongs to", list(names), at, format_func=names.__getitem__, key=f"{name}_belongs")
        question = replace(question, belongs=belongs)
    if kind == "taxonomy":
        with two:
            impact = st.checkbox("Ask how much it mattered", question.impact, key=f"{name}_impact")
            evidence = st.checkbox("Ask for the words that show it", question.evidence, key=f"{name}_evidence")
        return replace(question, impact=impact, evidence=evidence)
    if kind == "step_verdict":
        says = "After the first −1, every later step is −1, too."
        return replace(question, cascade=st.checkbox(says, question.cascade, key=f"{name}_cascade"))
    return question


def _options(question: Question, name: str, kept: tuple[Option, ...]) -> tuple[Option, ...]:
    """The answers as the table says: it begins with what they were when it was first drawn, and keeps its changes."""
    base = st.session_state.setdefault(f"{name}_{question.kind}_base", question.options)
    shown = ["label", "value", "key", "group", "definition"]
    if question.kind in ("taxonomy", "span"):
        shown.remove("key")
    if question.kind != "taxonomy":
        shown.remove("group")
    rows = [{column: getattr(option, column) for column in _COLUMNS} for option in base]
    table = st.data_editor(
        pd.DataFrame(rows, columns=list(_COLUMNS), dtype="str"),
        key=f"{name}_{question.kind}_options",
        num_rows="dynamic",
        hide_index=True,
        column_order=shown,
        column_config=_COLUMNS,
        alt="The answers to choose from",
    )
    made = []
    for row in table.fillna("").to_dict("records"):
        label, value = row["label"].strip(), row["value"].strip()
        if label or value:
            made.append(
                Option(value or label, label or value, row["definition"], row["group"].strip(), row["key"].strip())
            )
    return tuple(made)


def _shown_if(
    schema: LabelSchema, question: Question, at: int, name: str, problems: Sequence[Problem]
) -> ShownIf | None:
    before = {one.key: one for one in schema.questions[:at] if one.kind in CONDITIONS and one.key}
    now = question.shown_if
    if not before and now is None:
        return None
    names = ["", *before] + ([now.question] if now is not None and now.question not in before else [])
    one, two = st.columns(2)
    about = one.selectbox(
        "Ask it", names, names.index(now.question) if now else 0, key=f"{name}_after",
        format_func=lambda key: f"after “{before[key].title or key}”" if key in before else key or "always",
    )  # fmt: skip
    say(problems, ("questions", at, "shown_if"))
    if not about:
        return None
    possible = list(condition_values(before[about])) if about in before else []
    values = [value for value in (now.values if now is not None else ()) if value in possible]
    if possible:
        values = two.multiselect("is answered with", possible, values, key=f"{name}_values", placeholder="anything")
    return ShownIf(about, tuple(values))
