"""Files that a person hands over in the browser: imported, and what came of each said in words."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import streamlit as st

from core.errors import LoopwrightError
from core.ingest.accept import ImportOptions, ImportReport, import_paths
from dashboard.process import index_due, store

SHOWN = 200
FEW = 4


def import_files() -> None:
    """The form, and under it what the last import brought."""
    with st.form("traces_import_form", border=False):
        files = st.file_uploader("Files", accept_multiple_files=True, help="JSON, JSON lines, also gzipped.")
        left, right = st.columns(2)
        agent = left.text_input("Agent", placeholder="as the file says", max_chars=200)
        version = right.text_input("Version", placeholder="as the file says", max_chars=200)
        go = st.form_submit_button("Import", type="primary", icon=":material/upload:")
    if go and not files:
        st.warning("Choose one or more files first.")
    elif go:
        with st.spinner("Importing …"):
            st.session_state.traces_imported = _accept(
                files, ImportOptions(agent=agent.strip(), version=version.strip())
            )
    if imported := st.session_state.get("traces_imported"):
        _show(*imported)


def _accept(files: list[Any], options: ImportOptions) -> tuple[ImportReport | None, str]:
    """The report, or why nothing could be taken; files of one call may point at each other, in any order."""
    with TemporaryDirectory(prefix="loopwright-") as folder:
        paths = []
        for number, file in enumerate(files):
            place = Path(folder, str(number))
            place.mkdir()
            paths.append(place / (Path(file.name).name or "upload"))
            paths[-1].write_bytes(file.getbuffer())
        try:
            report = import_paths(store(), paths, options)
        except LoopwrightError as error:
            return None, error.message
    index_due.set()
    return report, ""


def _show(report: ImportReport | None, problem: str) -> None:
    if report is None:
        st.error(problem, icon=":material/error:")
        return
    told = [f"{number:,} {name}" for name, number in report.counts.items() if number and name != "duplicates"]
    if told:
        st.success("Arrived: " + ", ".join(told) + ".", icon=":material/check_circle:")
    elif not report.rejected:
        st.info("Nothing new: everything in these files was here already.", icon=":material/info:")
    if repeated := report.counts["duplicates"]:
        st.caption(f"{repeated:,} were here already and are not counted twice.")
    if report.rejected:
        rest = "the rest is in" if told or repeated else "nothing was imported"
        st.error(f"{len(report.rejected):,} could not be taken; {rest}.", icon=":material/error:")
        lines = [f"{Path(one.path).name}, {one.record}: {one.reason}" for one in report.rejected[:SHOWN]]
        with st.container(height=240 if len(lines) > FEW else "content"):
            st.text("\n\n".join(lines))
