"""Contamination: do datasets rest on what nobody verified, or on the agent's own words, or on what it had been told?"""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.evaluate.guards.state import Guard, State
from core.store.dataset_versions import DatasetVersion, newest_versions

NAME = "Contamination"
UNSEEN = 0.90
"""Of the rows, the share that the agent wrote and only automated checks judged, from which on people see too little."""
ECHO = 0.50
"""The share from runs to which lessons had been shown, from which on the model learns its prompt's words back."""


def contamination(session: Session) -> Guard:
    """The newest version of each dataset: its gates, and what its rows rest on."""
    newest = newest_versions(session)
    if not newest:
        return Guard(NAME, State.CANNOT_TELL, "No dataset version has been made yet.", page="datasets")
    found = [_of(version) for version in newest]
    worst = max(found, key=lambda one: (_ORDER.index(one[0]), one[2]))
    lines = tuple(sentence for _, sentence, _ in found)
    advice = "" if worst[0] is State.FINE else _ADVICE[worst[0]]
    return Guard(NAME, worst[0], worst[1], advice, "datasets", evidence=lines)


_ORDER = (State.FINE, State.WATCH, State.ALARM)
_ADVICE = {
    State.ALARM: "Do not train on it: make the version again with its gates on.",
    State.WATCH: "Let people label or correct more of these runs before you train on them.",
}


def _of(version: DatasetVersion) -> tuple[State, str, float]:
    """(state, sentence, share) of one version."""
    manifest = version.manifest
    name, rows = f"{version.dataset} {version.number}", manifest.get("rows", 0)
    if not manifest.get("definition", {}).get("gates", {}).get("unverified", True):
        return State.ALARM, f"{name} was made without the gate for unverified runs ({rows:,} rows).", 1.0
    evidence = manifest.get("evidence", {})
    unseen, shown = (evidence.get(key, 0) / rows if rows else 0.0 for key in ("checked", "shown_lessons"))
    said = f"{name}: of {rows:,} rows {100 * unseen:.0f} % were judged by checks alone, {100 * shown:.0f} % come from "
    said += "runs to which lessons had been shown."
    watch = rows > 0 and (unseen >= UNSEEN or shown >= ECHO)
    return (State.WATCH if watch else State.FINE), said, max(unseen / UNSEEN, shown / ECHO)
