"""Which runs and labels count for a dataset: chosen on the page, in one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import streamlit as st
from sqlalchemy.orm import Session

from core.dataset.definition import Definition
from core.dataset.gates import Gate
from core.store.catalog import VersionLine, list_agents, list_versions
from core.store.schemas import schema_versions
from core.store.trace_filter import TraceFilter
from dashboard.identity import Actor

_SOURCES = {
    "sft": ("run", "correction"),
    "dpo": ("preference", "correction", "trials"),
    "kto": ("run", "correction", "preference"),
    "reward": ("preference", "correction", "trials"),
    "steps": ("steps",),
}
_NAMES = {
    "run": "runs",
    "correction": "corrections",
    "preference": "choices between two",
    "trials": "solved beside failed",
    "steps": "judged steps",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen among: agents, their versions by agent, keys of label schemas."""

    agents: Sequence[str]
    versions: Sequence[VersionLine]
    schemas: Sequence[str]


def read_choices(session: Session) -> Choices:
    """What there is."""
    schemas = sorted({one.schema.key for one in schema_versions(session)})
    return Choices(list_agents(session), list_versions(session), schemas)


def choose_definition(format: str, gates: Sequence[Gate], choices: Choices, actor: Actor) -> Definition:
    """What is meant, from the controls of the page and the switches of the gates."""
    off = not actor.leads
    of, sources, reviewers, agreement = st.columns([2, 3, 1.2, 1.2], vertical_alignment="bottom")
    agent = of.selectbox(
        "Agent",
        ["", *choices.agents],
        format_func=lambda name: name or "every agent",
        key="datasets_of_agent",
        disabled=off,
        help="Only what rests on its runs; pairs of texts rest on none.",
    )
    chosen = sources.multiselect(
        "From",
        _SOURCES[format],
        format_func=_NAMES.__getitem__,
        placeholder="everything",
        key=f"datasets_sources_{format}",
        disabled=off,
    )
    people = reviewers.number_input(
        "People",
        1,
        20,
        1,
        key="datasets_reviewers",
        disabled=off,
        help="At least so many, for what rests on people alone: a check or a lead's resolution needs nobody beside it.",
    )
    agree = agreement.number_input(
        "Agree, %",
        0,
        100,
        0,
        step=5,
        key="datasets_agreement",
        disabled=off,
        help="At least this share of these people.",
    )
    version, since, until, schemas = _narrow(agent, choices, off)
    return Definition(
        format,
        {gate.name: st.session_state.get(f"datasets_gate_{gate.name}", True) for gate in gates},
        TraceFilter(agent=agent, version=version, since=since, until=until),
        sorted(chosen),
        int(people),
        agree / 100,
        sorted(schemas),
    )


def _narrow(agent: str, choices: Choices, off: bool) -> tuple[str, datetime | None, datetime | None, Sequence[str]]:
    """Version, first day, day after the last, label schemas: what is asked for more rarely."""
    with st.expander("By version, day or label schema", icon=":material/filter_alt:"):
        named, first, last, under = st.columns([2, 1.2, 1.2, 3], vertical_alignment="bottom")
        names = dict.fromkeys(one.name for one in choices.versions if agent in ("", one.agent))
        version = named.selectbox(
            "Version",
            ["", *names],
            format_func=lambda name: name or "every version",
            key="datasets_of_version",
            disabled=off,
        )
        since = first.date_input("First day", None, key="datasets_since", disabled=off, help="Runs from it on, UTC.")
        until = last.date_input("Last day", None, key="datasets_until", disabled=off, help="Runs up to it, and on it.")
        schemas = under.multiselect(
            "Labelled under",
            choices.schemas,
            placeholder="any or none",
            key="datasets_schemas",
            disabled=off,
            help="Only what somebody labelled under one of these label schemas.",
        )
    return version, _midnight(since), _midnight(until, timedelta(days=1)), schemas


def _midnight(day: date | None, later: timedelta = timedelta()) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC) + later
