"""Whether somebody answers otherwise than before while others do not, as sentences and as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.evaluate.annotator_drift import ENOUGH, LATEST, AnnotatorDrift, AnswerDrift, TimeDrift
from core.measure.intervals import Rate
from dashboard.parts.figures import show_table
from dashboard.parts.numbers import duration, escaped, mean, share

WEEKS = LATEST.days // 7
MOST = 5
HOW = (
    f"Each person's latest {WEEKS} weeks (to their last answer) against all before, with at least {ENOUGH} answers in "
    "both, and against the others in the same weeks. Tests are Fisher's exact one and, for times, Mann and Whitney's; "
    "p is adjusted for all of them (Benjamini and Hochberg), so that about 5 % of what is named here is chance. "
    "Reviewers read different runs: a change may lie in what they were given."
)


def show_drift(drift: AnnotatorDrift) -> None:
    """What stands out, and all that was tested."""
    st.header("Over time", anchor=False, help="Does a person answer as they did before?")
    for icon, colour, sentence in findings(drift):
        st.markdown(f":{colour}[{icon}] {escaped(sentence)}")
    if drift.tests:
        with st.expander(f"All {drift.tests:,} comparisons"):
            show_table(answer_rows(drift.answers), "How often each answer was given, before and now", words=["Answer"])
            if drift.times:
                show_table(time_rows(drift.times), "Active time an item, before and now", words=["Schema"])
        st.caption(HOW)


def findings(drift: AnnotatorDrift) -> list[tuple[str, str, str]]:
    """(icon, colour, sentence): who changed, at most MOST of each kind; else that nobody did, or that nothing tells."""
    if not drift.tests:
        few = f"Not enough data: nobody has {ENOUGH} answers to a question in their latest {WEEKS} weeks and before."
        return [(":material/hourglass_empty:", "gray", few)]
    changed = _clearest([one for one in drift.answers if one.changed])
    slower = [one for one in drift.times if one.changed]
    said = [_mark(one.drifted is not False, answer_sentence(one)) for one in changed[:MOST]]
    said += [_mark(True, time_sentence(one)) for one in slower[:MOST]]
    more = len(changed) + len(slower) - len(said)
    if more:
        said.append(_mark(False, f"{more} more stand in the comparisons below."))
    none = f"Nobody answers otherwise than before by more than chance makes, in {drift.tests:,} comparisons."
    return said or [_mark(False, none)]


def _clearest(changed: Sequence[AnswerDrift]) -> list[AnswerDrift]:
    """Of each person and question one answer, rather one that rose: where one is given more, others are given less."""

    def order(one: AnswerDrift) -> tuple[bool, bool, bool, float]:
        fell = one.after.value < one.before.value
        return one.drifted is not True, one.drifted is not None, fell, one.adjusted

    found: dict[tuple[str, str, str], AnswerDrift] = {}
    for one in sorted(changed, key=order):
        found.setdefault((one.person, one.schema, one.question), one)
    return list(found.values())


def _mark(clear: bool, sentence: str) -> tuple[str, str, str]:
    return (":material/bolt:", "orange", sentence) if clear else (":material/horizontal_rule:", "gray", sentence)


def answer_sentence(one: AnswerDrift) -> str:
    """Who says what how much more often than before, and whether others do."""
    said = f"{one.person} answers “{one.question}” with “{one.answer}” {_times(one.before, one.after)} before "
    said += f"{one.since:%d %b %Y}"
    numbers = f": {share(one.after)} after {share(one.before)}"
    if one.others_before is None or one.others_after is None:
        return f"{said}{numbers}. Too few others answered in these weeks to tell whether the runs changed."
    theirs = f"; others {share(one.others_after)} after {share(one.others_before)}."
    return f"{said}, and others {'do not' if one.drifted else 'may, too'}{numbers}{theirs}"


def _times(before: Rate, after: Rate) -> str:
    if not before.value:
        return "and did not"
    ratio = after.value / before.value
    if ratio >= 1.2:
        return "twice as often as" if 1.9 <= ratio < 2.15 else f"{ratio:.1f} times as often as"
    return "more often than" if ratio > 1 else "less often than"


def time_sentence(one: TimeDrift) -> str:
    """Who takes longer or shorter than before."""
    word = "longer" if one.longer > 0.5 else "less time"
    on = f"items of {one.schema}" if one.schema else "pairs and rankings"
    before, after = (mean(median, duration) for median in (one.before, one.after))
    return f"{one.person} takes {word} on {on} than before {one.since:%d %b %Y}: median {after} after {before}."


def answer_rows(answers: Sequence[AnswerDrift]) -> list[dict[str, str]]:
    """Every answer of every person that could be looked at."""
    words = {True: "they changed, others not", False: "others may have, too", None: "they changed; no others to tell"}
    return [
        {
            "Name": one.person,
            "Answer": f"{one.question} “{one.answer}”",
            "Reading": words[one.drifted] if one.changed else "no clear change",
            "Before": share(one.before),
            "Latest weeks": share(one.after),
            "Others before": share(one.others_before),
            "Others then": share(one.others_after),
            "p": _p(one.adjusted),
            "p against others": "no others" if one.adjusted_others is None else _p(one.adjusted_others),
            "Since": f"{one.since:%Y-%m-%d}",
        }
        for one in answers
    ]


def time_rows(times: Sequence[TimeDrift]) -> list[dict[str, str]]:
    """Everybody's active time, before and now."""
    return [
        {
            "Name": one.person,
            "Schema": one.schema or "pairs and rankings",
            "Reading": "changed" if one.changed else "no clear change",
            "Before": mean(one.before, duration),
            "Latest weeks": mean(one.after, duration),
            "A later item takes longer": f"{100 * one.longer:.0f} % of the time",
            "p": _p(one.adjusted),
            "Since": f"{one.since:%Y-%m-%d}",
        }
        for one in times
    ]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
