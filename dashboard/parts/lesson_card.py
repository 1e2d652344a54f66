"""One lesson as a person reads it: what it says, whom it is for, what it rests on, and who decided what.

Everything that somebody typed is shown as text: never as Markdown or HTML, in which a picture would be fetched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path

import streamlit as st

from core.clock import now
from core.memory.lessons import REVIEWERS_NEEDED
from core.memory.prompt import RecalledLesson
from core.records import LessonState
from core.store.lesson_evidence import Evidence
from core.store.lessons import LessonLine, LessonRevision

_TRACES = Path(__file__).resolve().parents[2] / "pages" / "traces.py"
_VERB = {
    LessonState.PROPOSED: "proposed",
    LessonState.APPROVED: "approved",
    LessonState.ACTIVE: "made active",
    LessonState.REJECTED: "rejected",
    LessonState.RETIRED: "retired",
    LessonState.SUPERSEDED: "replaced",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!|<>~:$-])")

STYLE = """<style>
dl.lesson { margin: 0 0 .4rem; padding: 0; display: grid; gap: .15rem .6rem;
  grid-template-columns: 3rem minmax(0, 1fr) }
dl.lesson dt { opacity: .7; font-size: .85em; line-height: 1.75; font-weight: 400 }
dl.lesson dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 78ch }
dl.lesson .when { font-weight: 600 }
.told { font-size: .85em; opacity: .8; margin: 0; overflow-wrap: anywhere }
ul.told { padding-left: 1.1rem; max-width: 34rem }
ul.recalled { list-style: none; margin: 0; padding: 0 }
ul.recalled li { display: grid; grid-template-columns: 2.6rem minmax(0, 1fr); gap: .6rem; margin: 0; padding: .6rem 0;
  border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent) }
ul.recalled .score { font-variant-numeric: tabular-nums; text-align: right; font-weight: 600 }
ul.faint li { opacity: .62 }
ul.recalled dl.lesson, .near dl.lesson { margin: 0 }
.near { border-left: 3px solid color-mix(in srgb, currentColor 30%, transparent); padding: .1rem 0 .1rem .8rem }
.near dl.lesson .when { font-weight: 400 }
</style>"""


def plain(text: str) -> str:
    """Text for a label that Streamlit reads as Markdown: it stands there as it was written."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def show_words(line: LessonLine, by_hand: bool, agreed: Sequence[str] = (), instead: LessonLine | None = None) -> None:
    """The lesson's own words; under them whom it is for, and who proposed, agreed to and last changed it.

    `instead` is what took the place of a superseded one.
    """
    told = [scope(line), f"proposed by {escape(line.created_by)} {_time(line.created_at)}"]
    if line.valid_until:
        over = line.valid_until < now().date().isoformat()
        told.insert(
            1, f"<b>expired on {line.valid_until}: no longer given</b>" if over else f"valid until {line.valid_until}"
        )
    if by_hand:
        told.append("written by hand: it rests on no run")
    if agreed:
        told.append(
            f"<b>approved by {escape(' and '.join(agreed))}</b> ({len(agreed)} of {REVIEWERS_NEEDED} reviewers)"
        )
    elif line.revision > 1:
        verb = "edited" if line.state is LessonState.PROPOSED else line.state.value
        told.append(f"{verb}: {escape(line.changed_by)}, {_time(line.changed_at)}")
    if instead is not None:
        told.append(f"in its place, {instead.state}: “{escape(instead.when)}”")
    st.html(words(line.when, line.guidance, line.avoid, line.why) + f'<p class="told">{" · ".join(told)}</p>')


def scope(line: LessonLine) -> str:
    """Whom a lesson is for, in HTML."""
    said = f"for {escape(line.agent)}" if line.agent else "for every agent"
    said += f", when it uses {escape(line.tool)}" if line.tool else ""
    return said + (f", in tasks of {escape(line.tags)}" if line.tags else "")


def words(when: str, guidance: str, avoid: str, why: str = "") -> str:
    """What a lesson says, in HTML."""
    rows = [("When", when, "when"), ("Do", guidance, ""), ("Don't", avoid, ""), ("Why", why, "")]
    said = "".join(f'<dt>{name}</dt><dd class="{kind}">{escape(text)}</dd>' for name, text, kind in rows if text)
    return f'<dl class="lesson">{said}</dl>'


def show_recalled(lessons: Sequence[RecalledLesson], faint: bool) -> None:
    """Lessons that a situation found, each with its similarity; faint where they would not be given."""
    rows = [
        f'<li><span class="score" title="Similarity, 0 to 1">{one.score:.2f}</span>'
        f"{words(one.when, one.guidance, one.avoid)}</li>"
        for one in lessons
    ]
    st.html(f'<ul class="recalled{" faint" if faint else ""}">{"".join(rows)}</ul>')


def show_evidence(evidence: Sequence[Evidence]) -> None:
    """A link to each step that the lesson rests on, with who reviewed the run."""
    if not evidence:
        return
    with st.container(horizontal=True, gap="small"):
        for one in evidence:
            step = {} if one.position is None else {"step": str(one.position + 1)}
            at = f", step {step['step']}" if step else ""
            said = f" · reviewed by {plain(one.reviewer)}" if one.reviewer else ""
            st.page_link(
                _TRACES,
                label=f"{plain(one.title[:48]) or plain(one.trace_uid[:16])}{at}{said}",
                icon=":material/link:",
                help=f"Read the run {plain(one.trace_uid)}",
                query_params={"trace": str(one.trace_id), **step},
            )


def show_history(history: Sequence[LessonRevision]) -> None:
    """Every revision, newest first: who did what, when, why, and which words were other before."""
    items = []
    for one, before in zip(history, [*history[1:], None], strict=True):
        changed = [] if before is None else [name for name, text in one.text.items() if before.text.get(name) != text]
        verb = "edited" if before is not None and before.state is one.state else _VERB[one.state]
        reason = f": “{escape(one.reason)}”" if one.reason else ""
        was = "".join(f"<br>{name} was: {escape(before.text[name]) or '(nothing)'}" for name in changed if before)
        items.append(f"<li>{verb} by {escape(one.person)} {_time(one.at)}{reason}{was}</li>")
    st.html(f'<ul class="told">{"".join(items)}</ul>')


def _time(at: datetime) -> str:
    """A time relative to now, with the exact one on hover."""
    seconds = (now() - at).total_seconds()
    steps = [(86_400, "d"), (3_600, "h"), (60, "min")]
    said = next((f"{seconds / size:.0f} {unit} ago" for size, unit in steps if seconds >= size), "just now")
    return f'<time title="{at:%Y-%m-%d %H:%M} UTC">{said}</time>'
