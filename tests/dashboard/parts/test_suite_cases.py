"""Rows of the cases' table become cases again."""

from __future__ import annotations

from dataclasses import replace

from core.evaluate.suite_edits import edits_between
from core.records import Split
from core.store.suites import Case
from dashboard.parts.suite_cases import DIFFICULTY, EXPECTED, OUT, SPLIT, TAGS, case_rows, cases_of, edit_words
from dashboard.parts.suite_words import tag_counts

CASES = [
    Case("shop/1", ("late", "refund"), "hard", "It is paid. ", "Pay\nback", Split.HOLDOUT),
    Case("shop/2"),
    Case("shop/3", ("late",)),
]


def test_rows_that_nobody_touched_say_the_same() -> None:
    assert cases_of(CASES, case_rows(CASES)) == CASES
    assert edit_words(edits_between(CASES, CASES)) == "Nothing is changed."


def test_what_is_typed_is_read() -> None:
    rows = case_rows(CASES)
    rows[0] |= {SPLIT: "train", TAGS: [" new ", "new", ""], DIFFICULTY: None}
    rows[1] |= {TAGS: None, EXPECTED: "  It says so. "}
    rows[2] |= {OUT: True}
    after = cases_of(CASES, rows)
    assert after == [
        replace(CASES[0], split=Split.TRAIN, tags=("new",), difficulty=""),
        replace(CASES[1], expected="It says so."),
    ]
    assert edit_words(edits_between(CASES, after)) == (
        "Of its tasks 2 say something else, 1 is taken out, 1 has another split: not saved yet."
    )


def test_tasks_are_counted_by_tag_and_split() -> None:
    counted = {row["Tag"]: (row["Tasks"], row["Train"], row["Holdout"]) for row in tag_counts(CASES)}
    assert counted == {
        "each task": ("3", "2", "1"),
        "late": ("2", "1", "1"),
        "refund": ("1", "0", "1"),
        "without a tag": ("1", "1", "0"),
    }
