"""Consensus of several raters: the published anaesthetists, an independent loop over the formulas, and what is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measure.dawid_skene import consensus, dawid_skene

# Dawid & Skene 1979, table 1: 45 patients' fitness for an anaesthetic as five anaesthetists saw it, the first thrice.
ANAESTHETISTS = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3|232 2 2 2 3
444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2
222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1
111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1
111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""
ROWS = [
    (patient, observer, int(grade) - 1)
    for patient, row in enumerate(ANAESTHETISTS.strip().replace("\n", "|").split("|"))
    for observer, grades in enumerate(row.split())
    for grade in grades
]
# The same paper, table 2: rows are the true grade, columns what each anaesthetist said.
PUBLISHED = [
    [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]],
    [[0.83, 0.17, 0, 0], [0.05, 0.63, 0.31, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    [[1, 0, 0, 0], [0.11, 0.79, 0.11, 0], [0, 0.40, 0.20, 0.40], [0, 0, 0.67, 0.33]],
    [[0.94, 0.06, 0, 0], [0.05, 0.84, 0.10, 0], [0, 0, 0.80, 0.20], [0, 0, 0.33, 0.67]],
    [[1, 0, 0, 0], [0.16, 0.73, 0.11, 0], [0, 0.21, 0.79, 0], [0, 0, 0.33, 0.67]],
]

answers_of = st.dictionaries(st.sampled_from("pqrs"), st.sampled_from("abc"), min_size=1, max_size=4)


def test_the_anaesthetists_as_published():
    patients, observers, grades = np.array(ROWS).T
    found = dawid_skene(patients, observers, grades, (45, 5, 4))
    assert found.converged
    assert found.shares == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    assert found.errors == pytest.approx(np.array(PUBLISHED), abs=0.0075)
    assert np.bincount(found.classes.argmax(axis=1)).tolist() == [18, 19, 5, 3]
    assert found.classes[6, :2] == pytest.approx([0.98, 0.02], abs=0.005)


def by_the_formulas(ratings, rounds):
    """Equations 2.3 to 2.5 and 3.1 of the paper, one number after another, with nothing taken from our code."""
    raters = sorted({rater for given_ in ratings.values() for rater in given_})
    values = list(dict.fromkeys(answer for given_ in ratings.values() for answer in given_.values()))
    likely = {
        item: {v: sum(a == v for a in given_.values()) / len(given_) for v in values}
        for item, given_ in ratings.items()
    }
    for _ in range(rounds):
        share = {v: sum(row[v] for row in likely.values()) / len(likely) for v in values}
        error = {}
        for rater in raters:
            for true in values:
                counts = {
                    said: sum(likely[i][true] for i, g in ratings.items() if g.get(rater) == said) for said in values
                }
                total = sum(counts.values())
                error[rater, true] = {said: count / total if total else 0.0 for said, count in counts.items()}
        for item, given_ in ratings.items():
            weight = {}
            for true in values:
                weight[true] = share[true]
                for rater, said in given_.items():
                    weight[true] *= error[rater, true][said]
            likely[item] = {true: w / sum(weight.values()) for true, w in weight.items()}
    return likely


@pytest.mark.parametrize("seed", range(4))
def test_as_an_independent_loop_over_the_formulas(seed):
    chance = np.random.default_rng(seed)
    right = {"ann": 0.9, "bob": 0.75, "cat": 0.6, "dan": 0.4}
    ratings = {}
    for item in range(60):
        truth = chance.integers(3)
        said = {r: "abc"[truth if chance.random() < p else chance.integers(3)] for r, p in right.items()}
        ratings[item] = {rater: answer for rater, answer in said.items() if chance.random() < 0.8} or {"ann": "a"}
    found = consensus(ratings)
    expected = by_the_formulas(ratings, found.rounds)
    for item, row in expected.items():
        assert found.probabilities[item] == pytest.approx(row, abs=1e-9)
    assert found.right["ann"] > found.right["dan"]


def test_pandalms_consensus_is_near_the_published_majority(pandalm):
    found = consensus(pandalm)
    assert (found.converged, found.why, len(found.answers)) == (True, "", 999)
    votes = {item: max(given_.values(), key=list(given_.values()).count) for item, given_ in pandalm.items()}
    assert [list(votes.values()).count(choice) for choice in (0, 1, 2)] == [105, 422, 472]
    assert sum(found.answers[item] != vote for item, vote in votes.items()) < 20
    assert all(0.9 < right < 1 for right in found.right.values())


def test_a_rater_who_is_worse_than_chance_is_found_and_turned_round():
    ratings = {n: {"a": n % 2, "b": n % 2, "c": n % 2, "liar": 1 - n % 2} for n in range(20)}
    found = consensus(ratings)
    assert found.answers == {n: n % 2 for n in range(20)}
    assert found.right == pytest.approx({"a": 1, "b": 1, "c": 1, "liar": 0}, abs=1e-6)
    assert found.errors["liar"][0] == pytest.approx({0: 0, 1: 1}, abs=1e-6)


def test_fewer_than_three_raters_and_none_are_said_in_words():
    assert consensus({}).why == consensus({1: {"a": None}}).why == "nobody has answered"
    found = consensus({1: {"a": "x", "b": "y"}, 2: {"a": "x", "b": "x", "c": None}})
    assert found.why.startswith("2 of them answered")
    assert found.answers[2] == "x"


def test_one_that_does_not_end_says_so(monkeypatch):
    monkeypatch.setattr("core.measure.dawid_skene.MOST_ROUNDS", 3)
    patients = {}
    for patient, observer, grade in ROWS:
        patients.setdefault(patient, {})[f"o{observer}"] = grade
    found = consensus(patients)
    assert (found.converged, found.rounds) == (False, 3)
    assert found.why == "the estimate still moved after 3 rounds"


@given(st.dictionaries(st.integers(0, 20), answers_of, min_size=1, max_size=12))
def test_probabilities_add_up_and_nothing_depends_on_chance(ratings):
    found = consensus(ratings)
    assert consensus(ratings).probabilities == found.probabilities
    for item, row in found.probabilities.items():
        assert sum(row.values()) == pytest.approx(1)
        assert row[found.answers[item]] == max(row.values())
    assert all(0 <= right <= 1 + 1e-9 for right in found.right.values())
