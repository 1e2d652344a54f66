"""Is fine-tuning worthwhile yet: one sentence on Datasets, and behind it the three answers with their numbers."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Literal

import streamlit as st
from sqlalchemy.orm import Session

from core.evaluate.drift import Drift
from core.evaluate.movable_context import MovableContext
from core.evaluate.readiness import LATER, ROWS, TASKS, WORTH, Answer, Readiness, State, many_tokens, readiness
from core.evaluate.verified_examples import Examples
from core.memory.arms import Shares
from core.store.catalog import list_agents
from core.store.datasets import fingerprint
from core.store.lift import stamp_of_lift
from core.store.prices import price_rows
from dashboard.identity import Actor
from dashboard.parts.drift_tables import check_row
from dashboard.parts.figures import choose, show_table
from dashboard.parts.lift_words import finding
from dashboard.parts.numbers import between, dollars, escaped, percent
from dashboard.process import settings, shares, store

_LESSONS = Path(__file__).resolve().parents[2] / "pages" / "lessons.py"
_STATES: dict[State, tuple[str, Literal["blue", "gray"]]] = {
    State.READY: (":material/check_circle:", "blue"),
    State.NOT_YET: (":material/hourglass_top:", "gray"),
    State.CANNOT_TELL: (":material/question_mark:", "gray"),
}


def show_readiness(actor: Actor) -> None:
    """For leads, because the answers tell how runs came out; nothing before there is an agent."""
    if not actor.leads:
        return
    with store().reading() as session:
        agents = list_agents(session)
        if not agents:
            return
        asked = st.session_state.get("datasets_agent", st.query_params.get("datasets_agent"))
        agent = asked if asked in agents else agents[0]
        stamp = fingerprint(session), stamp_of_lift(session), tuple(price_rows(session))
        found = _readiness(settings().database_url, stamp, agent, shares(), session)
    icon = _STATES[State.READY if found.worthwhile else State.NOT_YET][0]
    of = f" {escaped(agent)}" if len(agents) > 1 else ""
    label = f"**Is fine-tuning{of} worthwhile yet?** {escaped(found.sentence)}"
    with st.expander(label, icon=icon, on_change="rerun", key="datasets_readiness") as shown:
        if shown.open:
            if len(agents) > 1:
                choose(st.columns([1, 3])[0], "Agent", agents, "datasets_agent")
            _show(found, {"lessons_agent": agent} if len(agents) > 1 else {})


@st.cache_resource(max_entries=16, show_spinner="Asking whether fine-tuning is worthwhile …")
def _readiness(database: str, stamp: Hashable, agent: str, shares: Shares, _session: Session) -> Readiness:
    return readiness(_session, agent, shares)


def _show(found: Readiness, address: dict[str, str]) -> None:
    stable, enough, saves = st.columns(3)
    with stable.container(border=True, height="stretch"):
        _question("Is its work stable?", found.stable, _moved(found.stability))
        if found.stability:
            st.caption(_windows(found.stability))
    with enough.container(border=True, height="stretch"):
        _question("Are there enough examples?", found.enough, _stock(found.examples))
        st.caption(_checked(found.examples))
    with saves.container(border=True, height="stretch"):
        share = percent(found.context.share) if found.context else "unknown"
        _question("Would it save context?", found.saves, share)
        if found.context:
            st.caption(_carried(found.context))
    meanwhile = f"What lessons teach it without any training: {finding(found.lessons, shares().control)}."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/school: {escaped(meanwhile)}", width="content")
        st.page_link(
            _LESSONS, label="See their lift", icon=":material/balance:", query_params={"view": "lift"} | address
        )
    if found.stability and found.stability.checks:
        st.markdown("**What was compared, the latest four weeks with those before**")
        rows = [check_row(check) for check in found.stability.checks]
        show_table(rows, "The checks of stability", words=["Moved"])


def _question(title: str, answer: Answer, number: str) -> None:
    icon, colour = _STATES[answer.state]
    st.markdown(f"**{title}**")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(escaped(number), anchor=False, width="content")
        st.badge(answer.state.value, icon=icon, color=colour)
    st.markdown(escaped(answer.sentence))


def _moved(found: Drift | None) -> str:
    if found is None or not found.checks:
        return "unknown"
    return f"{len(found.drifted)} of {len(found.checks)} moved"


def _stock(found: Examples) -> str:
    """How far it is with whatever holds it up."""
    if found.rows < ROWS:
        return f"{found.rows:,} of {ROWS} examples"
    return f"{found.tasks:,} of {TASKS} tasks" if found.tasks < TASKS else f"{found.rows:,} examples"


def _windows(found: Drift) -> str:
    now, before = found.current, found.reference
    sampled = ""
    if max(now.total - now.looked_at, before.total - before.looked_at) > 0:
        sampled = f" Looked at: {now.looked_at:,} of {now.total:,} runs, and {before.looked_at:,} of {before.total:,}."
    return escaped(
        f"{now.start:%-d %b} to {now.end:%-d %b %Y} against up to twelve weeks before.{sampled} Moved: by "
        "an effect that matters, and by more than chance makes in so many checks."
    )


def _checked(found: Examples) -> str:
    several = f"{found.by_several:,} by several" + (f" ({found.agreed:,} agreed by all)" if found.by_several else "")
    said = f"Checked: {found.by_check:,} by a check alone, {found.by_one:,} by one reviewer, {several}."
    if not found.whole:
        said += f" Read: the newest {found.read:,} of {found.verified:,}."
    if found.weeks:
        said += f" {found.a_week:.2g} more a week ({found.recent:,} verified in {found.weeks:.2g} weeks)."
    others = " and ".join(f"{n:,} ({source})" for n, source in LATER)
    return escaped(f"{said} To begin, guides name 50 to 100; others trained with {others}.")


def _carried(found: MovableContext) -> str:
    parts = {"system prompt": found.system, "notes from the memory": found.notes}
    if found.tools_known:
        parts["tool definitions"] = found.tools
    said = f"About {found.a_call.value:,.0f} tokens a call in the median"
    if found.a_call.interval:
        said += f" ({between(found.a_call.interval, _whole)}, n {found.a_call.n})"
    said += f": {', '.join(f'{name} {n:,.0f}' for name, n in parts.items())}."
    if found.a_run.interval:
        low, high = (
            many_tokens(1_000 * max(0.0, end)) for end in (found.a_run.interval.low, found.a_run.interval.high)
        )
        said += f" In 1,000 runs {low} to {high} tokens"
        if found.dollars and found.dollars.interval:
            ends = (1_000 * max(0.0, end) for end in (found.dollars.interval.low, found.dollars.interval.high))
            said += f", {' to '.join(dollars(end) for end in ends)}"
        said += "."
    cache = f"{percent(found.cached)} of them came from a cache, where they cost less" if found.cache_known else ""
    said += f" {cache or 'No call told of a cache'}."
    if not found.tools_known:
        said += " Tool definitions were not recorded."
    return escaped(f"{said} It pays from {percent(WORTH)} on: tuned models cost about half as much again.")


def _whole(value: float) -> str:
    return f"{value:,.0f}"
