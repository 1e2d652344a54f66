"""Published rates as Evaluation shows them: one benchmark at a time, apart from everything that is compared."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.evaluate.published import PublishedRate
from dashboard.parts.figures import choose, show_chart
from dashboard.parts.version_tables import published_rows
from dashboard.published_chart import published_by_date


def show_published(rates: Sequence[PublishedRate]) -> None:
    """The chart and the table of an agent's published rates; the benchmark with the most of them first."""
    st.header("Published rates", anchor=False)
    st.caption(
        "What others published, without the tasks behind it: compared with nothing.",
        help="Two rates may come from different tasks, users, prompts and prices; the note says what the source says.",
    )
    n_rates: dict[str, int] = {}
    for one in rates:
        n_rates[one.benchmark] = n_rates.get(one.benchmark, 0) + 1
    benchmarks = sorted(n_rates, key=lambda name: (-n_rates[name], name))
    place = st.columns([1, 2])[0]
    chosen = choose(place, "Benchmark", benchmarks, "evaluation_benchmark") if len(benchmarks) > 1 else benchmarks[0]
    shown = [one for one in rates if one.benchmark == chosen]
    show_chart(published_by_date(shown), published_rows(shown), "evaluation_published", ["Note"], opened=True)
