"""Comments that nobody has settled, for leads: each a way to the step it stands on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.store.comments import OpenThread, open_threads
from dashboard.parts.numbers import ago, clipped, escaped
from dashboard.process import store

MOST = 20
_TRACES = Path(__file__).resolve().parents[2] / "pages" / "traces.py"


def show_open_comments() -> None:
    """How many comments are open, and the oldest of them; nothing where none is."""
    with store().reading() as session:
        n, listed = open_threads(session, MOST)
    if not n:
        return
    with st.expander(f"{n:,} open {'comment' if n == 1 else 'comments'}", icon=":material/chat:"):
        for one in listed:
            _show(one)
        if n > len(listed):
            st.caption(f"The {len(listed)} oldest of {n:,}: settle some to see the rest.")


def _show(one: OpenThread) -> None:
    said, go = st.columns([4, 1], vertical_alignment="center")
    replies = f" · {one.replies} {'reply' if one.replies == 1 else 'replies'}" if one.replies else ""
    said.markdown(f"**{escaped(one.first.person)}**: {escaped(clipped(one.first.text, 240))}")
    said.caption(f"{escaped(clipped(one.title, 80))} · {where(one)} · {ago(one.last_at)}{replies}")
    if one.first.place.trace is not None:
        go.page_link(_TRACES, label="Read it there", icon=":material/arrow_forward:", query_params=address(one))


def where(one: OpenThread) -> str:
    """What the comment stands on."""
    if one.first.place.trace is None:
        return "a pair"
    return "the whole run" if one.position is None else f"step {one.position + 1}"


def address(one: OpenThread) -> dict[str, str]:
    """The run, opened at the step."""
    step = {} if one.position is None else {"step": str(one.position + 1)}
    return {"trace": str(one.first.place.trace), **step}
