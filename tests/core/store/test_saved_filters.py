from __future__ import annotations

import pytest

from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.records import Role
from core.store.engine import Store
from core.store.people import person_id
from core.store.saved_filters import (
    delete_filter,
    rename_filter,
    save_filter,
    saved_filters,
    share_filter,
)


@pytest.fixture
def people(store: Store) -> tuple[int, int]:
    """A lead and an annotator."""
    with store.session() as session:
        return person_id(session, "Lea", Role.LEAD), person_id(session, "Ann")


def names(store: Store, person: int, page: str = "traces") -> list[str]:
    with store.reading() as session:
        return [one.name for one in saved_filters(session, page, person)]


def test_ones_own_come_first_and_others_only_when_shared(store: Store, people: tuple[int, int]) -> None:
    lea, ann = people
    with store.session() as session:
        save_filter(session, "traces", lea, "refunds", {"text": "refund"})
        failures = save_filter(session, "traces", lea, "a failure", {"outcome": "failed"}, shared=True)
        save_filter(session, "traces", ann, "mine", {"agent": "shop"})
        save_filter(session, "queues", ann, "elsewhere", {"agent": "shop"})
    assert names(store, lea) == ["a failure", "refunds"]
    assert names(store, ann) == ["mine", "a failure"]
    with store.session() as session:
        share_filter(session, failures, lea, False)
    assert names(store, ann) == ["mine"]
    with store.reading() as session:
        (kept, _) = saved_filters(session, "traces", lea)
        assert (kept.params, kept.by, kept.shared) == ({"outcome": "failed"}, "Lea", False)


def test_a_filter_is_renamed_and_deleted_by_its_owner_only(store: Store, people: tuple[int, int]) -> None:
    lea, ann = people
    with store.session() as session:
        saved = save_filter(session, "traces", lea, "refunds", {"text": "refund"}, shared=True)
        save_filter(session, "traces", lea, "late", {"text": "late"})
        rename_filter(session, saved, lea, "  money   back ")
        rename_filter(session, saved, lea, "money back")
    assert names(store, lea) == ["late", "money back"]
    with store.session() as session:
        with pytest.raises(Conflict, match="already"):
            rename_filter(session, saved, lea, "late")
        with pytest.raises(NotPermitted):
            delete_filter(session, saved, ann)
        with pytest.raises(NotPermitted):
            rename_filter(session, saved, ann, "x")
        delete_filter(session, saved, lea)
        session.flush()
        with pytest.raises(NotFound):
            delete_filter(session, saved, lea)
    assert names(store, lea) == ["late"]


def test_a_name_is_used_once_by_one_person(store: Store, people: tuple[int, int]) -> None:
    lea, ann = people
    with store.session() as session:
        save_filter(session, "traces", lea, "refunds", {"text": "refund"})
        save_filter(session, "traces", ann, "refunds", {"text": "refund"})
        with pytest.raises(Conflict):
            save_filter(session, "traces", lea, "refunds", {"text": "other"})
        with pytest.raises(InvalidInput):
            save_filter(session, "traces", lea, "  ", {"text": "other"})
        with pytest.raises(InvalidInput):
            save_filter(session, "traces", lea, "nothing", {})
