"""Taking back runs and all that came of them: what that would touch, doing it, and doing it by age (DESIGN, law 11)."""

from __future__ import annotations

from core.retract.radius import BlastRadius, blast_radius
from core.retract.removing import Removed, remove
from core.retract.retention import Retention, apply_retention, overdue, retentions, set_retention
from core.store.reach import Scope

__all__ = [
    "BlastRadius",
    "Removed",
    "Retention",
    "Scope",
    "apply_retention",
    "blast_radius",
    "overdue",
    "remove",
    "retentions",
    "set_retention",
]
