"""PandaLM's judges are machines that choose between the sides of a pair, or do not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from core.ingest.accept import ImportOptions, import_paths
from core.ingest.document import Document
from core.ingest.formats.pandalm import read
from core.measure.majority import majority
from core.records import Choice, Person, Preference, Rejected, Role
from core.store.engine import Store
from core.store.judgements import choices_by

SAID: dict[str, Any] = {"idx": "4", "gpt_result": "Tie", "gpt_reason": "Alike.", "gpt_reference": "Hello."}


def test_words_that_mean_the_same() -> None:
    words = ("Tie", "tie ", "0", "1", "2")
    records = [SAID | {"gpt_result": word} for word in words]
    person, *made = read(Document("judge.json", records)) or ()
    assert person == Person("pandalm-gpt-3.5-turbo", Role.MACHINE)
    assert [one.choice for one in made] == [Choice.EQUAL, Choice.EQUAL, Choice.EQUAL, Choice.A, Choice.B]
    reason = "Alike.\n\nThe judge's own answer: Hello."
    assert made[0] == Preference("pandalm-4", "pandalm-gpt-3.5-turbo", Choice.EQUAL, reason=reason)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gpt_result": "garbage"}, "gpt_result is 'garbage': the judge gave no verdict (0 or Tie, 1, 2)"),
        ({"gpt_result": None}, "gpt_result is missing"),
        ({"gpt_result": [1]}, "gpt_result is a list, not a text or a whole number"),
        ({"idx": None}, "idx is missing"),
    ],
)
def test_no_verdict(change: dict[str, Any], says: str) -> None:
    record = SAID | change
    _, _, rejected = read(Document("judge.json", [SAID, record])) or ()
    assert rejected == Rejected(f"record 2 (idx {record['idx']})", says, record)


def scores(truth: dict[int, str], said: dict[int, str]) -> tuple[float, ...]:
    """Accuracy, macro precision, recall and F1 in percent."""
    found = [
        (
            sum(said[pair] == truth[pair] == label for pair in truth),
            sum(said[pair] == label for pair in truth),
            sum(truth[pair] == label for pair in truth),
        )
        for label in ("a", "b", "equal")
    ]
    precision = [hit / given for hit, given, _ in found]
    recall = [hit / true for hit, _, true in found]
    f1 = [2 * p * r / (p + r) for p, r in zip(precision, recall, strict=True)]
    hits = sum(hit for hit, _, _ in found)
    return tuple(
        round(100 * value, 2) for value in (hits / len(truth), sum(precision) / 3, sum(recall) / 3, sum(f1) / 3)
    )


def test_the_judges_against_the_majority(store: Store, real_data: Path) -> None:
    report = import_paths(store, [real_data / "pandalm"], ImportOptions())
    assert {name: n for name, n in report.counts.items() if n} == {"pairs": 999, "preferences": 2997 + 974 + 999}
    assert len(report.rejected) == 25
    assert {one.reason.split(":")[0] for one in report.rejected} == {"gpt_result is 'garbage'"}
    with store.reading() as session:
        people, machines = choices_by(session), choices_by(session, machines=True)
    votes: dict[int, list[str]] = {}
    for pair, _, choice, *_ in people:
        votes.setdefault(pair, []).append(choice.value)
    truth = {pair: majority(said) or "" for pair, said in votes.items()}
    assert Counter(truth.values()) == {"equal": 105, "a": 422, "b": 472}
    published = {
        "pandalm-gpt-3.5-turbo": (71.07, 58.79, 57.36, 57.55),
        "pandalm-7b": (66.77, 57.38, 57.50, 57.43),
    }
    for judge, figures in published.items():
        said = dict.fromkeys(truth, "equal")  # as the publication counts what is no verdict
        said |= {pair: choice.value for pair, person, choice, *_ in machines if person == judge}
        assert scores(truth, said) == figures
    assert import_paths(store, [real_data / "pandalm"], ImportOptions()).arrived == 0
