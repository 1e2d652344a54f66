"""What can be done to a lesson: write, edit, approve, reject, retire it. Leads decide; others see why they cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.memory import lessons as memory
from core.records import Lesson, LessonState
from core.store.hidden import hidden_traces
from core.store.lesson_evidence import lesson_evidence
from core.store.lessons import LIMITS, UNDECIDED, LessonLine, lesson_history
from dashboard.identity import Actor
from dashboard.parts.lesson_card import show_evidence, show_history, show_words
from dashboard.parts.notices import done, refused
from dashboard.parts.settled import Settled, keep
from dashboard.process import index_due, store

NEW = ("", "Write")
"""The form that is open on the page is (lesson id, deed); this one writes a new lesson."""

BECAME = {"Approve": "active", "Reject": "rejected", "Retire": "retired"}

_EVERY = "every agent"


def begin(doing: tuple[str, str] | None) -> None:
    """Open one form, or close it."""
    st.session_state.lessons_doing = doing


def show_lesson(line: LessonLine, actor: Actor, agents: Sequence[str], became: str = "") -> None:
    """One lesson, what it rests on, and what the person may decide about it, unless they just did (what it became)."""
    with store().reading() as session:
        rests_on, history = lesson_evidence(session, line.id), lesson_history(session, line.id)
        # which run it came from, and at which step, says what somebody marked there
        hidden = hidden_traces(session, actor.id, [one.trace_id for one in rests_on])
    uid, deed = st.session_state.get("lessons_doing") or ("", "")
    with st.container(border=True):
        show_words(line, by_hand=not rests_on)
        show_evidence([one for one in rests_on if one.trace_id not in hidden])
        if uid == line.uid and deed == "Edit":
            writing_form(actor, agents, line)
        elif uid == line.uid:
            _reason_form(line, actor, deed)
        else:
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                _decisions(line, actor, settled=bool(became))
                if became:
                    st.caption(f":material/check: {became}", width="content")
                with st.popover(f"History {len(history)}", type="tertiary", icon=":material/history:"):
                    show_history(history)


def writing_form(actor: Actor, agents: Sequence[str], line: LessonLine | None = None) -> None:
    """The words of a lesson: a new one, or one that is edited."""
    key = f"lessons_{line.uid if line else 'new'}"
    had = {name: getattr(line, name) if line else "" for name in LIMITS}
    scopes = sorted({"", had["agent"], *agents})

    def words(place: st.delta_generator.DeltaGenerator, name: str, label: str, height: int) -> None:
        place.text_area(label, had[name], key=f"{key}_{name}", height=height, max_chars=LIMITS[name])

    with st.form(key):
        words(st, "when", "When (the situation in which it applies)", 72)
        words(st, "guidance", "Do", 96)
        left, right = st.columns(2)
        words(left, "avoid", "Don't (optional)", 72)
        words(right, "why", "Why (optional)", 72)
        agent = {"format_func": lambda name: name or _EVERY, "key": f"{key}_agent"}
        left.selectbox("Agent", scopes, scopes.index(had["agent"]), help="Who is given this lesson.", **agent)
        right.text_input("Tool (optional)", had["tool"], key=f"{key}_tool", max_chars=LIMITS["tool"])
        if line is not None:
            st.text_input("Why the change? (optional)", key=f"{key}_reason", max_chars=LIMITS["why"])
        _form_buttons("Propose" if line is None else "Save", _write, key, line, actor)


def _reason_form(line: LessonLine, actor: Actor, deed: str) -> None:
    key = f"lessons_{line.uid}"
    with st.form(key):
        asked = f"Why do you {deed.lower()} it? Whoever proposed it reads this."
        st.text_area(asked, key=f"{key}_reason", height=72, max_chars=LIMITS["why"])
        _form_buttons(deed, _take_away, key, line, actor)


def _form_buttons(label: str, work: Callable[..., None], key: str, line: LessonLine | None, actor: Actor) -> None:
    with st.container(horizontal=True):
        st.form_submit_button(label, type="primary", on_click=_act, args=(label, work, key, line, actor))
        st.form_submit_button("Cancel", on_click=begin, args=(None,))


def _decisions(line: LessonLine, actor: Actor, settled: bool) -> None:
    if line.state in UNDECIDED:
        _button(line, actor, settled, "Approve", "check")
        _button(line, actor, settled, "Edit", "edit")
        _button(line, actor, settled, "Reject", "close")
    elif line.state is LessonState.ACTIVE:
        _button(line, actor, settled, "Edit", "edit")
        _button(line, actor, settled, "Retire", "inventory_2")
    elif line.state in (LessonState.RETIRED, LessonState.REJECTED):
        _button(line, actor, settled, "Approve", "check", label="Make active")


def _button(line: LessonLine, actor: Actor, settled: bool, deed: str, icon: str, label: str = "") -> None:
    at_once = deed == "Approve"  # the others ask something first
    st.button(
        label or deed,
        icon=f":material/{icon}:",
        type="primary" if deed == "Approve" and not label else "secondary",
        key=f"lessons_{line.uid}_{deed}",
        on_click=_act if at_once else begin,
        args=(deed, _approve, "", line, actor) if at_once else ((line.uid, deed),),
        disabled=settled or not actor.leads,
        help=None if actor.leads else f"Only a lead can {(label or deed).lower()} a lesson.",
    )


def _act(deed: str, work: Callable[..., None], key: str, line: LessonLine | None, actor: Actor) -> None:
    """Carry a decision out in one transaction, on the lesson as it was drawn, with the text of the form `key`."""
    said = {name: st.session_state.get(f"{key}_{name}") or "" for name in (*LIMITS, "reason")}
    try:
        with store().session() as session:
            work(session, deed, line, actor, said)
    except LoopwrightError as error:
        refused(error.message)
        return
    index_due.set()
    begin(None)
    told = {"Approve": "Active: agents are given it within a second.", "Retire": "Retired: no longer given."}
    done(told.get(deed, "Saved."))
    if line is not None and deed in BECAME:
        keep(Settled(f"lessons {st.session_state.lessons_view}", line.id, line, BECAME[deed]))


def _approve(session: Session, deed: str, line: LessonLine, actor: Actor, said: dict[str, str]) -> None:
    memory.approve(session, line.uid, line.revision, actor.id, actor.role)


def _take_away(session: Session, deed: str, line: LessonLine, actor: Actor, said: dict[str, str]) -> None:
    work = memory.reject if deed == "Reject" else memory.retire
    work(session, line.uid, line.revision, actor.id, actor.role, said["reason"])


def _write(session: Session, deed: str, line: LessonLine | None, actor: Actor, said: dict[str, str]) -> None:
    reason = said.pop("reason")
    lesson = Lesson("", **said)  # type: ignore[arg-type]
    if line is None:
        memory.propose(session, lesson, actor.id)
    else:
        memory.edit(session, line.uid, line.revision, actor.id, actor.role, lesson, reason)
