"""What only leads decide about what comes in: another try of what was refused, prices, and what is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import NotPermitted
from core.ingest.refused import Replayed, replay
from core.records import Role
from core.redact import Policy
from core.store.engine import Store
from core.store.policies import REDACTION, set_policy
from core.store.prices import PriceLine, remove_price, set_price


def only_lead(role: Role, deed: str) -> None:
    """Raise NotPermitted for anybody but a lead."""
    if role is not Role.LEAD:
        raise NotPermitted(f"Only a lead can {deed}. Ask one: their names stand on Settings.")


def try_again(store: Store, role: Role, refusals: Sequence[int]) -> Replayed:
    """Try refused records again (core.ingest.refused.replay); raises NotPermitted."""
    only_lead(role, "try refused records again")
    return replay(store, refusals)


def enter_price(session: Session, role: Role, price: PriceLine) -> None:
    """Write a price that counts for whatever comes in from now on; raises InvalidInput, NotPermitted."""
    only_lead(role, "enter a price")
    set_price(session, price)


def forget_price(session: Session, role: Role, model: str, since: datetime) -> None:
    """Take an entered price away; raises NotPermitted."""
    only_lead(role, "remove a price")
    remove_price(session, model, since)


def decide_redaction(session: Session, role: Role, agent: str, policy: Policy | None) -> None:
    """Set what is replaced for an agent ("": for all others); None takes its own policy away. Raises NotPermitted."""
    only_lead(role, "decide what is replaced")
    set_policy(session, REDACTION, agent, None if policy is None else policy.as_json())
