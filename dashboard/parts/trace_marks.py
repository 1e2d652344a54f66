"""What a reader of a run has to know of how it came in: whether it is whole, what was replaced, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isclose
from pathlib import Path

import streamlit as st

from core.records import Outcome
from core.store.annotations import annotations_of
from core.store.signals import signals_of
from core.store.steps import CostSource
from core.store.traces import TraceLine
from core.tasks.outcome import contradictions
from dashboard.parts.numbers import duration, escaped
from dashboard.parts.trace_list import dollars
from dashboard.parts.trace_view import TraceView
from dashboard.process import settings, store

PAGES = Path(__file__).resolve().parents[2] / "pages"
REPLACED = "Secrets and personal data, replaced before anything was stored; what they were is kept nowhere. Settings "
REPLACED += "says what is replaced."
UNPRICED = (
    "Model calls with tokens whose model has no price on their day. What they cost is in the run's cost only where "
)
UNPRICED += "its source stated a total."
NO_ROOT = "It was closed as it was, after {after} without a new step, although its first step never ended. The agent's "
NO_ROOT += "process was probably killed."
OPEN = (
    "It may still get steps. It is closed, and queued for review, once its first step has ended and nothing came for "
)
OPEN += "{after}."


def show_marks(view: TraceView) -> None:
    """A badge for each thing that is unfinished or was changed about a run."""
    line, chosen = view.line, settings()
    if line.closed_at is None:
        st.badge("still open", icon=":material/pending:", help=OPEN.format(after=duration(chosen.trace_silence)))
    elif not line.root_ended:
        about = NO_ROOT.format(after=duration(chosen.trace_give_up))
        st.badge("root never ended", icon=":material/link_off:", color="orange", help=about)
    if line.outdated and line.changed_at and not view.blind:
        about = (
            f"Steps came on {line.changed_at:%d %b %Y, %H:%M:%S} UTC, after {_labels(line.outdated)} had been given."
        )
        st.badge("changed since it was labelled", icon=":material/history:", color="orange", help=about)
    if not view.blind and (against := _contradictions(line)):
        about = f"Its outcome is {line.outcome}, from {line.outcome_from}. Otherwise say: {'; '.join(against[:10])}."
        st.badge("evidence disagrees", icon=":material/balance:", color="orange", help=escaped(about))
    if line.redactions:
        st.badge(replaced_told(line.redactions), icon=":material/visibility_off:", color="gray", help=REPLACED)
    if line.n_unpriced:
        name = "1 call unpriced" if line.n_unpriced == 1 else f"{line.n_unpriced:,} calls unpriced"
        about = f"{UNPRICED} Without a price: {', '.join(view.unpriced[:5])}." if view.unpriced else UNPRICED
        asked = {"settings_model": view.unpriced[0]} if view.unpriced else None
        st.page_link(PAGES / "settings.py", label=name, icon=":material/sell:", help=about, query_params=asked)


def _contradictions(line: TraceLine) -> tuple[str, ...]:
    with store().reading() as session:
        signals = signals_of(session, [line.id])[line.id]
        return contradictions(Outcome(line.outcome), annotations_of(session, [line.id]), signals)


def _labels(n: int) -> str:
    return "1 label" if n == 1 else f"{n:,} labels"


def replaced_told(redactions: Mapping[str, int]) -> str:
    """3 values replaced: 2 key, 1 email"""
    n = sum(redactions.values())
    kinds = sorted(redactions.items(), key=lambda one: (-one[1], one[0]))
    return f"{n:,} value{'' if n == 1 else 's'} replaced: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds)


def tokens_told(line: TraceLine) -> str:
    """1,360 tokens (1,000 cached); "" when none is known."""
    if line.tokens_in is None and line.tokens_out is None:
        return ""
    cached = f" ({line.tokens_cached:,} cached)" if line.tokens_cached else ""
    return f"{(line.tokens_in or 0) + (line.tokens_out or 0):,} tokens{cached}"


def numbers_told(line: TraceLine) -> str | None:
    """The tokens in full, for who asks; None when none is known."""
    if line.tokens_in is None and line.tokens_out is None:
        return None
    cached = f", of them {line.tokens_cached:,} from a cache, at their own price" if line.tokens_cached else ""
    return f"{_count(line.tokens_in)} tokens read{cached}; {_count(line.tokens_out)} written."


def _count(n: int | None) -> str:
    return "an unknown number of" if n is None else f"{n:,}"


def cost_told(line: TraceLine, costs: Sequence[CostSource]) -> str:
    """$0.0123 (2 calls: reported, 3 calls: prices of 2025-04-14); "" when nothing is known."""
    if line.cost is None:
        return ""
    total = sum(one.total for one in costs)
    if not costs or not isclose(total, line.cost, rel_tol=1e-6, abs_tol=1e-9):
        return f"{dollars(line.cost)} (reported for the run)"
    if len(costs) == 1:
        return f"{dollars(line.cost)} ({costs[0].source})"
    told = ", ".join(f"{one.n:,} {'call' if one.n == 1 else 'calls'}: {one.source}" for one in costs)
    return f"{dollars(line.cost)} ({told})"
