"""What words count as: kept for each question, replaced as a whole, with nothing that was said changed."""

import pytest

from core.errors import InvalidInput
from core.store.answer_words import answer_words, save_answer_words


def test_words_are_kept_by_question_and_replaced_as_a_whole(store):
    with store.session() as session:
        save_answer_words(session, "s", "word", {"good": "pass", "fine": " pass ", "bad": "bad"})
        save_answer_words(session, "", "preference", {"a_much": "a"})
    with store.reading() as session:
        assert answer_words(session) == {
            ("s", "word"): {"fine": "pass", "good": "pass"},
            ("", "preference"): {"a_much": "a"},
        }
    with store.session() as session:
        save_answer_words(session, "s", "word", {"fine": "ok"})
        save_answer_words(session, "", "preference", {})
    with store.reading() as session:
        assert answer_words(session) == {("s", "word"): {"fine": "ok"}}


@pytest.mark.parametrize(
    ("words", "says"),
    [({"good": "  "}, "Say what “good” counts as"), ({"x" * 201: "y"}, "200"), ({"x": "y" * 201}, "200 characters")],
)
def test_a_word_that_cannot_be_kept_is_named_and_what_was_kept_stays(store, words, says):
    with store.session() as session:
        save_answer_words(session, "s", "q", {"a": "b"})
    with pytest.raises(InvalidInput, match=says), store.session() as session:
        save_answer_words(session, "s", "q", words)
    with store.reading() as session:
        assert answer_words(session) == {("s", "q"): {"a": "b"}}
