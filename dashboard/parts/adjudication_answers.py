"""What each reviewer answered, beside each other, with the one key that adopts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from core.records import Question, QuestionKind, Role
from core.review.history import Part, answer_text, said_texts, step_name, word_changes
from core.store.history import Revision
from core.store.revisions import SURPLUS
from dashboard.parts.lesson_card import plain
from dashboard.parts.numbers import ago, duration

LONGEST = 6_000
NO_BREAK = "\N{NO-BREAK SPACE}"

STYLE = """<style>
.said { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 78ch }
.said.answer { font-weight: 600 }
.said del { text-decoration: line-through; text-decoration-color: #D55E00; opacity: .8 }
.said ins { text-decoration: underline; text-decoration-color: #0072B2 }
.told { font-size: .85em; opacity: .8; margin: 0; overflow-wrap: anywhere }
.st-key-adjudicate_answers > * { flex-shrink: 0 }
.st-key-adjudicate_answers { max-height: calc(100vh - 8rem); overflow-y: auto; padding-right: .4rem }
.stMainBlockContainer { padding-left: 2rem; padding-right: 2rem }
</style>"""


def answers_that_stand(said: Sequence[Revision], schema: str) -> list[Revision]:
    """What people say now under a schema, the surplus answers last; machines' opinions are not among them."""
    newest: dict[int, Revision] = {}
    for one in said:
        if one.role is not Role.MACHINE and one.schema == schema and one.place in ("", SURPLUS):
            newest[one.person_id] = one
    standing = [one for one in newest.values() if one.current or (one.place == SURPLUS and not one.withdrawn)]
    return sorted(standing, key=lambda one: (one.place == SURPLUS, one.at, one.id))


def show_answers(
    given: Sequence[Revision],
    asked: Sequence[Question],
    question: Question,
    places: Mapping[str, int],
    adopt: Callable[[int], None],
) -> None:
    """A card for each answer; `adopt` is called with the id of the one that was chosen. `places`: steps' positions."""
    for number, one in enumerate(given, 1):
        with st.container(border=True, gap="small"):
            with st.container(horizontal=True, horizontal_alignment="distribute", wrap=False):
                st.html(f'<p class="told"><b>{escape(one.person)}</b> · {escape(" · ".join(_about(one)))}</p>')
                st.button(
                    "Adopt",
                    key=f"adjudicate_adopt_{one.id}",
                    on_click=adopt,
                    args=(one.id,),
                    shortcut=str(number) if number < 10 else None,
                    help=f"Let {plain(one.person)}’s answer be the answer.",
                )
            _show_answer(one, question, places)
            with st.expander("All they answered"):
                _show_all(one, asked, places)


def _about(one: Revision) -> list[str]:
    told = [ago(one.at)]
    told += [f"{duration(one.active_seconds)} at it"] if one.active_seconds is not None else []
    told += [f"version {one.version} of the questions"] if one.version else []
    told.append("blind" if one.blind else "not blind")
    told += [f"saw {one.left.upper()} on the left"] if one.left and one.subject.pair_id else []
    told += [f"saw them as {NO_BREAK.join(one.left.upper())}"] if one.left and one.subject.ranking_id else []
    told += [f"sure {one.confidence} of 5"] if one.confidence else []
    return told + (["surplus: it does not count"] if one.place == SURPLUS else [])


def _show_answer(one: Revision, question: Question, places: Mapping[str, int]) -> None:
    if question.kind == QuestionKind.CORRECTION:
        _show_corrections(one, places)
        return
    marks = [mark for mark in one.marks if mark.question == question.key]
    text = answer_text(question, one.answers.get(question.key), marks, places)
    st.html(f'<p class="said answer">{escape(text[:LONGEST]) or "<i>nothing</i>"}</p>')


def _show_all(one: Revision, asked: Sequence[Question], places: Mapping[str, int]) -> None:
    for title, text in said_texts(replace(one, corrections=()), asked, places).items():
        st.html(f'<p class="told">{escape(title)}</p><p class="said">{escape(text[:LONGEST])}</p>')
    _show_corrections(one, places)


def _show_corrections(one: Revision, places: Mapping[str, int]) -> None:
    """Each correction as what it changes in the step's own words."""
    for each in one.corrections:
        changed = changes_html(word_changes(each.original[:LONGEST], each.corrected[:LONGEST]))
        title = f"Correction of {step_name(each.step_id, places)}"
        st.html(f'<p class="told">{escape(title)}</p><p class="said">{changed}</p>')


def changes_html(parts: Sequence[Part]) -> str:
    """A text with what is gone struck out and what is new underlined; whatever it says is shown as text."""
    tags = {"same": ("", ""), "gone": ("<del>", "</del>"), "new": ("<ins>", "</ins>")}
    return "".join(f"{tags[part.what][0]}{escape(part.text)}{tags[part.what][1]}" for part in parts)
