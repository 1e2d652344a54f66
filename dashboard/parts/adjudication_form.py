"""Writes a resolution: the same ways to answer as its question has, and what stands already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.records import Question, QuestionKind
from core.review.adjudication import RANKED
from core.review.history import resolved_text, step_name
from core.store.history import Revision
from core.store.resolutions import Resolved
from dashboard.parts.numbers import ago, escaped

Written = tuple[Any, list[dict[str, Any]]]
"""An answer and marks, as a reviewer's form sends them."""

MARKED = (QuestionKind.TAXONOMY, QuestionKind.SPAN, QuestionKind.STEP_VERDICT)
_VERDICTS = {"1": "+1", "0": "0", "-1": "−1"}


def show_resolution(
    resolved: Resolved, question: Question, steps: Mapping[str, int], take_back: Callable[[], None]
) -> None:
    """What was decided, by whom and why, and the way to take it back."""
    text = resolved_text(resolved, question, steps)
    with st.container(border=True, gap="small"):
        how = "adopted" if resolved.adopted_id else "in an order of several" if resolved.part_of else "written"
        st.html(
            f'<p class="told">Resolved by <b>{escape(resolved.person)}</b>, {how} {ago(resolved.at)}</p>'
            f'<p class="said answer">{escape(text)}</p><p class="said">{escape(resolved.reason)}</p>'
        )
        said = "The reviewers’ answers count again; what was decided stays in the history."
        st.button("Take it back", key="adjudicate_undo", shortcut="U", on_click=take_back, help=said)


def answer_form(
    question: Question, given: Sequence[Revision], steps: Mapping[str, int], letters: str, key: str
) -> Written | None:
    """The controls of a question; what they hold, None while they hold nothing that is an answer.

    `steps` are the run's steps with their positions, `letters` the candidates of a ranking; `key` tells this question's
    controls from others'.
    """
    if question is RANKED:
        return _order(letters, key)
    if question.kind == QuestionKind.STEP:
        at = st.number_input("Step", 1, max(len(steps), 1), None, key=key, placeholder="its number", width=160)
        found = next((step for step, position in steps.items() if at is not None and position == at - 1), None)
        return None if found is None else (None, [{"question": question.key, "step_id": found, "value": question.key}])
    if question.kind in MARKED:
        return _marks(question, given, steps, key)
    answer = _plain(question, key)
    return None if answer in (None, "") else (answer, [])


def _order(letters: str, key: str) -> Written | None:
    """A place for each candidate, the same one for a tie; the order once all have one."""
    places = list(range(1, len(letters) + 1))
    given: dict[int, list[str]] = {}
    for letter in letters:
        name = letter.upper()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{name}**", width=20)
            place = st.segmented_control(
                f"Place of {name}", places, key=f"{key}_{letter}", label_visibility="collapsed"
            )
        if place is not None:
            given.setdefault(place, []).append(letter)
    st.caption("1 is the best; the same place twice is a tie.")
    return ([given[place] for place in sorted(given)], []) if sum(map(len, given.values())) == len(letters) else None


def _plain(question: Question, key: str) -> Any:
    names = {option.value: option.label for option in question.options}
    look: dict[str, Any] = {"key": key, "label_visibility": "collapsed"}
    if question.kind == QuestionKind.YES_NO:
        said = st.segmented_control(question.title, ["Yes", "No"], **look)
        return None if said is None else said == "Yes"
    if question.kind in (QuestionKind.CHOICE, QuestionKind.SCALE):
        return st.segmented_control(question.title, list(names), format_func=lambda one: escaped(names[one]), **look)
    if question.kind == QuestionKind.MULTI_CHOICE:
        shown = {"format_func": lambda one: escaped(names[one]), **look}
        return st.pills(question.title, list(names), selection_mode="multi", **shown)
    if question.kind == QuestionKind.NUMBER:
        return st.number_input(question.title, question.minimum, question.maximum, None, **look)
    return st.text_area(question.title, height=96, persist_state="session", **look)


def _marks(question: Question, given: Sequence[Revision], steps: Mapping[str, int], key: str) -> Written:
    """Which of the marks that people made hold, and others that none of them made; none at all is an answer too."""
    names = {option.value: option.label for option in question.options} or _VERDICTS
    offered: dict[str, dict[str, Any]] = {}
    for one in given:
        for value in _whole(one, question):
            offered.setdefault(f"{names.get(value, value)} · the whole run", {"whole": value})
        for mark in one.marks:
            if mark.question == question.key:
                offered.setdefault(_name(mark.value, mark.step_id, mark.quote, names, steps), _sent(mark))
    for value, step in st.session_state.get(f"{key}_more", []):
        sent = {"question": question.key, "step_id": step, "value": value} if step else {"whole": value}
        offered.setdefault(_name(value, step, "", names, steps) if step else f"{names[value]} · the whole run", sent)
    chosen = st.multiselect("Marks that hold", list(offered), key=key, placeholder="none of them")
    if question.kind != QuestionKind.SPAN:
        _add_mark(question, names, steps, key)
    whole = [offered[one]["whole"] for one in chosen if "whole" in offered[one]]
    return whole or None, [offered[one] for one in chosen if "whole" not in offered[one]]


def _whole(one: Revision, question: Question) -> list[str]:
    answer = one.answers.get(question.key)
    return [str(each) for each in answer] if isinstance(answer, list) else []


def _sent(mark: Any) -> dict[str, Any]:
    return {name: getattr(mark, name) for name in mark.__slots__}


def _name(value: str, step: str, quote: str, names: Mapping[str, str], steps: Mapping[str, int]) -> str:
    return f"{names.get(value, value)} · {step_name(step, steps)}" + (f" “{quote[:60]}”" if quote else "")


def _add_mark(question: Question, names: Mapping[str, str], steps: Mapping[str, int], key: str) -> None:
    """A category and the step that it stands on, to be offered beside the marks that people made."""
    what, at, add = st.columns([5, 4, 2], vertical_alignment="bottom")
    value = what.selectbox("Another", list(names), None, format_func=names.__getitem__, key=f"{key}_what")
    whole = question.kind == QuestionKind.TAXONOMY and question.belongs != "step"
    on_step = question.belongs != "trace" and bool(steps)
    number = at.number_input(
        "Step", 1, max(len(steps), 1), None, key=f"{key}_at", placeholder="whole run" if whole else "its number",
        disabled=not on_step,
    )  # fmt: skip
    step = next((each for each, position in steps.items() if number is not None and position == number - 1), "")
    ready = value is not None and (bool(step) or whole)
    add.button("Add", key=f"{key}_add", disabled=not ready, on_click=_offer, args=(key, value, step), width="stretch")


def _offer(key: str, value: str, step: str) -> None:
    st.session_state[f"{key}_more"] = [*st.session_state.get(f"{key}_more", []), (value, step)]
