"""Which questions are hard, and how long the items take on which they are asked."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.evaluate.reviewers import QuestionLine
from core.evaluate.weeks import FEW
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import duration, escaped, mean, share


def show_questions(lines: Sequence[QuestionLine]) -> None:
    """A row a question, the one that people disagree on most first."""
    if not lines:
        return
    st.header("Questions", anchor=False)
    st.subheader(escaped(hardest(lines)), anchor=False)
    show_table(question_rows(lines), "How hard each question is", words=["Schema"])
    st.caption(
        "Two differ: of every two answers to one item, those that are not the same. Left blank: of items on which it "
        "was asked; where several answers may be chosen, none is an answer and not a blank. Known answers missed: on "
        "gold items. The time is that of the whole item, because that of a single question is not known: where it is "
        "asked only at times, a difference tells what those items take."
    )


def hardest(lines: Sequence[QuestionLine]) -> str:
    """The question on which most differ, in a sentence."""
    known = [line for line in lines if line.disagree is not None and line.items_twice >= FEW]
    if not known:
        return "Too few items were answered twice to say which question is hard."
    worst = max(known, key=lambda line: line.disagree.value if line.disagree else 0.0)
    return f"Hardest is “{worst.title}”: two answers to one item differ in {share(worst.disagree)}."


def question_rows(lines: Sequence[QuestionLine]) -> list[dict[str, str]]:
    """One row a question."""
    return [
        {
            "Question": line.title,
            "Two differ": share(line.disagree),
            "Items with two answers": f"{line.items_twice:,}",
            "Left blank": share(line.blank),
            "Known answers missed": share(line.gold_error) if line.gold_error else "none yet",
            "Time of the item": mean(line.time, duration) if line.time else "not recorded",
            "Answered": f"{line.answered:,}",
            "Schema": line.schema or "pairs and rankings",
        }
        for line in lines
    ]
