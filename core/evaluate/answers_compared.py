"""What was answered to each question, by whom and on what, in the form in which agreement compares answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any, Literal

from core.measure.agreement import Level
from core.measure.closeness import Span
from core.records import Choice, LabelSchema, Question
from core.review.answers import asked_questions
from core.review.marks import VERDICTS
from core.store.judgements import Chosen, Judged, chosen

PREFERENCE = "preference"
"""The question that every pair asks: which side is better."""

Compared = Literal["nominal", "ordinal", "interval", "sets", "spans"]
"""How two answers differ: a level of core.measure.agreement, or by how far the marked words overlap."""

COMPARED: Mapping[str, Compared] = {
    "choice": "nominal",
    "yes_no": "nominal",
    "step": "nominal",
    "text": "nominal",
    "scale": "ordinal",
    "step_verdict": "ordinal",
    "number": "interval",
    "multi_choice": "sets",
    "taxonomy": "sets",
    "span": "spans",
}
"""How the answers to each kind of question are compared; corrections and lessons are not.

Texts are only once somebody has said which of them mean the same.
"""

NAMED = ("choice", "text", "multi_choice", "taxonomy", PREFERENCE)
"""Kinds of questions whose answers are names: each against the rest makes sense, and some may mean the same."""

_CHOICES = {
    Choice.A_MUCH.value: "A is much better",
    Choice.A.value: "A is better",
    Choice.EQUAL.value: "Equal",
    Choice.B.value: "B is better",
    Choice.B_MUCH.value: "B is much better",
    Choice.BOTH_BAD.value: "Both are bad",
}

Reader = Callable[[str, Judged], Any]

Unit = Hashable
"""What was judged (core.store.judgements.Judged); for verdicts on steps (the unit, step id)."""


@dataclass(frozen=True)
class Rated:
    """One question of one schema ("" for the preference between the sides of a pair), and all answers to it.

    `options` are its answers with their labels, as last asked; `latest` is when the last answer to a unit was given.
    """

    schema: str
    key: str
    title: str
    kind: str
    compared: Compared
    options: Mapping[str, str]
    ratings: dict[Unit, dict[str, Any]] = field(repr=False)
    latest: dict[Unit, datetime] = field(repr=False)

    @property
    def mappable(self) -> bool:
        """Whether some of its answers may be said to mean the same."""
        return self.kind in NAMED

    @property
    def level(self) -> Level:
        """The level of core.measure; only for questions that are not about spans."""
        return "nominal" if self.compared == "spans" else self.compared

    def order(self) -> list[str] | None:
        """Its answers from lowest to highest, where they have an order and are no numbers.

        An older version of the scale may have had others; they stand after those of today.
        """
        if self.compared != "ordinal":
            return None
        answers = (answer for given in self.ratings.values() for answer in given.values())
        return list(dict.fromkeys([*self.options, *answers]))

    def mapped(self, words: Mapping[str, str]) -> Rated:
        """The same with words that mean the same counted as one answer."""

        def means(answer: Any) -> Any:
            if self.compared == "sets":
                return frozenset(words.get(one, one) for one in answer)
            return words.get(answer, answer)

        ratings = {unit: {who: means(said) for who, said in given.items()} for unit, given in self.ratings.items()}
        options = {words.get(value, value): "" for value in self.options}
        labels = {value: self.options.get(value, "") or value for value in options}
        return Rated(self.schema, self.key, self.title, self.kind, self.compared, labels, ratings, self.latest)

    def add(self, unit: Unit, person: str, answer: Any, at: datetime) -> None:
        """Keep one answer."""
        given = self.ratings.get(unit)
        if given is None:
            self.ratings[unit], self.latest[unit] = {person: answer}, at
        else:
            given[person] = answer
            if at > self.latest[unit]:
                self.latest[unit] = at


def rated_questions(
    judged: Iterable[Judged], choices: Iterable[Chosen], schemas: Mapping[int, LabelSchema]
) -> list[Rated]:
    """Every question that anybody answered, in the order of the schemas; the preference last."""
    found: dict[tuple[str, str], Rated] = {}
    asked: dict[int, list[tuple[Rated, Reader | None]]] = {}
    conditional = set()
    for row, schema in schemas.items():
        for question in schema.questions:
            if question.kind in COMPARED:
                before = found.get((schema.key, question.key))
                ratings, latest = (before.ratings, before.latest) if before else ({}, {})
                found[schema.key, question.key] = _rated(schema.key, question, ratings, latest)
        asked[row] = [
            (found[schema.key, question.key], _READERS.get(question.kind))
            for question in schema.questions
            if question.kind in COMPARED
        ]
        if any(question.shown_if for question in schema.questions):
            conditional.add(row)
    for one in judged:
        shown = _shown(schemas[one.schema_id], one) if one.schema_id in conditional else None
        for rated, read in asked[one.schema_id]:
            if shown is not None and rated.key not in shown:
                continue
            if read is not None:
                answer = read(rated.key, one)
                if answer is not None:
                    rated.add(one.unit, one.person, answer, one.at)
            else:
                for mark in one.marks:
                    if mark["question"] == rated.key and mark["value"] in VERDICTS:
                        rated.add((one.unit, mark["step_id"]), one.person, mark["value"], one.at)
    sides = Rated("", PREFERENCE, "Which of the two is better?", PREFERENCE, "nominal", _CHOICES, {}, {})
    for choice in choices:
        sides.add(("pair", choice.pair), choice.person, choice.choice.value, choice.at)
    return [rated for rated in (*found.values(), sides) if rated.ratings]


def _rated(schema: str, question: Question, ratings: dict[Unit, Any], latest: dict[Unit, datetime]) -> Rated:
    options = {option.value: option.label or option.value for option in question.options}
    if question.kind == "yes_no":
        options = {"yes": "Yes", "no": "No"}
    elif question.kind == "step_verdict":
        options = {verdict: options.get(verdict, verdict) for verdict in reversed(VERDICTS)}
    return Rated(schema, question.key, question.title, question.kind, COMPARED[question.kind], options, ratings, latest)


def _shown(schema: LabelSchema, said: Judged) -> set[str]:
    """The questions that were on the form: only what was asked can have been answered with nothing."""
    return asked_questions(schema, said.answers, [(mark["question"], mark["value"]) for mark in said.marks])


def _named(key: str, said: Judged) -> str | None:
    answer = said.answers.get(key)
    return None if answer is None or answer == "" else str(answer)


def _yes_or_no(key: str, said: Judged) -> str | None:
    answer = said.answers.get(key)
    if answer is None or answer == "":
        return None
    return "yes" if str(answer).lower() in ("true", "yes", "1") else "no"


def _text(key: str, said: Judged) -> str | None:
    answer = said.answers.get(key)
    return (" ".join(answer.split()) or None) if isinstance(answer, str) else None


def _number(key: str, said: Judged) -> float | None:
    answer = said.answers.get(key)
    good = isinstance(answer, (int, float)) and not isinstance(answer, bool) and isfinite(answer)
    return float(answer) if good else None  # type: ignore[arg-type]  # a number: looked at above


def _step(key: str, said: Judged) -> Any:
    for mark in said.marks:
        if mark["question"] == key:
            return mark["step_id"]
    return said.answers.get(key)


def _chosen(key: str, said: Judged) -> frozenset[str]:
    """Marking nothing wrong is an answer: the empty set."""
    return chosen(said.answers, said.marks, key)


def _spans(key: str, said: Judged) -> frozenset[Span]:
    return frozenset(
        Span(mark["step_id"], mark["value"], mark["start"] or 0, mark["end"] or 0)
        for mark in said.marks
        if mark["question"] == key
    )


_READERS: Mapping[str, Reader] = {
    "choice": _named,
    "scale": _named,
    "yes_no": _yes_or_no,
    "text": _text,
    "number": _number,
    "step": _step,
    "taxonomy": _chosen,
    "multi_choice": _chosen,
    "span": _spans,
}
"""What a question's answer is as it is compared, by its kind; verdicts on steps are several and read mark by mark."""
