"""Every word that was said on a run or a pair, who said it and what it changed; as the person may see it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.review.history import Event, history
from core.store.people import PersonLine
from core.store.resolutions import Subject
from dashboard.parts.adjudication_answers import STYLE, changes_html
from dashboard.parts.numbers import ago, duration
from dashboard.process import store

_PLACES = {
    "surplus": "surplus: it came when enough others had answered",
    "repeat": "a hidden repeat: asked again to see whether they say the same",
    "requeued": "set apart: its guidelines were changed and the item was given out again",
    "retracted": "taken back by a lead",
}
LONGEST = 6_000


def history_door(subject: Subject, person: PersonLine) -> None:
    """A button that opens the history of a run, where there is any that this person may see."""
    with store().reading() as session:
        events = history(session, subject, person)
    if events:
        with st.popover(f"History ({len(events)})", type="tertiary", icon=":material/history:"):
            st.html(STYLE)
            with st.container(width=620):
                show_events(events)


def show_events(events: Sequence[Event]) -> None:
    """The events, the newest first."""
    st.html("".join(_event(event) for event in reversed(events)) or '<p class="told">Nothing was said yet.</p>')


def _event(event: Event) -> str:
    who = f"{escape(event.person)}{' (machine)' if event.machine else ''}"
    exact = f"{event.at:%d %b %Y, %H:%M:%S} UTC"
    step = f", {escape(event.step)}" if event.step else ""
    head = f'<p class="told"><b>{who}</b> {event.did}{step} · <span title="{exact}">{ago(event.at)}</span>'
    head += "".join(f" · {escape(told)}" for told in _about(event)) + "</p>"
    body = "".join(
        f'<p class="told">{escape(change.title)}</p><p class="said">{changes_html(change.parts)}</p>'
        for change in event.changes
    )
    return f'<div style="margin: 0 0 .9rem">{head}{body}{_reason(event)}</div>'


def _about(event: Event) -> list[str]:
    one = event.revision
    if one is None:
        return []
    told = [f"revision {one.revision}"]
    told += [f"{duration(one.active_seconds)} at it"] if one.active_seconds is not None else []
    told += [f"{one.schema}, version {one.version}"] if one.version else []
    told.append("blind" if one.blind else "not blind")
    told += [_PLACES[one.place]] if one.place else []
    told += [f"taken over by {one.adopted_by}"] if one.adopted_by else []
    told += ["given in bulk"] if one.bulk else []
    return told + (["counts"] if one.current else [])


def _reason(event: Event) -> str:
    reason = event.resolved.reason if event.resolved is not None else ""
    return f'<p class="said">{escape(reason[:LONGEST])}</p>' if reason else ""
