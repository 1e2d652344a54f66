"""When each version was made and from which, as a lead says it: files lie about time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import streamlit as st

from core.errors import LoopwrightError
from core.store.catalog import VersionLine, set_version_base, set_version_date
from dashboard.parts.notices import done, refused
from dashboard.process import store

VERSION, DATE, BASE, FROM = "Version", "Date", "Base", "Where the date is from"
_TURN = "evaluation_dates_turn"


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What is set of one version (row id): a day where `dated`, None to take it back; a base, None to leave it."""

    version: int
    dated: bool
    day: date | None
    base: str | None


def version_rows(lines: Sequence[VersionLine]) -> list[dict[str, object]]:
    """One row a version, as the table shows it."""
    return [
        {
            VERSION: line.name,
            DATE: line.date.date() if line.date else None,
            BASE: line.base or None,
            FROM: "set by somebody" if line.date_set else "earliest run" if line.date else "not known",
        }
        for line in lines
    ]


def changes_of(lines: Sequence[VersionLine], rows: Iterable[Mapping[str, object]]) -> list[VersionChange]:
    """What was changed in the rows, which stand in the order of `lines`."""
    found = []
    for line, row in zip(lines, rows, strict=True):
        said = row[DATE]
        day = said.date() if isinstance(said, datetime) else said if isinstance(said, date) else None
        dated = day != (line.date.date() if line.date else None)
        base = str(row[BASE] or "")
        if dated or base != line.base:
            found.append(VersionChange(line.id, dated, day, base if base != line.base else None))
    return found


def show_dates(lines: Sequence[VersionLine]) -> None:
    """A closed box with the table; leads only."""
    with st.expander("Dates and bases", icon=":material/event:", on_change="rerun", key="evaluation_dates") as shown:
        if not shown.open:
            return
        st.caption(
            "Versions stand in this order: a base before what rests on it, then by date. A date that nobody set is the "
            "time of the earliest run; an emptied one becomes that again."
        )
        rows = st.data_editor(
            version_rows(lines),
            hide_index=True,
            num_rows="fixed",
            disabled=[VERSION, FROM],
            key=f"evaluation_dates_{lines[0].agent}_{st.session_state.get(_TURN, 0)}",
            column_config={
                DATE: st.column_config.DateColumn(DATE, format="YYYY-MM-DD"),
                BASE: st.column_config.SelectboxColumn(BASE, options=[line.name for line in lines]),
            },
            alt="Dates and bases of the versions, to be changed",
        )
        changes = changes_of(lines, rows)
        args = {"disabled": not changes, "on_click": _save, "args": (changes,)}
        st.button("Save", key="evaluation_save_dates", icon=":material/save:", **args)


def _save(changes: Sequence[VersionChange]) -> None:
    try:
        with store().session() as session:
            for one in changes:
                if one.base is not None:
                    set_version_base(session, one.version, one.base)
                if one.dated:
                    at = datetime.combine(one.day, time(), UTC) if one.day else None
                    set_version_date(session, one.version, at)
    except LoopwrightError as error:
        refused(error.message)
        return
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    done("Saved.")
