"""The decision on one disagreement: what stands, a machine's suggestion, the answers to adopt, and one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.records import Question, QuestionKind
from core.review.history import answer_text
from core.review.resolving import LONGEST_REASON, SUGGESTED, adopt, resolve, withdraw
from core.review.suggesting import Suggestion
from core.store.history import Revision
from core.store.people import PersonLine
from core.store.resolutions import Resolved
from dashboard.parts.adjudication_answers import show_answers
from dashboard.parts.adjudication_form import answer_form, show_resolution
from dashboard.parts.adjudication_list import Place, asked_place
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.process import store


@dataclass(frozen=True, slots=True)
class Opened:
    """A disagreement as it was when the page was drawn.

    `steps` are its run's steps with their positions, `letters` the candidates of a ranking.
    """

    place: Place
    schema_id: int | None
    question: Question
    asked: Sequence[Question]
    given: Sequence[Revision]
    stands: Resolved | None
    proposed: Suggestion | None
    steps: Mapping[str, int]
    letters: str

    @property
    def key(self) -> str:
        """What tells its controls from those of others."""
        return f"adjudicate_{self.place.subject}_{self.place.question}"

    @property
    def seen(self) -> int | None:
        """The resolution on the screen."""
        return self.stands.id if self.stands is not None else None


def show_decision(opened: Opened, lead: PersonLine) -> None:
    """What stands, why, and all the ways to decide."""
    subject, schema, question = opened.place.subject, opened.schema_id, opened.place.question
    decide = partial(_act, opened.place)

    def reason() -> str:
        return st.session_state.get(f"{opened.key}_reason") or ""

    def adopted(given: int) -> None:
        decide(lambda session: adopt(session, subject, schema, question, given, lead, reason(), opened.seen))

    st.text_area(
        "Why? (optional; it stands with the decision)",
        key=f"{opened.key}_reason",
        height=72,
        max_chars=LONGEST_REASON,
        persist_state="session",
    )
    if not opened.given:
        st.info("Nobody’s answer stands here any more: they were withdrawn, or the item was given out again.")
    show_answers(opened.given, opened.asked, opened.question, opened.steps, adopted)
    if opened.proposed is not None:
        proposed = opened.proposed
        _show_suggestion(
            proposed,
            opened.question,
            lambda: decide(
                lambda session: resolve(
                    session, subject, schema, question, proposed.answer, [], lead, SUGGESTED + reason(), opened.seen
                )
            ),
        )
    if opened.stands is not None:
        stood = opened.stands.id
        show_resolution(
            opened.stands,
            opened.question,
            opened.steps,
            lambda: decide(lambda session: withdraw(session, subject, stood, lead, reason())),
        )
    if opened.question.kind not in (QuestionKind.CORRECTION, QuestionKind.LESSON):
        with st.expander("Write another answer", icon=":material/edit:"):
            _write(opened, lead, reason)


def _write(opened: Opened, lead: PersonLine, reason: Callable[[], str]) -> None:
    subject, schema, question = opened.place.subject, opened.schema_id, opened.place.question
    written = answer_form(opened.question, opened.given, opened.steps, opened.letters, f"{opened.key}_answer")
    answer, marks = written or (None, [])

    def resolved() -> None:
        _act(
            opened.place,
            lambda session: resolve(session, subject, schema, question, answer, marks, lead, reason(), opened.seen),
        )

    st.button("Resolve", key="adjudicate_resolve", type="primary", disabled=written is None, on_click=resolved)


def _show_suggestion(proposed: Suggestion, question: Question, take: Callable[[], None]) -> None:
    said = escaped(answer_text(question, proposed.answer, (), {}))
    about = "Resolve so; the history says that a suggestion was taken over."
    with st.container(horizontal=True, horizontal_alignment="distribute", wrap=False):
        st.caption(f":material/smart_toy: A machine’s suggestion: **{said}**, {escaped(proposed.because)}.")
        st.button("Take", key="adjudicate_suggestion", shortcut="S", on_click=take, help=about)


def _act(place: Place, work: Callable[[Session], Resolved]) -> None:
    """Carry a decision out in one transaction; an error is said in the corner.

    A key that is pressed while the next disagreement is being drawn reaches the buttons of the last one, which are
    still there: it decides nothing.
    """
    if asked_place(st.query_params) != place:
        refused(
            "You had gone on before that key was pressed, so nothing was decided. Press it again for what is shown now."
        )
        return
    try:
        with store().session() as session:
            made = work(session)
    except LoopwrightError as error:
        refused(error.message)
        return
    done("Taken back." if made.withdrawn else "Resolved.")
