"""All guards of one agent, in one look."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from core.evaluate.drift import Drift
from core.evaluate.guards.contamination import contamination
from core.evaluate.guards.drifting import drifting
from core.evaluate.guards.forgetting import forgetting
from core.evaluate.guards.leakage import leakage
from core.evaluate.guards.newest import newest
from core.evaluate.guards.open_loop import open_loop
from core.evaluate.guards.overfitting import overfitting
from core.evaluate.guards.reward_hacking import reward_hacking
from core.evaluate.guards.state import ORDER, Guard, together


def look(session: Session, agent: str, found: Drift | None, now: datetime) -> tuple[Guard, ...]:
    """Every guard, the worst first; `found` is the drift of the agent as it is now."""
    versions = newest(session, agent)
    guards = together(
        (
            forgetting(versions),
            reward_hacking(session, versions),
            overfitting(session, agent, versions),
            drifting(found),
            contamination(session),
            leakage(session),
            open_loop(session, agent, now),
        )
    )
    return tuple(sorted(guards, key=lambda guard: -ORDER.index(guard.state)))
