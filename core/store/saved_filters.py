"""Filters of a page that people keep under names: their own, and those that a lead shares with everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound, NotPermitted
from core.store.content import clean
from core.store.tables import PersonRow, SavedFilterRow

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """One filter as its page keeps it: what is chosen in it, by field; `by` is whose it is."""

    id: int
    name: str
    params: Mapping[str, Any]
    shared: bool
    person: int
    by: str


def saved_filters(session: Session, page: str, person: int) -> list[SavedFilter]:
    """The filters of a page that a person may choose: their own first, then those that are shared, by name."""
    query = (
        select(SavedFilterRow, PersonRow.name)
        .join(PersonRow, PersonRow.id == SavedFilterRow.person_id)
        .where(SavedFilterRow.page == page, or_(SavedFilterRow.person_id == person, SavedFilterRow.shared))
    )
    found = [
        SavedFilter(row.id, row.name, row.params, row.shared, row.person_id, by) for row, by in session.execute(query)
    ]
    return sorted(found, key=lambda one: (one.person != person, one.name.lower(), one.id))


def save_filter(
    session: Session, page: str, person: int, name: str, params: Mapping[str, Any], shared: bool = False
) -> int:
    """Keep a filter under a name that is new among the person's own on the page; its row id. Raises Conflict."""
    if not params:
        raise InvalidInput("Nothing is chosen in the filters: there is nothing to save.", field="filter")
    row = SavedFilterRow(
        person_id=person,
        page=page,
        name=_free_name(session, page, person, name),
        params=dict(params),
        shared=shared,
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return row.id


def rename_filter(session: Session, saved: int, person: int, name: str) -> None:
    """Give a filter of one's own another name."""
    row = _mine(session, saved, person)
    if row.name != name.strip():
        row.name = _free_name(session, row.page, person, name)


def share_filter(session: Session, saved: int, person: int, shared: bool) -> None:
    """Let everybody use a filter of one's own, or nobody else any more."""
    _mine(session, saved, person).shared = shared


def delete_filter(session: Session, saved: int, person: int) -> None:
    """Forget a filter of one's own."""
    session.delete(_mine(session, saved, person))


def _mine(session: Session, saved: int, person: int) -> SavedFilterRow:
    row = session.get(SavedFilterRow, saved)
    if row is None:
        raise NotFound("This filter is not there any more: it was deleted.", field="filter")
    if row.person_id != person:
        raise NotPermitted("This filter is somebody else's. Save it under a name of your own to change it.")
    return row


def _free_name(session: Session, page: str, person: int, name: str) -> str:
    name = clean(" ".join(name.split()), LONGEST_NAME)
    if not name:
        raise InvalidInput("Give the filter a name.", field="name")
    mine = (SavedFilterRow.person_id == person, SavedFilterRow.page == page, SavedFilterRow.name == name)
    if session.scalar(select(SavedFilterRow.id).where(*mine)) is not None:
        raise Conflict(f"You have a filter “{name}” already. Choose another name.", field="name")
    return name
