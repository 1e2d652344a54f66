"""Signals on the screen: those of a run, told apart by icon and word; those that wait; a filter by what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.ingest.signals import EDIT
from core.records import Signal, SignalKind
from core.store.signals import SignalLine
from dashboard.parts.numbers import clipped, escaped
from dashboard.parts.reading import plain

ICONS = {SignalKind.EXPLICIT: "person", SignalKind.IMPLICIT: "directions_walk", SignalKind.AUTOMATED: "smart_toy"}
ABOUT = "Evidence of quality. Explicit: what a person judged. Implicit: what a user did. Automated: what a test, a "
ABOUT += "validator or a judge found."
SAYS = {True: ":material/check_circle: solved", False: ":material/cancel: failed", None: ""}
TONES = {True: "good", False: "bad", None: ""}
MOST = 100
LONGEST = 160
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
    with st.container(width=860):
        head = ["Kind", "Signal", "Value", "Says", "About", "Who", "When", "Comment"]
        st.markdown(_table(head, [_cells(line, trace, places) for line in lines]))
        if n > len(lines):
            st.caption(f"The newest {len(lines):,} of {n:,} signals.")
        for line in [one for one in lines if is_edit(one.signal) and one.replaced_at is None][:EDITS]:
            said = f"The answer as the user changed it ({_about(line, trace, places)}). No reviewer has confirmed it."
            st.caption(f":material/edit: {said}")
            st.text(plain(str(line.signal.value)))


def show_waiting(n: int, lines: Sequence[SignalLine]) -> None:
    """Signals whose run has not arrived."""
    said = "They came before their run, or their run was never sent. Each is kept, and attached when its run arrives."
    name = f"{n:,} signal{'' if n == 1 else 's'} wait{'s' if n == 1 else ''} for {'its' if n == 1 else 'their'} run"
    with st.popover(name, type="tertiary", icon=":material/hourglass_top:", help=said), st.container(width=760):
        rows = [[escaped(clipped(line.signal.trace_id, 60)), *_said(line), _when(line)] for line in lines]
        st.markdown(_table(["Trace id", "Kind", "Signal", "Value", "Says", "Who", "When"], rows))
        if n > len(lines):
            st.caption(f"The newest {len(lines):,} of {n:,} signals.")


def step_label(signal: Signal) -> dict[str, str]:
    """A signal as the trace reader shows it at its step."""
    edit, note = is_edit(signal), plain(signal.comment)
    text = "the user changed it to" if edit else f"{signal.name}: {clipped(plain(str(signal.value)), LONGEST)}"
    who = f"{signal.source or 'somebody'} ({signal.kind.value} signal)"
    whole = "\n".join(filter(None, (plain(str(signal.value)), note))) if edit else note
    return {"text": text, "who": who, "note": whole, "tone": TONES[signal.success]}


def is_edit(signal: Signal) -> bool:
    """Whether its value is the answer as a user changed it: something to review, not a reviewer's word."""
    return signal.name == EDIT and isinstance(signal.value, str)


def _cells(line: SignalLine, trace: int, places: Mapping[str, int]) -> list[str]:
    *said, who = _said(line)
    comment = escaped(clipped(plain(line.signal.comment), LONGEST))
    return [*said, _about(line, trace, places), who, _when(line), comment]


def _said(line: SignalLine) -> list[str]:
    signal = line.signal
    value = escaped(clipped(plain(str(signal.value)), LONGEST if signal.name != EDIT else 40))
    if line.replaced_at is not None:
        value = f"~~{value}~~ (replaced)"
    kind = f":material/{ICONS[signal.kind]}: {signal.kind.value}"
    says = SAYS[signal.success] if line.replaced_at is None else ""
    return [kind, escaped(signal.name), value, says, escaped(signal.source)]


def _about(line: SignalLine, trace: int, places: Mapping[str, int]) -> str:
    step = line.signal.step_id
    if step is None:
        return "the run"
    if step not in places:
        return f"step {escaped(clipped(step, 20))}, which is not here"
    return f"[step {places[step] + 1}](?trace={trace}&step={places[step] + 1})"


def _when(line: SignalLine) -> str:
    return f"{line.at:%d %b %Y, %H:%M} UTC"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, [":--"] * len(head), *rows]
    return "\n".join(f"|{'|'.join(line)}|" for line in lines)
