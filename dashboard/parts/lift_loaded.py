"""Lift, computed anew when a run, an outcome or a recall has changed, and only then."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st
from sqlalchemy.orm import Session

from core.evaluate.lift import LessonLift, MemoryLift, lesson_lifts, memory_report
from core.memory.arms import Shares
from core.store.lift import stamp_of_lift
from dashboard.process import settings, shares, store

MINUTE = 60


def lift_of(agent: str = "") -> tuple[MemoryLift, list[LessonLift]]:
    """What the memory does, and every lesson by itself; for one agent, where it is named."""
    with store().reading() as session:
        return _lift(settings().database_url, stamp_of_lift(session), agent, shares(), session)


@st.cache_resource(max_entries=16, show_spinner="Comparing runs with lessons and without …")
def _lift(
    database: str, stamp: Hashable, agent: str, shares: Shares, _session: Session
) -> tuple[MemoryLift, list[LessonLift]]:
    return memory_report(_session, agent, shares), lesson_lifts(_session, agent, shares=shares)


def lately() -> dict[str, LessonLift]:
    """Every lesson's lift by its id, at most a minute old: the cards of lessons need it no newer."""
    with store().reading() as session:
        return _lately(settings().database_url, shares(), session)


@st.cache_resource(max_entries=2, ttl=MINUTE, show_spinner=False)
def _lately(database: str, shares: Shares, _session: Session) -> dict[str, LessonLift]:
    return {one.lesson: one for one in lesson_lifts(_session, shares=shares)}
