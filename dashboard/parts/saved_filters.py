"""Filters under names: one's own and those that a lead shares; the address carries the filter all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import LoopwrightError
from core.store import saved_filters as kept
from core.store.saved_filters import LONGEST_NAME, SavedFilter, saved_filters
from dashboard.identity import Actor
from dashboard.parts.numbers import escaped
from dashboard.parts.trace_filters import chosen_filter, set_filter
from dashboard.process import store

ABOUT = "What is chosen in the filters, kept under a name. Yours are seen by you alone, unless a lead shares theirs."


def saved_filters_door(prefix: str, actor: Actor) -> None:
    """The button above the list and what is behind it: choose, save, rename, share, delete."""
    with store().reading() as session:
        known = saved_filters(session, prefix, actor.id)
    with st.popover("Saved filters", icon=":material/bookmark:", help=ABOUT, on_change="rerun") as shown:
        if not shown.open:
            return
        with st.container(width=380):
            if problem := st.session_state.pop(f"{prefix}_saved_problem", ""):
                st.error(problem, icon=":material/error:")
            for one in known:
                _show(prefix, one, actor)
            if not known:
                st.caption("None yet. Choose something in the filters, and save it here.")
            _save_new(prefix, actor)


def _show(prefix: str, one: SavedFilter, actor: Actor) -> None:
    mine = one.person == actor.id
    renaming = st.session_state.get(f"{prefix}_renaming") == one.id
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if mine and renaming:
            st.text_input("New name", one.name, key=f"{prefix}_name_{one.id}", max_chars=LONGEST_NAME, width=200)
            st.button("Rename", key=f"{prefix}_rename_{one.id}", on_click=_rename, args=(prefix, one.id, actor))
            return
        whose = ("shared" if one.shared else "") if mine else f"of {one.by}"
        label = escaped(one.name) + (f" :gray[· {escaped(whose)}]" if whose else "")
        told = " · ".join(f"{field}: {value}" for field, value in one.params.items())
        choose = {"on_click": set_filter, "args": (prefix, one.params), "help": escaped(told)}
        st.button(label, key=f"{prefix}_use_{one.id}", type="tertiary", **choose)
        if mine:
            icons: list[tuple[str, str, Callable[..., None]]] = [
                ("edit", "Rename", _begin_renaming),
                ("delete", "Delete", _delete),
            ]
            if actor.leads:
                icon, said = ("group_off", "Share no longer") if one.shared else ("group", "Share with everybody")
                icons.insert(1, (icon, said, _share))
            for icon, said, work in icons:
                key = f"{prefix}_{icon}_{one.id}"
                args = (prefix, one, actor)
                st.button("", key=key, type="tertiary", icon=f":material/{icon}:", help=said, on_click=work, args=args)


def _save_new(prefix: str, actor: Actor) -> None:
    chosen = chosen_filter(prefix)
    st.divider()
    st.text_input("Save what is chosen now as", key=f"{prefix}_save_as", max_chars=LONGEST_NAME)
    if actor.leads:
        st.checkbox("Share with everybody", key=f"{prefix}_save_shared")
    st.button("Save", key=f"{prefix}_save", disabled=not chosen, on_click=_save, args=(prefix, actor))
    told = " · ".join(f"{field}: {value}" for field, value in chosen.items())
    st.caption(escaped(told) if chosen else "Nothing is chosen in the filters.")


def _save(prefix: str, actor: Actor) -> None:
    name = st.session_state[f"{prefix}_save_as"]
    shared = actor.leads and st.session_state[f"{prefix}_save_shared"]
    with _told(prefix), store().session() as session:
        kept.save_filter(session, prefix, actor.id, name, chosen_filter(prefix), shared)
        st.session_state[f"{prefix}_save_as"] = ""


def _begin_renaming(prefix: str, one: SavedFilter, actor: Actor) -> None:
    st.session_state[f"{prefix}_renaming"] = one.id


def _rename(prefix: str, saved: int, actor: Actor) -> None:
    with _told(prefix), store().session() as session:
        kept.rename_filter(session, saved, actor.id, st.session_state[f"{prefix}_name_{saved}"])
        st.session_state[f"{prefix}_renaming"] = None


def _share(prefix: str, one: SavedFilter, actor: Actor) -> None:
    with _told(prefix), store().session() as session:
        kept.share_filter(session, one.id, actor.id, not one.shared)


def _delete(prefix: str, one: SavedFilter, actor: Actor) -> None:
    with _told(prefix), store().session() as session:
        kept.delete_filter(session, one.id, actor.id)


@contextmanager
def _told(prefix: str) -> Iterator[None]:
    """What goes wrong in a callback is told in the popover at the rerun that follows."""
    try:
        yield
    except LoopwrightError as error:
        st.session_state[f"{prefix}_saved_problem"] = error.message
