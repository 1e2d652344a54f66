"""What was rejected, on the Intake page: by reason, with an example, and the way to try it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.errors import LoopwrightError
from core.ingest.leading import try_again
from core.ingest.refused import Replayed
from core.store.content import text_of
from core.store.intake import get_refusal
from core.store.refusals import Reason, refused
from dashboard.identity import Actor
from dashboard.parts.intake_arrivals import WAYS
from dashboard.parts.numbers import ago, clipped, escaped
from dashboard.parts.reading import plain
from dashboard.process import store

SHOWN = 10
AT_ONCE = 500
"""Records that one click tries again; the next click goes on with the next."""

LONGEST = 4_000
OPEN = "intake_open"
_SAID = "intake_said"
_PLACES = "intake_places"


def show_refusals(actor: Actor) -> None:
    """The section; a reason that is closed costs nothing."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(
            "What was rejected",
            anchor=False,
            help="Each record is kept with its reason, without what is replaced, so that it can be tried again once "
            "whatever was wrong is mended: a newer Loopwright, a run that has arrived meanwhile.",
        )
        st.button("Read again", icon=":material/refresh:", type="tertiary", key="intake_read")
    with store().reading() as session:
        found = refused(session)
    if not found.total:
        st.caption(
            "Nothing was ever rejected. What cannot be taken will stand here by its reason, and can be tried again."
        )
        return
    shown = found.reasons[: st.session_state.get("intake_reasons", SHOWN)]
    some = "" if found.read == found.total else f"The newest {found.read:,} of {found.total:,} rejected records. "
    st.caption(
        f"{some}{len(shown)} of {len(found.reasons):,} {_word(len(found.reasons), 'reason')} shown, newest first."
    )
    for one in shown:
        _show_reason(one, actor)
    if len(shown) < len(found.reasons):
        st.button("Show more reasons", on_click=_more, args=(len(shown) + SHOWN,), key="intake_more")


def _more(n: int) -> None:
    st.session_state.intake_reasons = n


def _show_reason(one: Reason, actor: Actor) -> None:
    said = one.reason if actor.leads else one.shape
    taken = f" · {one.taken:,} taken since" if one.taken else ""
    label = f"**{one.n:,}** × {escaped(clipped(said, 160))} · {WAYS[one.door]} · newest {ago(one.last)}{taken}"
    key = f"{one.door}:{one.shape}"
    # what is open is known by its reason: the label changes with every count, and a new label is a new, closed one
    remembered = st.session_state.setdefault(OPEN, set())
    with st.expander(label, expanded=key in remembered, on_change="rerun") as opened:
        if not opened.open:
            remembered.discard(key)
            return
        remembered.add(key)
        facts = [f"first {_when(one.first)}", f"last {_when(one.last)}"]
        st.caption(escaped(" · ".join(facts)))
        if not actor.leads:
            st.caption(
                "Only leads see records as they came, because they may tell what a blind reviewer must not know."
            )
            return
        if one.sources:
            st.caption(escaped("from " + ", ".join(one.sources)))
        if not one.waiting:
            st.caption("All of them were taken later.")
            _show_replayed(key)
            return
        _show_example(one.waiting[0])
        with st.container(horizontal=True):
            st.button(
                "Try this one again", key=f"intake_one_{key}", on_click=_again, args=(actor, one, one.waiting[:1])
            )
            if len(one.waiting) > 1:
                turn = _next(key, one.waiting)
                name = f"Try all {len(one.waiting):,} again"
                if len(one.waiting) > AT_ONCE:
                    name = f"Try {len(turn):,} of {len(one.waiting):,} again"
                st.button(name, key=f"intake_all_{key}", on_click=_again, args=(actor, one, turn))
        _show_replayed(key)


def _show_example(number: int) -> None:
    try:
        with store().reading() as session:
            example = get_refusal(session, number)
    except LoopwrightError as error:
        st.caption(escaped(error.message))
        return
    st.markdown(f"The newest: **{escaped(example.record) or 'a record'}**, {escaped(example.reason)}")
    text = plain(text_of(example.body))
    if not text:
        st.caption("The record itself was not kept: send it again, or import its file again.")
        return
    st.code(text[:LONGEST], language=None, wrap_lines=True, height=220 if text.count("\n") > 9 else "content")
    if len(text) > LONGEST:
        st.caption(f"The first {LONGEST:,} of {len(text):,} characters.")


def _next(key: str, waiting: Sequence[int]) -> list[int]:
    """The records to try at the next click: those after the ones that were tried last, then from the start again."""
    place = st.session_state.get(_PLACES, {}).get(key)
    rest = [number for number in waiting if place is None or number < place]
    return (rest or list(waiting))[:AT_ONCE]


def _again(actor: Actor, one: Reason, refusals: Sequence[int]) -> None:
    key = f"{one.door}:{one.shape}"
    st.session_state.setdefault(_PLACES, {})[key] = refusals[-1]
    try:
        st.session_state[_SAID] = (key, len(refusals), try_again(store(), actor.role, refusals), "")
    except LoopwrightError as error:
        st.session_state[_SAID] = (key, len(refusals), None, error.message)


def _show_replayed(key: str) -> None:
    """What came of the last try, under the reason that it was for."""
    of, tried, done, problem = st.session_state.get(_SAID, ("", 0, None, ""))
    if of != key:
        return
    if done is None:
        st.error(escaped(problem), icon=":material/error:")
        return
    still = told(done)
    if not still:
        st.success(f"{_all(tried)} taken.", icon=":material/check:")
        return
    said = f"{done.taken:,} of {tried:,} {'was' if done.taken == 1 else 'were'} taken. Still rejected:"
    rows = "\n".join(f"- {escaped(line)}" for line in still)
    st.warning(f"{said}\n{rows}", icon=":material/replay:")


def told(done: Replayed, most: int = 5) -> list[str]:
    """Why records are still not taken, the most frequent reason first."""
    counted = Counter(reason.partition(": ")[2] or reason for reason in done.reasons).most_common()
    said = [f"{n:,} × {clipped(reason, 300)}" for reason, n in counted[:most]]
    rest = sum(n for _, n in counted[most:])
    return [*said, f"{rest:,} for other reasons"] if rest else said


def _all(n: int) -> str:
    return "It was" if n == 1 else f"All {n:,} were"


def _word(n: int, one: str) -> str:
    return one if n == 1 else f"{one}s"


def _when(at: object) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"
