"""Drift, guards and weeks, computed anew when what they rest on has changed, and only then."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st
from sqlalchemy.orm import Session

from core.clock import now
from core.evaluate.drift import Drift, drift
from core.evaluate.guards.every import look
from core.evaluate.guards.state import Guard
from core.evaluate.rolled_weeks import weeks_of
from core.evaluate.weeks import Weeks
from core.store.windows import stamp_of_runs
from core.store.work import stamp_of_work
from dashboard.process import settings, store

Span = tuple[date, date] | None
"""The first and the last day (UTC) of the current window; None for the usual one."""


def drift_in(agent: str | None, span: Span, annotators: bool) -> Drift | None:
    """The drift of an agent (None: of all together)."""
    with store().reading() as session:
        stamp = (stamp_of_runs(session), stamp_of_work(session))
        return _drift(settings().database_url, stamp, agent, span, annotators, session)


def guards_of(agent: str) -> tuple[Guard, ...]:
    """The guards of an agent as they stand now."""
    found = drift_in(agent, None, annotators=True)
    with store().reading() as session:
        return look(session, agent, found, now())


def weeks_shown(agent: str | None) -> Weeks:
    """The weeks of an agent (None: of all together)."""
    with store().reading() as session:
        return _weeks(settings().database_url, stamp_of_runs(session), agent, session)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@st.cache_resource(max_entries=32, show_spinner="Comparing the windows …")
def _drift(
    database: str, stamp: Hashable, agent: str | None, span: Span, annotators: bool, _session: Session
) -> Drift | None:
    start, end = (_begins(span[0]), _begins(span[1] + timedelta(days=1))) if span else (None, None)
    return drift(_session, agent, start, end, annotators)


@st.cache_resource(max_entries=32, show_spinner="Adding up the weeks …")
def _weeks(database: str, stamp: Hashable, agent: str | None, _session: Session) -> Weeks:
    return weeks_of(_session, agent)
