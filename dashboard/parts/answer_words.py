"""The editor of words that mean the same: each word with how often it was given, and the answer that it counts as."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import streamlit as st

from core.clock import content_hash
from core.errors import LoopwrightError
from core.evaluate.agreement_report import QuestionAgreement
from core.store.answer_words import save_answer_words
from dashboard.parts.agreement_tables import raw_and_mapped_rows, times
from dashboard.parts.figures import show_small_table
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import clipped, escaped
from dashboard.process import store

MOST_WORDS = 40
_SAID = "team_words_said"


def show_answer_words(question: QuestionAgreement) -> None:
    """Say what each word counts as; both figures stand above, once some count as others."""
    if question.mapped is not None:
        show_small_table(raw_and_mapped_rows(question.report, question.mapped))
    given = word_counts(question)
    shown = given.most_common(MOST_WORDS)
    if said := st.session_state.pop(_SAID, ""):
        done(said)
    st.caption(
        "Raters may use different words for one answer. Say here which answer each counts as: choose one, or write it. "
        "What they said stays as it is; every report says that words were taken together, and shows both figures."
    )
    # the form starts anew from what is stored whenever that has changed
    form = f"team_words_{content_hash([question.schema, question.key, dict(question.words)], 12)}"
    with st.form(form, border=False):
        chosen = {word: _row(form, place, word, n, question, given) for place, (word, n) in enumerate(shown)}
        left = len(given) - len(shown)
        if left:
            st.caption(f"{left} rarer words are not listed; they count as before.")
        if st.form_submit_button("Save what words count as", icon=":material/save:", type="primary"):
            _save(question, {**question.words, **chosen})
    if question.words and st.button("Count every word as itself again", icon=":material/undo:"):
        _save(question, {})


def _row(form: str, place: int, word: str, n: int, question: QuestionAgreement, given: Mapping[str, int]) -> str:
    columns = st.columns([3, 1, 3], vertical_alignment="center")
    label = question.rated.options.get(word, "")
    named = escaped(clipped(word, 120)) + (f" :small[({escaped(label)})]" if label and label != word else "")
    columns[0].markdown(named)
    columns[1].markdown(times(n), text_alignment="right")
    options = list(dict.fromkeys([word, *question.rated.options, *question.words.values(), *list(given)[:MOST_WORDS]]))
    means = columns[2].selectbox(
        f"{clipped(word, 60)} counts as",
        options,
        index=options.index(question.words.get(word, word)),
        format_func=lambda option: "itself" if option == word else clipped(option, 60),
        accept_new_options=True,
        label_visibility="collapsed",
        key=f"{form}_{place}",
    )
    return str(means or word)


def word_counts(question: QuestionAgreement) -> Counter[str]:
    """How often each word was given; of several in one answer each counts."""
    answers = (answer for given in question.rated.ratings.values() for answer in given.values())
    if question.rated.compared == "sets":
        return Counter(word for answer in answers for word in sorted(answer))
    return Counter(answers)


def _save(question: QuestionAgreement, words: Mapping[str, str]) -> None:
    try:
        with store().session() as session:
            save_answer_words(session, question.schema, question.key, words)
    except LoopwrightError as problem:
        refused(problem.message)
        return
    st.session_state[_SAID] = "Saved. Every report counts these words so from now on." if words else "Taken back."
    st.rerun()
