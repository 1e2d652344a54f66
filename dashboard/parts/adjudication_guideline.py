"""The guideline is unclear: rewrite it, see what that affects, and give that out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import LoopwrightError
from core.records import LabelSchema, Question
from core.review.requeue import Affected, Which, affected, can_take_back, requeue, rewrite_guideline, take_back
from core.store.requeued import queues_asking
from core.store.schemas import schema_versions
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.schema_versions import who_asks
from dashboard.process import store

DIFFER, SAID, ALL = "items on which people differ on this question", "items that somebody answered with", "all items"


def show_guideline(schema_id: int, schema: LabelSchema, question: Question, actor: Actor) -> None:
    """The guideline as it stands, to be rewritten; then what was answered before it, to be given out again."""
    key = f"adjudicate_guide_{schema_id}_{question.key}"
    own = any(one.key == question.key for one in schema.questions)
    with store().reading() as session:
        versions = {one.id: one.schema.version for one in schema_versions(session, schema.key)}
        asking = [(queue.name, versions[queue.schema_id or 0]) for queue in queues_asking(session, schema.key)]
    st.caption(
        f"{escaped(f'{schema.title}: {who_asks(schema.version, asking)}')} Saving makes the next version, which these "
        "queues ask from then on; answers under older versions stay as they are."
    )
    keep: dict[str, Any] = {"persist_state": "session"}
    text = st.text_area("Guidelines", schema.guidelines, key=f"{key}_text", height=160, **keep)
    helps = {}
    if own:
        about = f"Help of “{escaped(question.title)}”"
        helps[question.key] = st.text_area(about, question.help, key=f"{key}_help", height=72, **keep)
    note = st.text_input("What was unclear?", key=f"{key}_note", max_chars=2_000, **keep)
    unchanged = text.strip() == schema.guidelines and helps.get(question.key, question.help).strip() == question.help
    st.button(
        "Save as the next version",
        key=f"{key}_save",
        type="primary",
        disabled=unchanged,
        help="Nothing is changed yet." if unchanged else None,
        on_click=_act,
        args=(lambda session: _rewritten(session, schema_id, text, helps, note, actor),),
    )
    _show_requeue(schema, question, actor)


def _show_requeue(schema: LabelSchema, question: Question, actor: Actor) -> None:
    """What older versions were answered with, counted before anything is done."""
    with store().reading() as session:
        everything, back = affected(session, schema.key, Which()), can_take_back(session, schema.key)
    if everything.answers:
        st.markdown("**Give out again what was answered under older versions**")
        which = _choose(question)
        with store().reading() as session:
            counted = everything if which == Which() else affected(session, schema.key, which)
        st.caption(
            f"{counted_told(counted)}. They stay in the history and count no more; whoever gave them may get the items "
            "again."
        )
        st.button(
            f"Give {_items(counted)} out again",
            key="adjudicate_requeue",
            disabled=not counted.items,
            on_click=_act,
            args=(lambda session: _requeued(session, schema.key, which, actor),),
        )
    if back.items:
        st.button(
            f"Take back: {_items(back)} given out again and not answered since",
            key="adjudicate_take_back",
            type="tertiary",
            icon=":material/undo:",
            on_click=_act,
            args=(lambda session: _taken_back(session, schema.key, actor),),
        )


def _choose(question: Question) -> Which:
    names = {option.value: option.label for option in question.options}
    kinds = [DIFFER, SAID, ALL] if names else [DIFFER, ALL]
    kind = st.radio("Which", kinds, key="adjudicate_which", label_visibility="collapsed")
    if kind != SAID:
        return Which() if kind == ALL else Which(question.key)
    value = st.selectbox("Answer", list(names), format_func=names.__getitem__, key="adjudicate_value")
    return Which(question.key, str(value))


def _act(work: Callable[[Session], str]) -> None:
    """Carry something out in one transaction, and say what was done; the part stays unfolded."""
    st.session_state.adjudicate_guiding = True
    try:
        with store().session() as session:
            told = work(session)
    except LoopwrightError as error:
        refused(error.message)
        return
    done(told)


def _rewritten(session: Session, schema_id: int, text: str, helps: dict[str, str], note: str, actor: Actor) -> str:
    made = rewrite_guideline(session, schema_id, text, helps, note, actor.person())
    return f"Saved as version {made.version}. Asked by: {', '.join(made.queues) or 'no open queue'}."


def _requeued(session: Session, schema: str, which: Which, actor: Actor) -> str:
    return f"Given out again: {counted_told(requeue(session, schema, which, actor.person()))}."


def _taken_back(session: Session, schema: str, actor: Actor) -> str:
    return f"Taken back: {counted_told(take_back(session, schema, actor.person()))}."


def _items(counted: Affected) -> str:
    return "1 item" if counted.items == 1 else f"{counted.items:,} items"


def counted_told(counted: Affected) -> str:
    """12 items with 36 answers"""
    answers = "1 answer" if counted.answers == 1 else f"{counted.answers:,} answers"
    return f"{_items(counted)} with {answers}"
