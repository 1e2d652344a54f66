"""The lessons near a proposal, and the question how it stands to each: asked once, by one key or one click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.errors import LoopwrightError
from core.memory.neighbours import Neighbour, OpenLessons, near_words, neighbours, open_lessons, say
from core.records import Lesson, LessonState
from core.store.lesson_opinions import Related, Relation, relations
from core.store.lessons import UNDECIDED, LessonLine, count_lessons, lessons_by_row
from dashboard.identity import Actor
from dashboard.parts.lesson_card import plain, scope, words
from dashboard.parts.notices import done, refused
from dashboard.parts.numbers import escaped
from dashboard.parts.settled import Settled, keep
from dashboard.process import index_due, lesson_index, settings, store

ASKED = {
    Relation.DIFFERENT: ("Different", "Another situation or another advice: both stand, each for itself."),
    Relation.SAME: ("The same", "Its evidence goes to the other one, and this proposal leaves the list."),
    Relation.REPLACES: ("Replaces it", "Once this one is active, the other one is superseded."),
    Relation.CONTRADICTS: ("Contradicts it", "A lead sees both side by side and decides."),
}
_SAID = {
    Relation.DIFFERENT: "different",
    Relation.SAME: "the same",
    Relation.REPLACES: "one replaces the other",
    Relation.CONTRADICTS: "one contradicts the other",
}
_TOLD = {
    Relation.DIFFERENT: "Different: both stand.",
    Relation.SAME: "The same: its evidence went to the other one.",
    Relation.REPLACES: "It takes the other one's place as soon as it is active.",
    Relation.CONTRADICTS: "A lead decides between the two.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the lessons of a page: those near each (by id), what was said of two (row ids), and what
    took the place of those that are superseded (by row id)."""

    near: Mapping[str, Sequence[Neighbour]]
    said: Mapping[frozenset[int], Related]
    instead: Mapping[int, LessonLine]


def look_around(lines: Sequence[LessonLine]) -> Around:
    """All of that in one go for the lessons of a page; near ones only for those that wait for a decision."""
    with store().reading() as session:
        said = relations(session, [line.id for line in lines]) if lines else []
        gone = {line.id for line in lines if line.state is LessonState.SUPERSEDED}
        taken = {}
        for one in reversed(said):
            if one.kind is Relation.SAME and one.lesson in gone:
                taken[one.lesson] = one.other
            elif one.kind is Relation.REPLACES and one.other in gone:
                taken[one.other] = one.lesson
        rows = {line.id: line for line in lessons_by_row(session, sorted(set(taken.values())))}
    instead = {line: rows[other] for line, other in taken.items() if other in rows}
    return Around(_near([line for line in lines if line.state in UNDECIDED]), _pairs(said), instead)


def _pairs(said: Sequence[Related]) -> dict[frozenset[int], Related]:
    return {frozenset((one.lesson, one.other)): one for one in said}


def _near(lines: Sequence[LessonLine]) -> dict[str, list[Neighbour]]:
    if not lines:
        return {}
    try:
        with store().reading() as session:
            return neighbours(session, lesson_index(), lines, _embedded())
    except LoopwrightError as error:
        st.caption(f":material/cloud_off: Which lessons are near cannot be shown now. {escaped(error.message)}")
        return {}


def near_typed(lesson: Lesson) -> list[Neighbour]:
    """The lessons near words that are not proposed yet; none where the index is away, which hinders nobody."""
    try:
        with store().reading() as session:
            return near_words(session, lesson_index(), lesson, _embedded())
    except LoopwrightError:
        return []


def _embedded() -> OpenLessons:
    with store().reading() as session:
        total = sum(count_lessons(session).values())
    return _open(settings().database_url, total // (1 + total // 1_000))  # of thousands, a few new ones may be missing


@st.cache_resource(max_entries=2, ttl=60, show_spinner="Reading the proposals …")
def _open(database: str, stamp: int) -> OpenLessons:
    with store().reading() as session:
        return open_lessons(session, lesson_index())


def unanswered(line: LessonLine, around: Around) -> list[Neighbour]:
    """The lessons near this one of which nobody has said yet how the two stand to each other."""
    near = around.near.get(line.uid, ())
    return [one for one in near if frozenset((line.id, one.line.id)) not in around.said]


def ask_near(line: LessonLine, around: Around, actor: Actor, keys: bool) -> None:
    """The nearest lesson that nobody was asked about, and the four answers; with keys 1 to 4 where `keys` is set."""
    waiting = unanswered(line, around)
    if not waiting:
        return
    other = waiting[0]
    more = f", {len(waiting) - 1} more after it" if len(waiting) > 1 else ""
    state = "an active lesson" if other.line.state is LessonState.ACTIVE else "another proposal"
    with st.container(key=f"near_{line.uid}", gap="small"):
        st.html(
            f'<div class="near"><p class="told">Near {state} {scope(other.line)} (similarity {other.score:.2f}{more}). '
            f"How does the one above stand to it?</p>{shown(other.line)}</div>"
        )
        with st.container(horizontal=True, gap="small"):
            for number, (kind, (label, about)) in enumerate(ASKED.items(), 1):
                barred = kind is Relation.SAME and not actor.leads and line.created_by_id != actor.id
                st.button(
                    label,
                    key=f"lessons_{line.uid}_{other.line.uid}_{kind}",
                    shortcut=str(number) if keys else None,
                    on_click=_say,
                    args=(line, other.line, kind, actor),
                    disabled=barred,
                    help="Whoever wrote it, or a lead, can say that it is the same as another one."
                    if barred
                    else about,
                )


def show_near(line: LessonLine, around: Around, actor: Actor) -> None:
    """All lessons that are near, with what was said of each, and a way to say otherwise."""
    items = []
    for one in around.near.get(line.uid, ()):
        said = around.said.get(frozenset((line.id, one.line.id)))
        told = f"{escape(said.person)} said: {_SAID[said.kind]}" if said else "not asked yet"
        stands = f"{one.line.state} · {scope(one.line)} · {told}"
        items.append(
            f'<li><span class="score" title="Similarity, 0 to 1">{one.score:.2f}</span>'
            f'<div>{shown(one.line)}<p class="told">{stands}</p></div></li>'
        )
    st.html(f'<ul class="recalled">{"".join(items)}</ul>')
    for one in around.near.get(line.uid, ()):
        said = around.said.get(frozenset((line.id, one.line.id)))
        if said is not None and line.state in UNDECIDED and (actor.leads or said.person_id == actor.id):
            _say_otherwise(line, one.line, said.kind, actor)


def _say_otherwise(line: LessonLine, other: LessonLine, kind: Relation, actor: Actor) -> None:
    key = f"lessons_{line.uid}_{other.uid}_otherwise_{kind}"

    def say_it() -> None:
        if st.session_state[key] is not None:
            _say(line, other, st.session_state[key], actor)

    st.segmented_control(
        f"Say otherwise of “{plain(other.when[:60])}”",
        list(ASKED),
        default=kind,
        format_func=lambda one: ASKED[one][0],
        key=key,
        on_change=say_it,
        help="What was said before stays in the history.",
    )


def shown(line: LessonLine) -> str:
    """The words of a lesson in HTML."""
    return words(line.when, line.guidance, line.avoid)


def _say(line: LessonLine, other: LessonLine, kind: Relation, actor: Actor) -> None:
    try:
        with store().session() as session:
            say(session, line.uid, other.uid, kind, actor.id, actor.role)
    except LoopwrightError as error:
        refused(error.message)
        return
    index_due.set()
    done(_TOLD[kind])
    if kind is Relation.SAME:
        keep_place(line, f"the same as “{other.when[:80]}”")


def keep_place(line: LessonLine, became: str) -> None:
    """A lesson that left its list keeps its place there; one that a link shows alone stands in no list."""
    if "lessons_view" in st.session_state:
        keep(Settled(f"lessons {st.session_state.lessons_view}", line.id, line, became))
