"""People who may act, and the names (people's or judges') that stand under imported labels."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import Conflict, InvalidInput, NotFound
from core.records import Role
from core.store.claims import let_go
from core.store.content import clean
from core.store.dialect import insert_new
from core.store.tables import PersonRow


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as lists show them."""

    id: int
    name: str
    role: Role
    active: bool


def person_id(session: Session, name: str, role: Role = Role.ANNOTATOR, active: bool = False) -> int:
    """The row id of a person, added when the name is new; somebody who is there keeps their role.

    A name that only stands under imported labels is not active: it cannot act until a lead says so.
    """
    name = clean(name.strip(), 200)
    if not name:
        raise InvalidInput("A person needs a name.", field="name")
    values = {"name": name, "role": role.value, "active": active, "created_at": now()}
    insert_new(session, PersonRow, [values], PersonRow.id)
    return session.scalars(select(PersonRow.id).where(PersonRow.name == name)).one()


def add_person(session: Session, name: str, role: Role) -> int:
    """Add somebody who will work here; raises Conflict when the name is taken."""
    taken = func.lower(PersonRow.name) == clean(name.strip(), 200).lower()
    if session.scalar(select(PersonRow.id).where(taken)) is not None:
        raise Conflict(f"There is already somebody called {name.strip()}. Choose another name.", field="name")
    return person_id(session, name, role, active=True)


def change_person(session: Session, person: int, role: Role | None = None, active: bool | None = None) -> None:
    """Change a person's role, or whether they may act; the last active lead stays.

    What somebody holds who may act no more is free for others at once.
    """
    row = session.get(PersonRow, person)
    if row is None:
        raise NotFound(f"There is no person {person}.")
    row.role = role.value if role is not None else row.role
    row.active = active if active is not None else row.active
    session.flush()
    if not row.active:
        let_go(session, person)
    if not session.scalar(select(PersonRow.id).where(PersonRow.role == Role.LEAD.value, PersonRow.active).limit(1)):
        raise Conflict("Somebody has to be lead: make another person lead first.", field="role")


def get_person(session: Session, person: int) -> PersonLine | None:
    """One person, or None."""
    row = session.get(PersonRow, person)
    return None if row is None else PersonLine(row.id, row.name, Role(row.role), row.active)


def only_reviews(session: Session, person: int) -> bool:
    """Whether somebody acts here and is no lead; of a name that only came with labels, nobody knows that."""
    row = session.get_one(PersonRow, person)
    return row.active and row.role == Role.ANNOTATOR.value


def list_people(session: Session, active_only: bool = False) -> list[PersonLine]:
    """Everybody by name, machines last."""
    query = select(PersonRow).order_by(PersonRow.role == Role.MACHINE.value, PersonRow.name)
    if active_only:
        query = query.where(PersonRow.active, PersonRow.role != Role.MACHINE.value)
    return [PersonLine(row.id, row.name, Role(row.role), row.active) for row in session.scalars(query)]
