"""What came of a deed, said in the corner of the window: what is on the page stays where it is."""

from __future__ import annotations

import streamlit as st

from dashboard.parts.numbers import escaped


def done(said: str) -> None:
    """It was carried out."""
    st.toast(escaped(said), icon=":material/check:", duration="long")


def refused(why: str) -> None:
    """It was not, and why; there is time to read it twice."""
    st.toast(escaped(why), icon=":material/error:", duration=30)
