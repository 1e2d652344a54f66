"""Suites: drafts that change, revisions that do not, and openings that are kept."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from core.records import Role, Split, Task
from core.store.catalog import task_ids
from core.store.engine import Store
from core.store.people import person_id
from core.store.suites import (
    Case,
    add_tasks,
    draft_of,
    find_suite,
    freeze,
    list_cases,
    list_suites,
    new_revision,
    open_holdout,
    openings_of,
    remove_cases,
    set_cases,
    set_margin,
    suite_lines,
)
from core.store.tables import SuiteRow
from core.store.task_splits import set_splits


def tasks(session: Session, *keys: str) -> list[int]:
    found = task_ids(session, [Task(f"shop/{key}", f"Task {key}") for key in keys])
    return [found[f"shop/{key}"] for key in keys]


def test_a_draft_is_changed_and_a_frozen_one_is_revised(store: Store) -> None:
    with store.session() as session:
        add_tasks(session, "shop", tasks(session, "1", "2", "3"))
        draft = find_suite(session, "shop")
        tagged = Case("shop/2", ("late", "refund"), "hard", "The refund is made.")
        assert set_cases(session, draft, [Case("shop/1"), tagged]) == 1
        assert set_cases(session, draft, [tagged]) == 0
        assert remove_cases(session, draft, ["shop/3", "shop/9"]) == 1
        cases = list_cases(session, draft.id)
        assert [(case.task, case.tags, case.difficulty, case.expected, case.title) for case in cases] == [
            ("shop/1", (), "", "", "Task 1"),
            ("shop/2", ("late", "refund"), "hard", "The refund is made.", "Task 2"),
        ]
        with pytest.raises(Conflict, match="is a draft"):
            new_revision(session, "shop")
        freeze(session, draft)
        first = draft.content_hash
        for change in (
            lambda: add_tasks(session, "shop", tasks(session, "4")),
            lambda: set_cases(session, draft, [Case("shop/1", ("new",))]),
            lambda: remove_cases(session, draft, ["shop/1"]),
        ):
            with pytest.raises(Conflict, match="frozen with 2 tasks"):
                change()
        second = new_revision(session, "shop", "late deliveries")
        assert list_cases(session, second.id) == cases
        set_cases(session, second, [Case("shop/1", ("late",))])
        freeze(session, second)
        assert second.content_hash != first
        assert list_cases(session, draft.id) == cases
        found = [find_suite(session, name).id for name in ("shop", "shop@1", "shop@2")]
        assert found == [second.id, draft.id, second.id]
        assert list_suites(session) == ["shop"]
        assert [(line.revision, line.n_cases, line.note) for line in suite_lines(session)] == [
            (2, 2, "late deliveries"),
            (1, 2, ""),
        ]


def test_the_same_cases_have_the_same_hash(store: Store) -> None:
    with store.session() as session:
        for name, keys in (("one", ("1", "2")), ("other", ("2", "1"))):
            tasks(session, *keys)
            suite = draft_of(session, name)
            set_cases(session, suite, [Case(f"shop/{key}", ("a",)) for key in keys])
            freeze(session, suite)
        assert len(set(session.scalars(select(SuiteRow.content_hash)))) == 1


def test_openings_of_the_holdout_are_kept(store: Store) -> None:
    with store.session() as session:
        add_tasks(session, "shop", tasks(session, "1", "2"))
        set_splits(session, {"shop/2": Split.HOLDOUT})
        suite = find_suite(session, "shop")
        open_holdout(session, suite.id, person_id(session, "lea", Role.LEAD), " Before the release. ", ("v1", "v2"))
        open_holdout(session, suite.id, None, "Again.", ("v1", "v3"))
        assert [(one.by, one.revision, one.candidate, one.reason) for one in openings_of(session, "shop")] == [
            ("", 1, "v3", "Again."),
            ("lea", 1, "v2", "Before the release."),
        ]
        (line,) = suite_lines(session)
        assert (line.n_cases, line.n_holdout, line.openings) == (2, 1, 2)


def test_what_is_not_there_is_named(store: Store) -> None:
    with store.session() as session:
        with pytest.raises(NotFound, match=r"no suite gone \(there are: none yet\)"):
            find_suite(session, "gone")
        draft = draft_of(session, "shop")
        for name in ("shop@7", "shop@x", "shop@"):
            with pytest.raises(NotFound, match="no suite"):
                find_suite(session, name)
        for name in ("", "  ", "a@b"):
            with pytest.raises(InvalidInput, match="needs a name"):
                draft_of(session, name)
        with pytest.raises(NotFound, match="no task shop/1"):
            set_cases(session, draft, [Case("shop/1")])


def test_a_margin_is_set_before_anything_is_compared(store: Store) -> None:
    with store.session() as session:
        add_tasks(session, "shop", tasks(session, "1"))
        draft = find_suite(session, "shop")
        set_margin(session, draft, 0.1)
        for wrong in (0.0, 0.51, float("nan")):
            with pytest.raises(InvalidInput, match="more than 0"):
                set_margin(session, draft, wrong)
        freeze(session, draft)
        with pytest.raises(Conflict, match="frozen with 1 task"):
            set_margin(session, draft, 0.2)
        assert draft.margin == 0.1


def test_an_empty_draft_is_not_frozen(store: Store) -> None:
    with store.session() as session, pytest.raises(InvalidInput, match="no task yet"):
        freeze(session, draft_of(session, "shop"))
