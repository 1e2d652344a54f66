"""Intake: whether everything that came is in, what arrived, what was rejected and why, what changed later."""

from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from core.store.arrivals import anything_came
from dashboard.identity import acting
from dashboard.parts.intake_arrivals import show_arrivals
from dashboard.parts.intake_files import show_changed, show_files
from dashboard.parts.intake_refusals import show_refusals
from dashboard.parts.intake_state import show_state
from dashboard.process import settings, store


def own_address() -> str:
    """Where this server is reached, as the person who looks reaches it."""
    seen = urlsplit(st.context.url or "")
    return f"{seen.scheme}://{seen.netloc}" if seen.netloc else f"http://{settings().host}:{settings().port}"


@st.fragment(run_every=3.0)
def wait_for_something() -> None:
    """Draw the page anew as soon as anything is there to show."""
    with store().reading() as session:
        came = anything_came(session)
    if came:
        st.rerun()
    st.caption("This page looks every few seconds.")


actor = acting()
st.title("Intake", help="What came in, what waits, and what was not taken and why.")
with store().reading() as session:
    there_is = anything_came(session)
if not there_is:
    st.info(
        "Nothing has come in yet. What arrives will stand here minute by minute: how much from whom, what waits, and "
        "what was rejected and why. Nothing that is answered with 200 is ever lost.",
        icon=":material/sensors:",
    )
    st.markdown(
        "Start an agent that is traced with OpenTelemetry, or any of the libraries built on it, with this line:"
    )
    st.code(f"OTEL_EXPORTER_OTLP_ENDPOINT={own_address()}", language="bash")
    traces = Path(__file__).with_name("traces.py")
    st.page_link(traces, label="Or import files on the Traces page", icon=":material/upload:")
    wait_for_something()
    st.stop()

show_state()
show_arrivals()
show_refusals(actor)
show_changed(actor)
show_files(actor)
