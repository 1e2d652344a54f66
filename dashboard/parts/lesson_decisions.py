"""What can be done to a lesson: agree, approve, edit, reject, retire it. Others see why they cannot."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from sqlalchemy.orm import Session

from core.memory import lessons as memory
from core.memory.lessons import REVIEWERS_NEEDED
from core.records import LessonState
from core.store.hidden import hidden_traces
from core.store.lesson_evidence import lesson_evidence
from core.store.lesson_opinions import Relation, approvers
from core.store.lessons import LIMITS, UNDECIDED, LessonLine, lesson_history, lesson_line
from dashboard.identity import Actor
from dashboard.parts.lesson_card import show_evidence, show_history, show_words
from dashboard.parts.lesson_form import act, begin, form_buttons, writing_form
from dashboard.parts.lesson_lift import show_use
from dashboard.parts.lesson_near import Around, ask_near, show_near
from dashboard.process import store


def show_lesson(
    line: LessonLine, actor: Actor, agents: Sequence[str], around: Around, became: str = "", keys: bool = False
) -> None:
    """One lesson, what it rests on, and what the person may decide about it, unless they just did (what it became).

    `keys` where the keys of the page belong to its question about what is near.
    """
    with store().reading() as session:
        rests_on, history = lesson_evidence(session, line.id), lesson_history(session, line.id)
        # which run it came from, and at which step, says what somebody marked there
        hidden = hidden_traces(session, actor.id, [one.trace_id for one in rests_on])
        agreed = approvers(session, line) if line.state is LessonState.APPROVED else []
    uid, deed = st.session_state.get("lessons_doing") or ("", "")
    near = around.near.get(line.uid, ())
    with st.container(border=True):
        show_words(line, not rests_on, agreed, around.instead.get(line.id))
        show_evidence([one for one in rests_on if one.trace_id not in hidden])
        if line.state not in UNDECIDED and line.state is not LessonState.REJECTED:
            show_use(line.uid)
        if uid == line.uid and deed == "Edit":
            writing_form(actor, agents, line)
            return
        if uid == line.uid:
            _reason_form(line, actor, deed)
            return
        with st.container():  # there without a question too: what stands below keeps its place when it is answered
            if not became:
                ask_near(line, around, actor, keys)
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            _decisions(line, actor, bool(became), agreed, _contradicts(line, around))
            if became:
                st.caption(f":material/check: {became}", width="content")
            if near:
                with st.popover(f"Near {len(near)}", type="tertiary", icon=":material/join_inner:"):
                    show_near(line, around, actor)
            with st.popover(f"History {len(history)}", type="tertiary", icon=":material/history:"):
                show_history(history)


def _contradicts(line: LessonLine, around: Around) -> bool:
    return any(
        line.id in pair and one.kind is Relation.CONTRADICTS and one.settled_at is None
        for pair, one in around.said.items()
    )


def _reason_form(line: LessonLine, actor: Actor, deed: str) -> None:
    key = f"lessons_{line.uid}"
    with st.form(key):
        asked = f"Why do you {deed.lower()} it? Whoever proposed it reads this."
        st.text_area(asked, key=f"{key}_reason", height=72, max_chars=LIMITS["why"])
        form_buttons(deed, _take_away, key, line, actor)


def _decisions(line: LessonLine, actor: Actor, settled: bool, agreed: Sequence[str], contradicts: bool) -> None:
    if line.state in UNDECIDED:
        if actor.leads:
            _button(line, actor, settled, "Approve", "check")
        else:
            _agree_button(line, actor, settled, agreed, contradicts)
        _button(line, actor, settled, "Edit", "edit")
        _button(line, actor, settled, "Reject", "close")
        if contradicts:
            st.caption(":material/compare_arrows: contradicts another: a lead decides", width="content")
    elif line.state is LessonState.ACTIVE:
        _button(line, actor, settled, "Edit", "edit")
        _button(line, actor, settled, "Retire", "inventory_2")
    else:
        _button(line, actor, settled, "Approve", "check", label="Make active")


def _agree_button(line: LessonLine, actor: Actor, settled: bool, agreed: Sequence[str], contradicts: bool) -> None:
    barred = ""
    if line.created_by_id == actor.id:
        barred = "You wrote this lesson: another reviewer or a lead has to agree with it."
    elif actor.name in agreed:
        barred = "You agreed. " + ("A lead decides now." if contradicts else "One more reviewer or a lead is needed.")
    st.button(
        "Agree",
        icon=":material/check:",
        type="primary",
        key=f"lessons_{line.uid}_Approve",
        on_click=_decide,
        args=(line, actor),
        disabled=settled or bool(barred),
        help=barred or f"{REVIEWERS_NEEDED} reviewers who did not write it, or a lead, make it active.",
    )
    if barred:
        st.caption(barred, width="content")


def _button(line: LessonLine, actor: Actor, settled: bool, deed: str, icon: str, label: str = "") -> None:
    at_once = deed == "Approve"  # the others ask something first
    st.button(
        label or deed,
        icon=f":material/{icon}:",
        type="primary" if deed == "Approve" and not label else "secondary",
        key=f"lessons_{line.uid}_{deed}",
        on_click=_decide if at_once else begin,
        args=(line, actor) if at_once else ((line.uid, deed),),
        disabled=settled or not actor.leads,
        help=None if actor.leads else f"Only a lead can {(label or deed).lower()} a lesson.",
    )


def _decide(line: LessonLine, actor: Actor) -> None:
    act("Approve", _approve, "", line, actor)


def _approve(session: Session, deed: str, line: LessonLine, actor: Actor, said: dict[str, str]) -> str:
    memory.approve(session, line.uid, line.revision, actor.id, actor.role)
    if lesson_line(session, line.uid).state is not LessonState.ACTIVE:
        return "You agreed. One more reviewer or a lead makes it active."
    return "Active: agents are given it within a second."


def _take_away(session: Session, deed: str, line: LessonLine, actor: Actor, said: dict[str, str]) -> str:
    work = memory.reject if deed == "Reject" else memory.retire
    work(session, line.uid, line.revision, actor.id, actor.role, said["reason"])
    return "Retired: no longer given." if deed == "Retire" else "Saved."
