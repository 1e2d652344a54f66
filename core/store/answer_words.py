"""Words that raters answered a question with and that mean the same: what each is counted as in agreement."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.store.tables import AnswerWordRow

Words = Mapping[str, str]
"""A word → the answer that it counts as; words that count as themselves are left out."""

LONGEST = 200


def answer_words(session: Session) -> dict[tuple[str, str], dict[str, str]]:
    """(schema key, question) → its words; the preference between the sides of a pair is ("", "preference")."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in session.scalars(select(AnswerWordRow).order_by(AnswerWordRow.word)):
        found.setdefault((row.schema_key, row.question), {})[row.word] = row.means
    return found


def save_answer_words(session: Session, schema: str, question: str, words: Words) -> None:
    """Count these words as these answers from now on, and all others of the question as themselves.

    Nothing that anybody said is changed. Raises InvalidInput for a word or an answer that is empty or too long.
    """
    changed = {word: means.strip() for word, means in words.items() if means.strip() != word}
    for word, means in changed.items():
        if not means:
            raise InvalidInput(f"Say what “{word[:60]}” counts as, or leave it as itself.", field=word)
        if max(len(word), len(means)) > LONGEST:
            raise InvalidInput(f"“{word[:60]}…” and what it counts as may have {LONGEST} characters.", field=word)
    mine = (AnswerWordRow.schema_key == schema, AnswerWordRow.question == question)
    session.execute(delete(AnswerWordRow).where(*mine))
    session.add_all(
        AnswerWordRow(schema_key=schema, question=question, word=word, means=means) for word, means in changed.items()
    )
    session.flush()
