"""What was said of a run, pair or ranking, by whom and when, and what each revision changed; as a person may see it.

A lead sees all. A reviewer sees their own words, and others' once they have submitted on the same item themselves; of a
run that they may still be given to judge blind, nothing (law 7).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy.orm import Session

from core.records import LabelSchema, Mark, Question, QuestionKind, Role
from core.review.adjudication import PREFERRED, RANKED, questions_of
from core.store.content import text_of
from core.store.disagreements import positions
from core.store.hidden import hidden_traces
from core.store.history import Revision, revisions
from core.store.judgements import schemas_in_use
from core.store.pairs import pair_row
from core.store.people import PersonLine
from core.store.rankings import candidate_rows
from core.store.resolutions import Resolved, Subject, resolution_history
from core.store.revisions import REPEAT

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS = 4_000


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text and what became of it: "same", "gone" or "new"."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose answer is another than before, as text; of long texts, word by word."""

    title: str
    before: str
    after: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One revision or resolution: who `did` what, on which step ("": the whole), and what that changed."""

    at: datetime
    person: str
    machine: bool
    did: str
    step: str
    changes: tuple[Change, ...]
    revision: Revision | None = None
    resolved: Resolved | None = None


def history(session: Session, subject: Subject, person: PersonLine) -> list[Event]:
    """All that was said and decided on a subject (of a run, on its steps too) that a person may see, in order."""
    said, ruled = revisions(session, subject), resolution_history(session, subject)
    if person.role is not Role.LEAD:
        said, ruled = _shown(session, subject, person, said, ruled)
    schemas = schemas_in_use(session)
    trace = subject.trace_id
    places = positions(session, [trace])[trace] if trace is not None and said else {}
    before: dict[tuple[Any, ...], Revision] = {}
    events = []
    for one in said:
        key = (one.person_id, one.subject, one.schema if subject.trace_id is not None else "", one.place == REPEAT)
        asked = questions_of(None if one.schema_id is None else schemas[one.schema_id], one.subject)
        changed = _changes(before.get(key), one, asked, places)
        machine = one.role is Role.MACHINE
        did = _did(before.get(key), one)
        events.append(Event(one.at, one.person, machine, did, _step(one.subject, places), changed, revision=one))
        before[key] = one
    events += [_resolution(one, schemas, places) for one in ruled]
    return sorted(events, key=lambda event: event.at)


def _shown(
    session: Session, subject: Subject, person: PersonLine, said: list[Revision], ruled: list[Resolved]
) -> tuple[list[Revision], list[Resolved]]:
    """What a reviewer may see; a hidden repeat is not told from what was asked openly, so it is left out."""
    traces = [subject.trace_id]
    if subject.pair_id is not None:
        pair = pair_row(session, subject.pair_id)
        traces = [pair.trace_a_id, pair.trace_b_id]
    elif subject.ranking_id is not None:
        traces = [one.trace_id for one in candidate_rows(session, subject.ranking_id)]
    if hidden_traces(session, person.id, [trace for trace in traces if trace is not None]):
        return [], []
    submitted = {
        (one.subject, one.schema)
        for one in said
        if one.person_id == person.id and (one.current or (one.place == "surplus" and not one.withdrawn))
    }
    compared = subject.trace_id is None and bool(submitted)
    open_to = [
        one
        for one in said
        if one.place != REPEAT and (one.person_id == person.id or compared or (one.subject, one.schema) in submitted)
    ]
    return open_to, [one for one in ruled if compared or (one.subject, one.schema) in submitted]


def _did(before: Revision | None, one: Revision) -> str:
    if one.withdrawn:
        return "withdrew"
    return "answered" if before is None or before.withdrawn or one.place == REPEAT else "changed"


def _changes(
    before: Revision | None, after: Revision, asked: Sequence[Question], places: Mapping[str, int]
) -> tuple[Change, ...]:
    """What an edit changed, question by question; of a first answer, all that it says. A withdrawal changes nothing."""
    if after.withdrawn:
        return ()
    new = said_texts(after, asked, places)
    if before is None or before.withdrawn:
        return tuple(Change(title, "", text, (Part("same", text),)) for title, text in new.items())
    old = said_texts(before, asked, places)
    return tuple(
        Change(title, old.get(title, ""), new.get(title, ""), word_changes(old.get(title, ""), new.get(title, "")))
        for title in dict.fromkeys([*old, *new])
        if old.get(title, "") != new.get(title, "")
    )


def said_texts(said: Revision, asked: Sequence[Question], places: Mapping[str, int]) -> dict[str, str]:
    """A question's title → what was answered, in words; corrections, and a choice's reason and certainty, too.

    `places` are the positions of the run's steps, which people count from 1.
    """
    found: dict[str, str] = {}
    for question in asked:
        marks = [mark for mark in said.marks if mark.question == question.key]
        text = answer_text(question, said.answers.get(question.key), marks, places)
        if text:
            found[question.title] = text
    known = {question.key for question in asked}
    found |= {key: text_of(value) for key, value in said.answers.items() if key not in known}
    for correction in said.corrections:
        found[f"Correction of {step_name(correction.step_id, places)}"] = correction.corrected
    found |= {"Why": said.reason} if said.reason else {}
    return found | ({"How sure": f"{said.confidence} of 5"} if said.confidence else {})


def step_name(step_id: str, places: Mapping[str, int]) -> str:
    """A step as people count it; by its id where it is not known."""
    return f"step {places[step_id] + 1}" if step_id in places else f"the step {step_id}"


def _step(subject: Subject, places: Mapping[str, int]) -> str:
    return step_name(subject.step_id, places) if subject.step_id else ""


def answer_text(question: Question, answer: Any, marks: Sequence[Mark], places: Mapping[str, int]) -> str:
    """An answer in the words of its question; "" for none. Marks name their steps."""
    if question is RANKED:
        return order_text(answer or ())
    names = {option.value: option.label for option in question.options}
    if isinstance(answer, bool):
        told = ["Yes" if answer else "No"]
    elif isinstance(answer, list):
        told = [names.get(str(one), str(one)) for one in answer]
    else:
        told = [] if answer is None else [names.get(str(answer), text_of(answer))]
    for mark in marks:
        label = "" if question.kind == QuestionKind.STEP else names.get(mark.value, mark.value)
        where = step_name(mark.step_id, places) if mark.step_id else "the whole run"
        impact = f" ({mark.impact.lower()})" if mark.impact else ""
        quote = f" “{mark.quote}”" if mark.quote else ""
        told.append(f"{f'{label}, ' if label else ''}{where}{impact}{quote}")
        told += [mark.comment] if mark.comment else []
    return "\n".join(told)


def order_text(tiers: Sequence[Sequence[str]]) -> str:
    """1. B   2. A and C"""
    names = (" and ".join(letter.upper() for letter in sorted(tier)) for tier in tiers)
    return "   ".join(f"{place}. {named}" for place, named in enumerate(names, 1))


def word_changes(before: str, after: str) -> tuple[Part, ...]:
    """How one text became the other, word by word; very long texts as a whole."""
    if not before or not after:
        return tuple(Part(what, text) for what, text in (("gone", before), ("new", after)) if text)
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(one), len(other)) > _MOST_WORDS:
        return (Part("gone", before), Part("new", after))
    parts: list[Part] = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(Part("same", "".join(one[a:b])))
        else:
            texts = (("gone", "".join(one[a:b])), ("new", "".join(other[c:d])))
            parts += [Part(what, text) for what, text in texts if text]
    return tuple(parts)


def _resolution(one: Resolved, schemas: Mapping[int, LabelSchema], places: Mapping[str, int]) -> Event:
    asked = questions_of(None if one.schema_id is None else schemas[one.schema_id], one.subject)
    question = next((each for each in asked if each.key == one.question), PREFERRED)
    told = "" if one.withdrawn else resolved_text(one, question, places)
    did = "took back the resolution of" if one.withdrawn else "adopted" if one.adopted_id else "resolved"
    did += " (part of an order)" if one.part_of else ""
    change = Change(question.title, "", told, (Part("same", told),) if told else ())
    return Event(one.at, one.person, False, did, _step(one.subject, places), (change,), resolved=one)


def resolved_text(one: Resolved, question: Question, places: Mapping[str, int]) -> str:
    """What was decided, in words."""
    adopted = "the corrections that were adopted" if question.kind == QuestionKind.CORRECTION else "nothing"
    return answer_text(question, one.answer, one.marks, places) or adopted
