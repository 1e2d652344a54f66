"""What Team says of people, computed anew when what it rests on has changed, and only then."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st
from sqlalchemy.orm import Session

from core.evaluate.annotator_drift import AnnotatorDrift, annotator_drift
from core.evaluate.reviewers import Team, team
from core.store.work import stamp_of_work
from dashboard.identity import Actor
from dashboard.process import settings, store


def team_of(actor: Actor) -> Team:
    """Everybody for a lead; for others their own line, without what must not be known yet."""
    with store().reading() as session:
        return _team(settings().database_url, stamp_of_work(session), None if actor.leads else actor.id, session)


def drift_of() -> AnnotatorDrift:
    """How everybody's answers changed."""
    with store().reading() as session:
        return _drift(settings().database_url, stamp_of_work(session), session)


@st.cache_resource(max_entries=64, show_spinner="Reading what people did …")
def _team(database: str, stamp: Hashable, only: int | None, _session: Session) -> Team:
    return team(_session, only)


@st.cache_resource(max_entries=2, show_spinner="Comparing with the weeks before …")
def _drift(database: str, stamp: Hashable, _session: Session) -> AnnotatorDrift:
    return annotator_drift(_session)
