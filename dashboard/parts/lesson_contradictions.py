"""Lessons that contradict each other, side by side with what they rest on: a lead keeps one of them, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st
from sqlalchemy.orm import Session

from core.memory.neighbours import decide
from core.records import LessonState
from core.store.lesson_evidence import lesson_evidence
from core.store.lesson_opinions import Related, contradictions
from core.store.lessons import LIMITS, UNDECIDED, LessonLine, lessons_by_row
from dashboard.identity import Actor
from dashboard.parts.lesson_card import show_evidence, show_words
from dashboard.parts.lesson_form import begin, form_buttons
from dashboard.parts.numbers import ago
from dashboard.process import store

KEEP_LEFT, KEEP_RIGHT, BOTH = "Keep the left one", "Keep the right one", "Both hold"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two lessons of which somebody said that one contradicts the other; both could reach an agent."""

    said: Related
    left: LessonLine
    right: LessonLine

    @property
    def key(self) -> str:
        """What tells it from other pairs."""
        return f"{self.left.uid}_{self.right.uid}"


def open_contradictions(session: Session) -> list[Contradiction]:
    """Those that no lead has settled and in which neither lesson has left meanwhile, the newest first."""
    found = contradictions(session)
    rows = sorted({row for one in found for row in (one.lesson, one.other)})
    lines = {line.id: line for line in lessons_by_row(session, rows)} if rows else {}
    pairs = [Contradiction(one, lines[one.lesson], lines[one.other]) for one in found]
    alive = (*UNDECIDED, LessonState.ACTIVE)
    return [one for one in pairs if one.left.state in alive and one.right.state in alive]


def show_contradictions(found: Sequence[Contradiction], actor: Actor) -> None:
    """Each pair with the ways to decide."""
    if not found:
        st.info("No two lessons contradict each other.", icon=":material/balance:")
    for one in found:
        with st.container(border=True):
            reason = f": “{escape(one.said.reason)}”" if one.said.reason else ""
            st.html(f'<p class="told">{escape(one.said.person)} said that these contradict each other, '
                    f"{ago(one.said.at)}{reason}</p>")  # fmt: skip
            for place, line in zip(st.columns(2, gap="medium"), (one.left, one.right), strict=True):
                with place:
                    _show_side(line)
            doing, deed = st.session_state.get("lessons_doing") or ("", "")
            if doing == one.key:
                _reason_form(one, actor, deed)
                continue
            with st.container(horizontal=True, gap="small"):
                for choice in (KEEP_LEFT, KEEP_RIGHT, BOTH):
                    key = f"lessons_{one.key}_{choice}"
                    st.button(choice, key=key, on_click=begin, args=((one.key, choice),), help=_about(one, choice))


def _show_side(line: LessonLine) -> None:
    with store().reading() as session:
        rests_on = lesson_evidence(session, line.id)
    st.badge(line.state.value, color="green" if line.state is LessonState.ACTIVE else "gray")
    show_words(line, by_hand=not rests_on)
    show_evidence(rests_on)


def _about(one: Contradiction, choice: str) -> str:
    if choice == BOTH:
        return "Each in its own situation: neither changes."
    gone = one.right if choice == KEEP_LEFT else one.left
    return f"The other one is {'retired' if gone.state is LessonState.ACTIVE else 'rejected'}."


def _reason_form(one: Contradiction, actor: Actor, choice: str) -> None:
    key = f"lessons_{one.key}"
    kept = {KEEP_LEFT: one.left.uid, KEEP_RIGHT: one.right.uid}.get(choice, "")

    def settle(session: Session, deed: str, line: LessonLine | None, lead: Actor, said: dict[str, str]) -> str:
        decide(session, one.left.uid, one.right.uid, kept, lead.id, lead.role, said["reason"])
        return "Decided: both hold." if not kept else "Decided: the other one is no longer given."

    with st.form(key):
        asked = "Why do both hold?" if choice == BOTH else f"{choice}: why? Whoever wrote the other one reads this."
        st.text_area(asked, key=f"{key}_reason", height=72, max_chars=LIMITS["why"])
        form_buttons(choice, settle, key, None, actor)
