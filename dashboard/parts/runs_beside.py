"""Two runs of the Traces page beside each other, folded to where they part."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.records import Outcome
from core.store.hidden import hidden_traces
from core.store.tasks import task_text
from core.store.traces import TraceLine, runs_of_task, trace_line
from dashboard.components.sides import show_sides
from dashboard.identity import Actor
from dashboard.parts.numbers import dollars, duration, escaped
from dashboard.parts.pair_view import side_view
from dashboard.parts.trace_facts import COLOURS, ICONS
from dashboard.parts.trace_list import outcome_told
from dashboard.process import store

TRACE, BESIDE = "trace", "beside"
"""What the address calls the run on the left and the one on the right."""
_EVALUATION = Path(__file__).resolve().parents[2] / "pages" / "evaluation.py"


def show_beside(actor: Actor) -> str:
    """Draw the two runs that the address names, and end the page there; else what is wrong with the address."""
    try:
        _show(actor)
        st.stop()
    except NotFound as error:
        return error.message


def _show(actor: Actor) -> None:
    asked = [_number(st.query_params.get(name, "")) for name in (TRACE, BESIDE)]
    with store().reading() as session:
        lines = [trace_line(session, number) for number in asked]
        hidden = hidden_traces(session, actor.id, asked)
        title = task_text(session, lines[0].task) or lines[0].title
    if hidden:
        st.info(
            "You are still to judge one of these runs, and what stands here tells its version. They can be read "
            "beside each other once you have submitted.",
            icon=":material/visibility_off:",
        )
        return
    _head(lines)
    st.markdown(f"**{escaped(' '.join(title.split())[:240] or 'No task is named.')}**")
    if lines[0].task != lines[1].task:
        st.warning("These two are runs of different tasks.", icon=":material/warning:")
    for place, name, line in zip(st.columns(2), (TRACE, BESIDE), lines, strict=True):
        with place, st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _side(name, line)
    with store().reading() as session:
        sides = [_answer(session, line) for line in lines]
    show_sides(sides)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound(f"There is no run “{text[:40]}”.", field=TRACE)
    return int(text)


def _head(lines: list[TraceLine]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("All runs", icon=":material/arrow_back:", type="tertiary", on_click=_leave)
        versions = {"evaluation_base": lines[0].version, "evaluation_candidate": lines[1].version}
        if lines[0].agent == lines[1].agent:
            st.page_link(
                _EVALUATION,
                label="Compare their versions",
                icon=":material/fact_check:",
                query_params={"evaluation_agent": lines[0].agent, **versions},
            )
        st.button("Swap the sides", icon=":material/swap_horiz:", type="tertiary", on_click=_swap)


def _side(name: str, line: TraceLine) -> None:
    """What is known of one of them, and the other runs of its version on this task."""
    outcome = Outcome(line.outcome)
    st.badge(
        outcome.value, color=COLOURS[outcome], icon=f":material/{ICONS[outcome]}:", help=outcome_told(line) or None
    )
    told = [
        f"{line.n_steps:,} steps",
        f"{line.n_errors:,} errors" if line.n_errors else "",
        "" if line.seconds is None else duration(line.seconds),
        "" if not line.cost else dollars(line.cost),
    ]
    st.caption(escaped(" · ".join(filter(None, told))))
    st.button(
        "Alone",
        key=f"traces_alone_{name}",
        type="tertiary",
        icon=":material/article:",
        on_click=_alone,
        args=(line.id,),
    )
    with store().reading() as session:
        runs = [one for one in runs_of_task(session, line.task) if one.version == line.version] if line.task else []
    if len(runs) > 1:
        ids = {one.id: _run_name(one) for one in runs}
        key = f"traces_run_{name}_{line.id}"
        st.selectbox(
            f"Runs of {line.version[:80]} on this task",
            list(ids),
            list(ids).index(line.id),
            format_func=ids.__getitem__,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: st.query_params.update({name: str(st.session_state[key])}),
            width=190,
        )


def _run_name(line: TraceLine) -> str:
    which = f"trial {line.trial}" if line.trial is not None else f"run {line.id}"
    return f"{which}, {line.outcome}"


def _answer(session: Session, line: TraceLine) -> dict[str, object]:
    which = "" if line.trial is None else f", trial {line.trial}"
    return side_view(session, "", line.id, "", None, "") | {"name": f"{line.version}{which}"}


def _alone(trace: int) -> None:
    st.query_params.pop(BESIDE, None)
    st.query_params[TRACE] = str(trace)


def _swap() -> None:
    left, right = st.query_params[TRACE], st.query_params[BESIDE]
    st.query_params.update({TRACE: right, BESIDE: left})


def _leave() -> None:
    for name in (TRACE, BESIDE):
        st.query_params.pop(name, None)
