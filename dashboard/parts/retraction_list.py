"""Every retraction that was made: what, by whom, when and why, each with its undo."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import streamlit as st

from core.store.retractions import Retraction
from dashboard.identity import Actor
from dashboard.parts.numbers import ago, escaped
from dashboard.parts.retraction import bring_back

_PAGE = 20


def show_retractions(made: Sequence[Retraction], actor: Actor) -> None:
    """The newest first."""
    st.header("Taken back so far", anchor=False)
    if not made:
        st.caption("Nothing yet. What is taken back stands here, with who did it and why, and can be brought back.")
        return
    page = st.pagination(ceil(len(made) / _PAGE), key="retractions_page") if len(made) > _PAGE else 1
    for one in made[(page - 1) * _PAGE : page * _PAGE]:
        _show(one, actor)


def _show(one: Retraction, actor: Actor) -> None:
    said, deed = st.columns([6, 1], vertical_alignment="center")
    undone = "" if one.undone_at is None else f" · undone {ago(one.undone_at)}"
    said.markdown(f"**{one.target.kind.capitalize()} {escaped(one.target.name)}**: {escaped(one.reason)}")
    said.caption(f"{escaped(one.by)}, {ago(one.at)}{undone}", help=f"{one.at:%Y-%m-%d %H:%M} UTC, number {one.id}")
    if one.undone_at is None:
        key = f"retractions_undo_{one.id}"
        deed.button("Undo", icon=":material/replay:", key=key, on_click=bring_back, args=(one.id, actor))
