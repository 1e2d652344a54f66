"""Signals on the screen: those of a run, told apart by icon and word; those that wait; a filter by what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from core.ingest.signals import EDIT
from core.records import Signal, SignalKind
from core.store.signals import SignalLine
from dashboard.parts.numbers import clipped, escaped
from dashboard.parts.reading import plain

ICONS = {SignalKind.EXPLICIT: "person", SignalKind.IMPLICIT: "directions_walk", SignalKind.AUTOMATED: "smart_toy"}
ABOUT = "Evidence of quality. Explicit: what a person judged. Implicit: what a user did. Automated: what a test, a "
ABOUT += "validator or a judge found."
EDITED = "the user changed it"
TONES = {True: "good", False: "bad", None: ""}
MOST = 100
LONGEST = 400
EDITS = 5

Choice = tuple[str, bool | None]
"""A signal's name, and what it has to say."""


def signal_choices(names: Sequence[str]) -> dict[str, Choice]:
    """What a list may be narrowed to, by the words that stand for it in the picker and in the address."""
    found: dict[str, Choice] = {"": ("", None)}
    for name in names:
        found |= {name: (name, None), f"{name} · solved": (name, True), f"{name} · failed": (name, False)}
    return found


def show_signals(n: int, lines: Sequence[SignalLine], trace: int, places: Mapping[str, int]) -> None:
    """The signals of a run; `places` are the positions of the steps that they are about."""
    with st.container(width=640):
        st.markdown("\n\n".join(_told(line, _about(line, trace, places)) for line in lines))
        for line in [one for one in lines if is_edit(one.signal) and one.replaced_at is None][:EDITS]:
            st.caption(
                f":material/edit: The answer as {EDITED} ({_about(line, trace, places)}); no reviewer confirmed it"
            )
            st.text(plain(str(line.signal.value)))
        _show_rest(n, lines)


def show_waiting(n: int, lines: Sequence[SignalLine]) -> None:
    """Signals whose run has not arrived."""
    said = "They came before their run, or their run was never sent. Each is kept, and attached when its run arrives."
    name = f"{n:,} signal{'' if n == 1 else 's'} wait{'s' if n == 1 else ''} for {'its' if n == 1 else 'their'} run"
    with st.popover(name, type="tertiary", icon=":material/hourglass_top:", help=said), st.container(width=640):
        st.markdown("\n\n".join(_told(line, f"trace {escaped(clipped(line.signal.trace_id, 60))}") for line in lines))
        _show_rest(n, lines)


def _show_rest(n: int, lines: Sequence[SignalLine]) -> None:
    if n > len(lines):
        st.caption(f"The newest {len(lines):,} of {n:,} signals.")


def step_label(signal: Signal) -> dict[str, str]:
    """A signal as the trace reader shows it at its step."""
    edit, note = is_edit(signal), plain(signal.comment)
    text = f"{EDITED} to" if edit else f"{signal.name}: {clipped(_word(signal), LONGEST)}"
    who = f"{signal.source or 'somebody'} ({signal.kind.value} signal)"
    whole = "\n".join(filter(None, (plain(str(signal.value)), note))) if edit else note
    return {"text": text, "who": who, "note": whole, "tone": TONES[signal.success]}


def is_edit(signal: Signal) -> bool:
    """Whether its value is the answer as a user changed it: something to review, not a reviewer's word."""
    return signal.name == EDIT and isinstance(signal.value, str)


def _told(line: SignalLine, about: str) -> str:
    """A signal in Markdown: its kind, name, value and what it says; who, when and about what; the comment."""
    signal = line.signal
    value = escaped(clipped(_word(signal), 40 if is_edit(signal) else LONGEST))
    if line.replaced_at is not None:
        value, says = f"~~{value}~~", f" · replaced {_when(line.replaced_at)}"
    else:
        says = {True: " · :blue[:material/check_circle: solved]", False: " · :red[:material/cancel: failed]"}.get(
            signal.success, ""
        )
    kind = f":material/{ICONS[signal.kind]}: {signal.kind.value}"
    facts = " · ".join(filter(None, (escaped(signal.source), _when(line.at), about)))
    rows = [f"{kind} · **{escaped(signal.name)}** {value}{says}", f":gray[:small[{facts}]]"]
    if signal.comment:
        rows.append(escaped(clipped(plain(signal.comment), LONGEST)))
    return "  \n".join(rows)


def _word(signal: Signal) -> str:
    return {True: "yes", False: "no"}[signal.value] if isinstance(signal.value, bool) else plain(str(signal.value))


def _about(line: SignalLine, trace: int, places: Mapping[str, int]) -> str:
    step = line.signal.step_id
    if step is None:
        return "the run"
    if step not in places:
        return f"step {escaped(clipped(step, 20))}, which is not here"
    return f"[step {places[step] + 1}](?trace={trace}&step={places[step] + 1})"


def _when(at: datetime) -> str:
    return f"{at:%d %b %Y, %H:%M} UTC"
