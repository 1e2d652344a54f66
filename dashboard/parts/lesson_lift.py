"""The view “Lift” of Lessons: does the memory help, and each lesson; and what to do about one that harms."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import streamlit as st

from core.errors import LoopwrightError
from core.evaluate.lift import LessonLift, MemoryLift
from core.measure.lift import LEAST
from core.memory.lessons import retire
from core.records import LessonState
from core.store.lessons import LIMITS, LessonLine, lessons_by_uid
from dashboard.identity import Actor
from dashboard.lift_chart import lift_by_week, success_with_and_without
from dashboard.parts.figures import choose, show_chart, show_small_table, show_table
from dashboard.parts.lesson_card import show_words
from dashboard.parts.lift_loaded import lately, lift_of
from dashboard.parts.lift_words import (
    NEVER,
    VERDICTS,
    effort_rows,
    left_out_sentences,
    lesson_rows,
    memory_rows,
    retiring_reason,
    use_line,
    week_rows,
)
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.settled import Settled, keep, with_settled
from dashboard.process import index_due, shares, store

EVERY = "all agents"
LIST = "lessons lift"
MOST_AGENTS = 8
MOST_HARMFUL = 5


def show_lift(actor: Actor, agents: Sequence[str]) -> None:
    """The memory as a whole, by week, then lesson by lesson."""
    agent = choose(st.columns([1, 3])[0], "Agent", [EVERY, *agents], "lessons_agent") if len(agents) > 1 else EVERY
    memory, lessons = lift_of("" if agent == EVERY else agent)
    with store().reading() as session:
        lines = lessons_by_uid(session, [one.lesson for one in lessons])
    if memory.whole.n_with + memory.whole.n_without:
        _memory(memory, agent)
    else:
        st.info(_nothing(memory), icon=":material/balance:")
    _left_out(memory)
    if lessons:
        _lessons(lessons, lines, actor)


def show_use(uid: str) -> None:
    """How often a lesson was given and what that did, in one line of its card."""
    found = lately().get(uid)
    said = escaped(use_line(found, shares().hold_back) if found else NEVER)
    if found:
        said += f" · [its runs](traces?traces_lesson={quote(uid, safe='')})"
    icon, colour = VERDICTS["harms"]
    st.caption(f":{colour}[{icon}] {said}" if found and found.harms else f":material/balance: {said}")


def _nothing(memory: MemoryLift) -> str:
    return (
        "Here stands whether lessons help: runs that were given some, against those that by chance were not. It takes "
        "runs that ask for lessons under a name (`run_key`, `trace_id` or `session_id`), arrive here, and have an "
        f"outcome. {100 * memory.share:.0f} % of them go without lessons."
    )


def _memory(memory: MemoryLift, agent: str) -> None:
    icon, colour = VERDICTS[memory.whole.verdict]
    st.badge(memory.whole.verdict, icon=icon, color=colour)
    named = [(agent, memory.whole)]
    if agent == EVERY and len(memory.agents) > 1:
        named += [(one.agent, one.lift) for one in memory.agents[:MOST_AGENTS]]
    figure = success_with_and_without(named, memory.share)
    show_chart(figure, memory_rows(named, memory.share), "lessons_lift", ["Verdict"], opened=True)
    st.markdown("**What lessons cost a run**")
    show_small_table(effort_rows(memory.whole))
    if len(memory.weeks) > 1:
        show_chart(lift_by_week(memory.weeks), week_rows(memory.weeks), "lessons_lift_weeks")


def _left_out(memory: MemoryLift) -> None:
    counted, left_out = memory.whole.n_with + memory.whole.n_without, left_out_sentences(memory.left_out)
    if not counted and not left_out:
        return
    said = f"Counted: {counted:,} runs with an outcome for which at least one lesson was chosen. Which runs go without "
    said += f"is decided by a hash of their name, for {100 * memory.share:.0f} % of all."
    if left_out:
        said += f" Not counted: {'; '.join(left_out)}."
    st.caption(escaped(said))


def _lessons(lessons: Sequence[LessonLift], lines: dict[str, LessonLine], actor: Actor) -> None:
    withheld = shares().hold_back
    st.header(
        "Lesson by lesson",
        anchor=False,
        help="Each lesson is held back from some of the runs it was chosen for, by a hash of the run and the lesson; "
        "the others are given all the same. So this is its own effect.",
    )
    _harmful([one for one in lessons if one.harms and one.lesson in lines], lines, actor)
    told = sum(min(one.lift.n_with, one.lift.n_without) >= LEAST for one in lessons)
    chance = "Each is judged at 95 %: of forty that do nothing about one is called harmful by chance, and one helpful."
    st.caption(
        f"{told:,} of {len(lessons):,} lessons have {LEAST} runs or more with and without. {chance if told else ''}"
    )
    show_table(lesson_rows(lessons, lines, withheld), "The lift of each lesson", words=["Verdict", "State"])


def _harmful(harmful: Sequence[LessonLift], lines: dict[str, LessonLine], actor: Actor) -> None:
    """Those that harm and are active: what they say, and the suggestion to retire them. Nothing is done by itself."""
    found = {
        lines[one.lesson].id: (lines[one.lesson], one, retiring_reason(one))
        for one in harmful
        if lines[one.lesson].state is LessonState.ACTIVE
    }
    rows = with_settled(LIST, found)
    for (line, one, reason), became in rows[:MOST_HARMFUL]:
        icon, colour = VERDICTS["harms"]
        with st.container(border=True):
            st.markdown(f":{colour}[{icon}] **Runs do worse with this lesson. Retire it?**")
            show_words(line, by_hand=False)
            with st.form(f"lessons_harm_{line.uid}", border=False, enter_to_submit=False):
                key = f"lessons_harm_{line.uid}_{'given' if became else 'reason'}"
                st.text_input("Reason", reason, key=key, max_chars=LIMITS["why"], disabled=bool(became))
                with st.container(horizontal=True, vertical_alignment="center"):
                    st.form_submit_button(
                        "Retire",
                        icon=":material/inventory_2:",
                        key=f"lessons_harm_{line.uid}_retire",
                        on_click=_retire,
                        args=(line, one, actor, key),
                        disabled=bool(became) or not actor.leads,
                        help=None if actor.leads else "Only a lead can retire a lesson.",
                    )
                    if became:
                        st.caption(f":material/check: {became}", width="content")
    if len(rows) > MOST_HARMFUL:
        st.caption(f"{len(rows) - MOST_HARMFUL} more that harm stand in the table.")


def _retire(line: LessonLine, one: LessonLift, actor: Actor, key: str) -> None:
    reason = st.session_state.get(key) or ""
    try:
        with store().session() as session:
            retire(session, line.uid, line.revision, actor.id, actor.role, reason)
    except LoopwrightError as error:
        refused(error.message)
        return
    index_due.set()
    done("Retired: no longer given.")
    keep(Settled(LIST, line.id, (line, one, reason), "retired"))
