"""A draft changed in a table: what differs is written, and nothing where somebody else was there before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import Conflict, NotPermitted
from core.evaluate.suite_edits import apply_edits, edits_between, split_change
from core.evaluate.suite_files import put_cases, read_cases, write_cases
from core.records import Role, Split
from core.store.engine import Store
from core.store.suites import Case, draft_of, find_suite, freeze, list_cases, set_cases

FILE = b"""task,title,tags,difficulty,expected,split
shop/1,Pay back,"late, refund",hard,"It is paid, and said so.",holdout
shop/2,,,,,
shop/3,,late,,,
"""


@pytest.fixture
def cases(store: Store) -> list[Case]:
    with store.session() as session:
        put_cases(session, "shop", read_cases("cases.csv", FILE))
        return list_cases(session, find_suite(session, "shop").id)


def test_what_was_changed_is_written_and_the_rest_stays(store: Store, cases: list[Case]) -> None:
    one, two, _ = cases
    edits = edits_between(
        cases, [replace(one, difficulty="easy", split=Split.TRAIN), replace(two, split=Split.HOLDOUT)]
    )
    assert ([case.task for case in edits.changed], edits.removed) == (["shop/1"], ("shop/3",))
    assert edits.splits == {"shop/1": Split.TRAIN, "shop/2": Split.HOLDOUT}
    with store.session() as session:
        assert split_change(session, edits).counts[Split.HOLDOUT] == 1
        apply_edits(session, Role.LEAD, "shop@1", edits)
        assert list_cases(session, find_suite(session, "shop").id) == [
            replace(one, difficulty="easy", split=Split.TRAIN),
            replace(two, split=Split.HOLDOUT),
        ]


def test_nothing_changed_is_nothing_to_save(cases: list[Case]) -> None:
    assert not edits_between(cases, cases)


def test_nobody_overwrites_what_another_changed_meanwhile(store: Store, cases: list[Case]) -> None:
    edits = edits_between(cases, [replace(cases[0], difficulty="easy"), *cases[2:]])
    with store.session() as session:
        set_cases(session, draft_of(session, "shop"), [Case("shop/2", ("new",))])
    with store.session() as session, pytest.raises(Conflict, match="Somebody else changed shop/2"):
        apply_edits(session, Role.LEAD, "shop", edits)
    with store.session() as session:
        assert list_cases(session, find_suite(session, "shop").id)[0] == cases[0]


def test_a_frozen_suite_and_annotators_are_refused(store: Store, cases: list[Case]) -> None:
    edits = edits_between(cases, cases[1:])
    with store.session() as session, pytest.raises(NotPermitted):
        apply_edits(session, Role.ANNOTATOR, "shop", edits)
    with store.session() as session:
        freeze(session, find_suite(session, "shop"))
    with store.session() as session, pytest.raises(Conflict, match="frozen with 3 tasks"):
        apply_edits(session, Role.LEAD, "shop", edits)


def test_a_written_suite_is_read_as_the_same(cases: list[Case]) -> None:
    again = read_cases("shop-1.jsonl", write_cases(cases).encode())
    assert list(again.cases) == [replace(case, split=Split.TRAIN) for case in cases]
    assert again.splits == {case.task: case.split for case in cases}
