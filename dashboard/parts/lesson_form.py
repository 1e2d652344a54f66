"""The form in which a lesson is written or edited; a new one is shown what is near it before it is proposed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.memory import lessons as memory
from core.memory.neighbours import Neighbour, say
from core.records import Lesson, LessonState
from core.review.lesson_guards import check
from core.store.lesson_opinions import Relation
from core.store.lessons import LIMITS, UNDECIDED, LessonLine, checked, lesson_line, same_words
from core.store.recalls import shown_to
from dashboard.components import keep_words
from dashboard.identity import Actor
from dashboard.parts.lesson_near import ASKED, keep_place, near_typed, shown
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.process import index_due, store

NEW = ("", "Write")
"""The form that is open on the page is (lesson id, deed); this one writes a new lesson."""

_EVERY = "every agent"
_TYPED = ("when", "guidance", "avoid", "why", "tool", "tags")
_SENT = "lessons_sent"
"""How many were sent: what the browser kept of a form that was sent goes."""

_WRONG = "lessons_wrong"
"""What was refused last: (form, field, why)."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a new lesson is written from: steps as evidence, and the review that was adopted; `name` tells its form."""

    name: str = "new"
    agent: str = ""
    evidence: tuple[tuple[str, str], ...] = ()
    annotation: int | None = None


def begin(doing: tuple[str, str] | None) -> None:
    """Open one form, or close it."""
    st.session_state.lessons_doing = doing
    st.session_state.pop(_WRONG, None)


def writing_form(
    actor: Actor, agents: Sequence[str], line: LessonLine | None = None, source: Source | None = None
) -> None:
    """The words of a lesson: a new one (from a source, if there is one), or one that is edited."""
    origin = source or Source()
    key = f"lessons_{line.uid if line else origin.name}"
    had = {name: getattr(line, name) if line else "" for name in LIMITS}
    had["agent"] = line.agent if line else origin.agent
    scopes = sorted({"", had["agent"], *agents})

    def texts(place: Any, name: str, label: str, height: int) -> None:
        place.text_area(label, had[name], key=f"{key}_{name}", height=height, max_chars=LIMITS[name])
        _why_refused(place, key, name)

    typed = [*_TYPED, *(["reason"] if line is not None else [])]
    keep_words(key, actor.id, {f"{key}_{name}": had.get(name, "") for name in typed}, st.session_state.get(_SENT, 0))
    with st.form(key):
        texts(st, "when", "When (the situation in which it applies)", 72)
        texts(st, "guidance", "Do", 96)
        left, right = st.columns(2) if source is None else (st, st)  # beside a run there is room for one
        texts(left, "avoid", "Don't (optional)", 72)
        texts(right, "why", "Why (optional)", 72)
        left.selectbox(
            "Agent",
            scopes,
            scopes.index(had["agent"]),
            format_func=lambda name: name or _EVERY,
            key=f"{key}_agent",
            help="Who is given this lesson.",
        )
        right.text_input("Tool (optional)", had["tool"], key=f"{key}_tool", max_chars=LIMITS["tool"])
        about = "Kinds of task, with commas between them. Agents that say what kind theirs is are given only what fits."
        left.text_input("Tags (optional)", had["tags"], key=f"{key}_tags", max_chars=LIMITS["tags"], help=about)
        right.date_input(
            "Valid until",
            date.fromisoformat(had["valid_until"]) if had["valid_until"] else None,
            key=f"{key}_valid_until",
            format="YYYY-MM-DD",
            help="The last day on which agents are given it.",
        )
        _why_refused(left, key, "tags")
        _why_refused(right, key, "valid_until")
        _why_refused(st, key, "evidence")
        if line is not None:
            st.text_input("Why the change? (optional)", key=f"{key}_reason", max_chars=LIMITS["why"])
            form_buttons("Save", _edit, key, line, actor)
            return
        _ask_before(key)
        with st.container(horizontal=True):
            st.form_submit_button("Propose", type="primary", on_click=_offer, args=(key, actor, origin))
            st.form_submit_button("What is near?", on_click=_look, args=(key,), help="Lessons that say nearly this.")
            if source is None:
                st.form_submit_button("Cancel", on_click=begin, args=(None,))


def form_buttons(label: str, work: Callable[..., str], key: str, line: LessonLine | None, actor: Actor) -> None:
    """The button that carries the form's deed out, and the one that closes the form."""
    with st.container(horizontal=True):
        st.form_submit_button(label, type="primary", on_click=act, args=(label, work, key, line, actor))
        st.form_submit_button("Cancel", on_click=begin, args=(None,))


def act(deed: str, work: Callable[..., str], key: str, line: LessonLine | None, actor: Actor) -> None:
    """Carry a decision out in one transaction, on the lesson as it was drawn, with the text of the form `key`.

    What `work` returns is told; an error is told beside its field, and the form stays as it is.
    """
    try:
        with store().session() as session:
            told = work(session, deed, line, actor, _typed(key))
    except LoopwrightError as error:
        _refuse(key, error)
        return
    index_due.set()
    begin(None)
    done(told)
    st.session_state[_SENT] = st.session_state.get(_SENT, 0) + 1
    if line is not None:
        _settle(line)


def _settle(line: LessonLine) -> None:
    """A lesson that left the list by this decision keeps its place there, with what it became."""
    with store().reading() as session:
        now = lesson_line(session, line.uid).state
    if now is not line.state and now is not LessonState.APPROVED:
        keep_place(line, now.value)


def _typed(key: str) -> dict[str, str]:
    return {name: str(st.session_state.get(f"{key}_{name}") or "") for name in (*LIMITS, "reason")}


def _refuse(key: str, error: LoopwrightError) -> None:
    st.session_state[_WRONG] = (key, error.field, error.message)
    refused(error.message)


def _why_refused(place: Any, key: str, field: str) -> None:
    form, wrong, why = st.session_state.get(_WRONG) or ("", "", "")
    if (form, wrong) == (key, field):
        place.error(escaped(why), icon=":material/error:")


def _edit(session: Session, deed: str, line: LessonLine, actor: Actor, said: dict[str, str]) -> str:
    reason = said.pop("reason")
    lesson = Lesson("", **said)  # type: ignore[arg-type]
    memory.edit(session, line.uid, line.revision, actor.id, actor.role, lesson, reason)
    return "Saved."


def _new(key: str, origin: Source) -> Lesson:
    said = _typed(key)
    said.pop("reason")
    return Lesson("", **said, evidence=origin.evidence)  # type: ignore[arg-type]


def _seen(key: str) -> list[Neighbour]:
    return list(st.session_state.get(f"{key}_near") or [])


def _ask_before(key: str) -> None:
    """What is near the words, once that was looked for, and how the new lesson stands to each."""
    if f"{key}_near" not in st.session_state:
        return
    seen = _seen(key)
    if not seen:
        st.caption("Nothing that is said already is near this.")
        return
    st.caption(
        "Near what you wrote. Say how yours stands to each, then propose it; what you leave open is asked later."
    )
    for one in seen:
        st.html(f'<div class="near"><p class="told">{one.line.state}, similarity {one.score:.2f}</p>'
                f"{shown(one.line)}</div>")  # fmt: skip
        st.segmented_control(
            "How yours stands to it",
            list(ASKED),
            format_func=lambda kind: ASKED[kind][0],
            key=f"{key}_say_{one.line.uid}",
            label_visibility="collapsed",
        )


def _look(key: str) -> None:
    st.session_state[f"{key}_near"] = near_typed(_new(key, Source()))


def _offer(key: str, actor: Actor, origin: Source) -> None:
    """Propose what was typed, unless something is near that its writer has not seen yet: that is shown first."""
    lesson = _new(key, origin)
    try:
        with store().reading() as session:
            check(session, checked(lesson))
    except LoopwrightError as error:
        _refuse(key, error)
        return
    st.session_state.pop(_WRONG, None)
    seen = {one.line.uid for one in _seen(key)}
    near = near_typed(lesson)
    if {one.line.uid for one in near} - seen:
        st.session_state[f"{key}_near"] = near
        return
    answers = {one.line.uid: st.session_state.get(f"{key}_say_{one.line.uid}") for one in near}

    def work(session: Session, *_: object) -> str:
        return _propose(session, lesson, actor, origin, {uid: Relation(kind) for uid, kind in answers.items() if kind})

    act("Propose", work, key, None, actor)
    if _WRONG not in st.session_state:
        for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
            del st.session_state[name]


def _propose(session: Session, lesson: Lesson, actor: Actor, origin: Source, said: dict[str, Relation]) -> str:
    known = same_words(session, lesson)
    uid = memory.propose(session, lesson, actor.id, origin.annotation)
    if known is not None:
        echo = bool(shown_to(session, uid, [trace for trace, _ in lesson.evidence]))
        more = "The run was given this very lesson: it adds no evidence." if echo else "Your evidence is added to it."
        return f"A lesson that is {known.state} says just this. {more if lesson.evidence else ''}"
    for other in sorted(said, key=lambda one: said[one] is Relation.SAME):  # after that one it is gone
        if lesson_line(session, uid).state in UNDECIDED:
            say(session, uid, other, said[other], actor.id, actor.role)
    return "Proposed. Agents are given it once a lead, or two reviewers who did not write it, agree."
