"""Contamination: do datasets rest on the agent's own words that no person saw, or on what it had been told before?"""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.evaluate.guards.state import ORDER, Guard, State
from core.store.dataset_versions import DatasetVersion, newest_versions

NAME = "Contamination"
UNSEEN = 0.90
"""Of the rows, the share that the agent wrote and only automated checks judged, from which on people see too little."""
ECHO = 0.50
"""The share from runs to which lessons had been shown, from which on the model learns its prompt's words back."""


def contamination(session: Session) -> Guard:
    """What the rows of the newest version of each dataset rest on; where both shares are high, it is an alarm."""
    newest = newest_versions(session)
    if not newest:
        return Guard(NAME, State.CANNOT_TELL, "No dataset version has been made yet.", page="datasets")
    found = [_of(version) for version in newest]
    worst = max(found, key=lambda one: (ORDER.index(one[0]), one[2]))
    lines = tuple(sentence for _, sentence, _ in found)
    advice = "" if worst[0] is State.FINE else _ADVICE[worst[0]]
    return Guard(NAME, worst[0], worst[1], advice, "datasets", evidence=lines)


_ADVICE = {
    State.ALARM: "Do not train on it before people have labelled or corrected runs that were not shown lessons.",
    State.WATCH: "Let people label or correct more of these runs before you train on them.",
}


def _of(version: DatasetVersion) -> tuple[State, str, float]:
    """(state, sentence, how far past what is watched) of one version. What nobody verified never gets into one."""
    manifest = version.manifest
    rows, evidence = manifest.get("rows", 0), manifest.get("evidence", {})
    unseen, shown = (evidence.get(key, 0) / rows if rows else 0.0 for key in ("checked", "shown_lessons"))
    said = f"{version.dataset} {version.number}: of {rows:,} rows {100 * unseen:.0f} % were judged by checks alone, "
    said += f"{100 * shown:.0f} % come from runs to which lessons had been shown."
    past = (unseen >= UNSEEN) + (shown >= ECHO) if rows else 0
    state = (State.FINE, State.WATCH, State.ALARM)[past]
    return state, said, max(unseen / UNSEEN, shown / ECHO)
