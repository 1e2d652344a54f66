"""Files that a person hands over in the browser: imported, and what came of each said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, StopException

from core.errors import LoopwrightError
from core.ingest.accept import ImportOptions, ImportReport, import_paths
from dashboard.parts.column_mapping import Unmapped, choose_columns, unmapped
from dashboard.process import index_due, store

SHOWN = 200
FEW = 4
LARGEST_UPLOAD = 500
"""Megabytes of one file; larger ones are read from the disk by `loopwright import`."""

DOOR = "traces_import_door"
_HANDED, _TURN = "traces_handed", "traces_import_turn"


@dataclass
class Imported:
    """What one press of the button brought: the report or why there is none, and the tables that wait for columns.

    The files stay in `folder` while any of them waits, and go with the session.
    """

    folder: TemporaryDirectory[str]
    options: ImportOptions
    report: ImportReport | None = None
    problem: str = ""
    waiting: list[Unmapped] | None = None


@dataclass
class Handed:
    """Files at one press of the button, kept until they are read.

    A second click ends the run of the page that reads them; what it starts waits here for the same files.
    """

    files: list[Any]
    options: ImportOptions
    turn: Lock = field(default_factory=Lock)
    imported: Imported | None = None

    def read(self) -> Imported:
        """What came of them, read once, whoever asks first."""
        with self.turn:
            if self.imported is None:
                bar = st.progress(0.0, "Reading …")
                self.imported = _accept(self.files, self.options, _progress_on(bar))
                bar.empty()
            return self.imported


def import_door(place: Any) -> None:
    """The button that opens the form; closed while columns are chosen, for the form would lie on top of the choice."""
    imported: Imported | None = st.session_state.get("traces_imported")
    if st.session_state.pop("traces_columns_due", False) and imported and imported.waiting:
        st.session_state[DOOR] = False
        choose_columns(imported.waiting, imported.options)
    if imported and all(table.done for table in imported.waiting or ()):
        imported.folder.cleanup()
    with place.popover("Import", icon=":material/upload:", width="stretch", key=DOOR, on_change="rerun"):
        _form()


def _form() -> None:
    """The form, and under it what the last import brought."""
    turn = st.session_state.setdefault(_TURN, 0)
    # emptied by being a new form, once the files are read: emptied at the click, a second click would send no files
    with st.form(f"traces_import_form_{turn}", border=False):
        files = st.file_uploader(
            "Files",
            accept_multiple_files=True,
            max_upload_size=LARGEST_UPLOAD,
            help="JSON, JSON lines, YAML, CSV, parquet, zip and Inspect's .eval, also gzipped. "
            "What a file is, is found out by its content. Larger files: loopwright import.",
        )
        left, right = st.columns(2)
        agent = left.text_input("Agent", placeholder="as the file says", max_chars=200)
        version = right.text_input("Version", placeholder="as the file says", max_chars=200)
        go = st.form_submit_button("Import", type="primary", icon=":material/upload:")
    if go and files:
        options = ImportOptions(agent=agent.strip(), version=version.strip())
        handed: Handed | None = st.session_state.get(_HANDED)
        if handed is None or handed.files != files:
            st.session_state[_HANDED] = handed = Handed(files, options)
        st.session_state.traces_imported = imported = handed.read()
        st.session_state.pop(_HANDED, None)
        st.session_state[_TURN] = turn + 1
        st.session_state.traces_columns_due = bool(imported.waiting)
        st.rerun()
    if go:
        st.warning("Choose one or more files first.")
    if imported := st.session_state.get("traces_imported"):
        _show_report(imported.report, imported.problem, {one.name for one in imported.waiting or ()})
        _offer_columns(imported)


def _accept(files: list[Any], options: ImportOptions, show: Callable[[str, int, int], None]) -> Imported:
    """What came of the files; those of one call may point at each other, in any order."""
    imported = Imported(TemporaryDirectory(prefix="loopwright-"), options)
    paths = []
    for number, file in enumerate(files):
        place = Path(imported.folder.name, str(number))
        place.mkdir()
        paths.append(place / (Path(file.name).name or "upload"))
        paths[-1].write_bytes(file.getbuffer())
    try:
        imported.report = import_paths(store(), paths, options, show)
        nameless = [path for path in paths if not imported.report.formats.get(str(path))]
        imported.waiting = unmapped(nameless)
    except LoopwrightError as error:
        imported.problem = error.message
    index_due.set()
    return imported


def _progress_on(bar: Any) -> Callable[[str, int, int], None]:
    def show(name: str, done: int, total: int) -> None:
        with suppress(StopException, RerunException):  # another click ended this run of the page; the import goes on
            bar.progress(done / total, f"File {done + 1:,} of {total:,}: {name[:60]}")

    return show


def _offer_columns(imported: Imported) -> None:
    """What came of tables whose columns were chosen, and a way back to those that still wait."""
    waiting = imported.waiting or []
    for table in waiting:
        if table.done:
            st.success(table.done, icon=":material/check_circle:")
        else:
            st.info(
                f"{table.title} is a table that no format takes: say what its columns are.", icon=":material/table:"
            )
    if any(not table.done for table in waiting):
        st.button("Choose the columns", key="traces_columns", icon=":material/view_column:", on_click=_ask_for_columns)


def _ask_for_columns() -> None:
    st.session_state.traces_columns_due = True


def _show_report(report: ImportReport | None, problem: str, waiting: set[str]) -> None:
    """What arrived, what was here before, and what was refused and why; `waiting` are files that are not done yet."""
    if report is None:
        st.error(problem, icon=":material/error:")
        return
    told = [f"{number:,} {name}" for name, number in report.counts.items() if number and name != "duplicates"]
    rejected = [one for one in report.rejected if Path(one.path).name not in waiting or one.record != "whole file"]
    if told:
        st.success("Arrived: " + ", ".join(told) + ".", icon=":material/check_circle:")
    elif not rejected and not waiting:
        st.info("Nothing new: everything in these files was here already.", icon=":material/info:")
    if repeated := report.counts["duplicates"]:
        st.caption(f"{repeated:,} were here already and are not counted twice.")
    if known := _recognised(report):
        st.caption(f"Recognised: {known}.")
    if rejected:
        rest = "the rest is in" if told or repeated else "nothing was imported"
        st.error(f"{len(rejected):,} could not be taken; {rest}.", icon=":material/error:")
        lines = [f"{Path(one.path).name}, {one.record}: {one.reason}" for one in rejected[:SHOWN]]
        if len(rejected) > SHOWN:
            lines.append(f"{SHOWN:,} of {len(rejected):,} are shown.")
        with st.container(height=240 if len(lines) > FEW else "content"):
            st.text("\n\n".join(lines))


def _recognised(report: ImportReport) -> str:
    """Each file with its format, or where there are many the formats with how many files are each."""
    named = {Path(path).name: name for path, name in report.formats.items() if name}
    if len(named) <= FEW:
        return ", ".join(f"{file} as {name}" for file, name in named.items())
    return ", ".join(f"{number:,} files as {name}" for name, number in Counter(named.values()).most_common())
