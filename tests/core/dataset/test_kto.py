"""Answers that are good or bad by themselves: runs by their outcome, sides of pairs and of corrections."""

from __future__ import annotations

import pytest

from core.dataset.definition import define
from core.dataset.selection import Selection, select
from core.records import Choice
from core.store.engine import Store
from tests.core.dataset.test_formats import ASKED, CALL, RESULT, answer
from tests.core.dataset.world import choose, keep, label, reasons, said, texts
from tests.worlds import run


def selected(store: Store, *gates: str) -> Selection:
    with store.reading() as session:
        return select(session, define("kto", gates))


def labels(found: Selection) -> dict[str, bool]:
    return {row.candidate.key: row.columns["label"] for row in found.rows}


def test_a_run_is_good_or_bad_by_its_outcome_from_the_agents_first_turn_on(store: Store):
    with store.session() as session:
        keep(session, run("one", reward=1), said("two", "Cancel it, please.", 0), said("three", "Is tea sold?"))
    found = selected(store)
    assert labels(found) == {"run:one": True, "run:two": False}
    assert reasons(found.excluded) == {"run:three": "unverified"}
    assert found.rows[0].columns == {
        "prompt": [ASKED],
        "completion": [CALL, RESULT, answer("It was sent, one.")],
        "label": True,
    }


@pytest.mark.parametrize(
    ("choice", "good", "gate"),
    [
        (Choice.A, {"a": True, "b": False}, None),
        (Choice.B_MUCH, {"a": False, "b": True}, None),
        (Choice.BOTH_BAD, {"a": False, "b": False}, None),
        (Choice.EQUAL, {}, "tie"),
    ],
)
def test_each_side_of_a_pair_is_judged_where_the_choice_says_something_of_it(
    store: Store, choice: Choice, good: dict[str, bool], gate: str | None
):
    with store.session() as session:
        choose(session, texts("p", "Which way?", "To the left.", "To the right, behind the old mill."), choice)
    found = selected(store)
    assert labels(found) == {f"pair:p:{side}": value for side, value in good.items()}
    assert reasons(found.excluded) == ({"pair:p:a": gate, "pair:p:b": gate} if gate else {})
    for row in found.rows:
        assert row.columns["prompt"] == [{"role": "user", "content": "Which way?"}]
        assert ("left" in row.columns["completion"][0]["content"]) is (row.candidate.side == "a")


def test_a_corrected_turn_is_good_and_the_original_bad_however_alike_they_are(store: Store):
    with store.session() as session:
        keep(session, said("r", "Where is my parcel, which I sent three weeks ago to my aunt in the north?", 0))
        label(session, "r", "ann", "failed", {"3": "It was sent, r!"})
    found = selected(store)
    (good,) = [key for key, value in labels(found).items() if value]
    assert good.startswith("correction:r:3:")
    assert good.endswith(":a")
    assert labels(found) == {good: True, good[:-1] + "b": False}
    assert reasons(found.excluded) == {"run:r": "duplicates"}, "the whole run says what its bad turn ends with"


def test_a_solved_run_with_a_corrected_turn_is_not_called_good_and_a_failed_one_is_bad(store: Store):
    with store.session() as session:
        keep(session, said("well", "Where is my parcel?", 1), said("badly", "Cancel my order, please.", 0))
        label(session, "well", "ann", "solved", {"3": "It left us on Monday."})
        label(session, "badly", "ann", "failed", {"3": "I cannot: it is packed."})
    found = selected(store, "duplicates=off")
    assert reasons(found.excluded)["run:well"] == "reworked"
    assert labels(found)["run:badly"] is False


def test_of_near_repeats_with_one_label_the_best_evidenced_stays(store: Store):
    with store.session() as session:
        choose(session, texts("p", "Which way to the mill?", "Go left.", "Go right."), "both_bad", "both_bad")
        choose(session, texts("q", "Which way to the mill?", "Go left.", "Go on."), "b")
    found = selected(store)
    assert labels(found) == {"pair:p:a": False, "pair:p:b": False, "pair:q:b": True}
    assert reasons(found.excluded) == {"pair:q:a": "duplicates"}
