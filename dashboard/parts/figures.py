"""A chart with the table of its numbers under it, and tables whose numbers stand to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import unescape

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.parts.numbers import escaped

Row = Mapping[str, object]


def show_chart(
    figure: go.Figure, rows: Sequence[Row], key: str, words: Sequence[str] = (), opened: bool = False
) -> None:
    """Draw a figure under its title (which the page can wrap and plotly cannot) and the same numbers as a table.

    One with nothing in it is left out: plotly would invent axes for it, and the title says why it is empty.
    """
    title = unescape(figure.layout.title.text)
    figure.update_layout(title=None, margin_t=16)
    st.markdown(f"**{escaped(title)}**")
    if any(one.x is None or len(one.x) for one in figure.data):
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=title)
    with st.expander("The numbers", expanded=opened):
        show_table(rows, f"The numbers of: {title}", words=words)


def show_small_table(rows: Sequence[Mapping[str, str]]) -> None:
    """A few rows that are read, not searched: they wrap instead of scrolling; numbers stand to the right."""
    lines = ["|".join(map(escaped, rows[0])), "|".join([":--", *["--:"] * (len(rows[0]) - 1)])]
    lines += ["|".join(map(escaped, row.values())) for row in rows]
    st.markdown("\n".join(f"|{line}|" for line in lines))


def show_table(
    rows: Sequence[Row], alt: str, links: Mapping[str, str] | None = None, words: Sequence[str] = ()
) -> None:
    """A table: the first column and those in `words` stand to the left, `links` are addresses shown as those words."""
    if not rows:
        st.caption("No numbers yet.")
        return
    first, *others = rows[0]
    config: dict[str, object] = {name: st.column_config.TextColumn(name, alignment="right") for name in others}
    config |= {name: st.column_config.TextColumn(name) for name in (first, *words)}
    config |= {name: st.column_config.LinkColumn(name, display_text=text) for name, text in (links or {}).items()}
    st.dataframe(list(rows), hide_index=True, column_config=config, alt=alt)


def choose(place: DeltaGenerator, label: str, options: Sequence[str], key: str, help: str = "", index: int = 0) -> str:
    """A choice that stands in the address under `key`; an address that names something else is answered in words."""
    asked = st.query_params.get(key)
    if asked is not None and asked not in options:
        st.warning(f"{label}: there is no “{escaped(asked[:80])}” here. Choose another.", icon=":material/link_off:")
    return place.selectbox(label, options, index=index, key=key, help=help or None, bind="query-params")
