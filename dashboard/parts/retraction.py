"""What taking something back would touch, the reason and the button; then what was done, with its undo."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from core.errors import LoopwrightError
from core.retract.retracting import LessonFate, Radius, find_target, radius, retract, undo
from core.store.retractions import GUIDELINE, RUN, standing_retraction
from dashboard.identity import Actor
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.process import index_due, store

_MOST_VERSIONS = 10
_FOLLOWS = (
    "Outcomes, agreement, Team, Evaluation, lift and every dataset that is made from then on are counted without it. "
)
_THEN = {
    RUN: "What was said of the run stays readable on its page.",
    GUIDELINE: "Its items are given out again, also to those who have answered.",
}
_OTHERWISE = "Items that lack answers then are given to others."


def ask_retraction(kind: str, name: str, actor: Actor) -> None:
    """What hangs on the target, and the form that takes it back."""
    try:
        with store().reading() as session:
            target = find_target(session, kind, name)
            if standing_retraction(session, target) is not None:
                st.info(f"The {kind} {escaped(name)} is taken back already: see below.", icon=":material/undo:")
                return
            found = radius(session, target)
    except LoopwrightError as error:
        st.error(escaped(error.message), icon=":material/error:")
        return
    if found.nothing:
        st.info(f"Nothing hangs on the {kind} {escaped(name)}.", icon=":material/check:")
        return
    _show(found)
    key = f"retractions_why_{kind}_{name}"
    with st.form(f"retractions_form_{kind}_{name}", border=False):
        about = "Whoever misses it reads this, with your name and the time."
        st.text_input("Why", key=key, max_chars=300, help=about)
        deed = {"on_click": _take_back, "args": (kind, name, actor, key)}
        st.form_submit_button(_deed(found), type="primary", icon=":material/undo:", **deed)


def _show(found: Radius) -> None:
    st.subheader("This would count no more", anchor=False)
    on = f"On {found.runs:,} {'run' if found.runs == 1 else 'runs'}: " if found.runs else ""
    st.markdown(on + " · ".join(found.told))
    st.caption(_FOLLOWS + _THEN.get(found.target.kind, _OTHERWISE))
    if found.lessons:
        falling = sum(one.after is not one.state for one in found.lessons)
        one = len(found.lessons) == 1
        lose = f"{len(found.lessons):,} {'lesson loses' if one else 'lessons lose'} evidence or approval"
        st.markdown(f"{lose}, and {falling:,} {'its' if one else 'their'} state:")
        st.dataframe(
            [_lesson(one) for one in sorted(found.lessons, key=lambda one: one.after is one.state)],
            column_config={"Read it": st.column_config.LinkColumn(display_text="Open", width="small")},
            hide_index=True,
            alt="The lessons that this touches",
        )
    if found.versions:
        st.markdown("Dataset versions that were made with such rows stay as they are; make a new one to train on:")
        lines = [f"- {escaped(one.dataset)} {one.number}: {one.rows:,} of {one.of:,} rows" for one in found.versions]
        if len(lines) > _MOST_VERSIONS:
            lines = [*lines[:_MOST_VERSIONS], f"- and {len(lines) - _MOST_VERSIONS:,} more"]
        st.markdown("\n".join(lines))


def _lesson(one: LessonFate) -> dict[str, str]:
    after = "stays so" if one.after is one.state else one.after.value
    return {
        "When": one.when,
        "Is": one.state.value,
        "Becomes": after,
        "Read it": f"/lessons?lesson={quote(one.uid, safe='')}",
    }


def _deed(found: Radius) -> str:
    first = found.told[0] if found.told else "what was taught from it"
    more = " and more" if len(found.told) > 1 else ""
    named = {RUN: "of this run", GUIDELINE: f"under {escaped(found.target.name)}"}
    return f"Take back {first}{more} {named.get(found.target.kind, f'of {escaped(found.target.name)}')}"


def _take_back(kind: str, name: str, actor: Actor, reason_key: str) -> None:
    try:
        with store().session() as session:
            retract(session, find_target(session, kind, name), actor.person(), st.session_state[reason_key])
    except LoopwrightError as error:
        refused(error.message)
        return
    index_due.set()
    done(f"The {kind} {name} is taken back. Undo stands below.")


def bring_back(number: int, actor: Actor) -> None:
    """Undo a retraction, and say so."""
    try:
        with store().session() as session:
            undo(session, number, actor.person())
    except LoopwrightError as error:
        refused(error.message)
        return
    index_due.set()
    done("It is undone: what was taken back counts again.")
