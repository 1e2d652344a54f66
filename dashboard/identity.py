"""Who is acting, with which role: a name picked once, kept in a signed cookie. No security boundary (docs/run.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from core.errors import NotPermitted
from core.records import Role
from core.store.people import PersonLine, get_person, list_people
from dashboard.process import secret, store

COOKIE = "loopwright_person"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person whose hands are on the keyboard."""

    id: int
    name: str
    role: Role

    @property
    def leads(self) -> bool:
        """Whether they may decide what only leads decide."""
        return self.role is Role.LEAD

    def person(self) -> PersonLine:
        """The same person as the review desk knows them."""
        return PersonLine(self.id, self.name, self.role, True)


def cookie_for(person: int) -> str:
    """The signed cookie value that says who somebody is."""
    return str(URLSafeSerializer(secret(), salt="person").dumps(person))


def actor_from(cookies: Mapping[str, str]) -> Actor | None:
    """Who the cookies say; without a valid one, the only active person there is; None when somebody must choose.

    Whoever was made inactive is nobody, and never taken for the one who is left.
    """
    with store().reading() as session:
        chosen = _named_by(session, cookies)
        if chosen is None:
            active = list_people(session, active_only=True)
            chosen = active[0] if len(active) == 1 else None
    return None if chosen is None or not chosen.active else Actor(chosen.id, chosen.name, chosen.role)


def was_let_go(cookies: Mapping[str, str]) -> str:
    """The name of somebody who was made inactive, by the cookies that their browser still has; "" for anybody else."""
    with store().reading() as session:
        named = _named_by(session, cookies)
    return "" if named is None or named.active else named.name


def _named_by(session: Session, cookies: Mapping[str, str]) -> PersonLine | None:
    try:
        return get_person(session, int(URLSafeSerializer(secret(), salt="person").loads(cookies.get(COOKIE, ""))))
    except (BadSignature, ValueError, TypeError):
        return None


def acting() -> Actor:
    """Who acts in this page's session; raises NotPermitted when nobody was chosen (dashboard/app.py asks first)."""
    import streamlit as st

    actor = actor_from(st.context.cookies)
    if actor is None:
        raise NotPermitted("Choose who you are first.")
    return actor
