"""A label schema that is being edited: its questions have ids, so that each keeps its controls as it moves; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.records import LabelSchema, Option, Question
from core.review.schema_checks import CHOOSING, MAY_CHOOSE


@dataclass(frozen=True, slots=True)
class Draft:
    """A schema in the making.

    `seen` is the newest stored version as the editing began (None: there is none). `ids` name the questions, in their
    order; `at` is the one whose controls are on the screen; `turn` grows whenever controls have to be drawn anew.
    """

    schema: LabelSchema
    seen: LabelSchema | None
    ids: tuple[int, ...]
    at: int = 0
    turn: int = 0

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""
        return self.seen is None or replace(self.schema, version=self.seen.version, note=self.seen.note) != self.seen


def begin(schema: LabelSchema, seen: LabelSchema | None, turn: int = 0) -> Draft:
    """Begin to edit a schema; of a stored one `seen` is the newest version."""
    return Draft(schema, seen, tuple(range(len(schema.questions))), turn=turn)


def with_question(draft: Draft, at: int, question: Question) -> Draft:
    """With another question at a place; the conditions of others follow a key that was changed."""
    old = draft.schema.questions[at]
    questions = [*draft.schema.questions[:at], question, *draft.schema.questions[at + 1 :]]
    others = {one.key for number, one in enumerate(questions) if number != at}
    if question.key and old.key != question.key and not others & {old.key, question.key}:
        questions = [
            replace(one, shown_if=replace(one.shown_if, question=question.key))
            if one.shown_if is not None and one.shown_if.question == old.key
            else one
            for one in questions
        ]
    return replace(draft, schema=replace(draft.schema, questions=tuple(questions)))


def add(draft: Draft, question: Question) -> Draft:
    """With a question after the one on the screen, which is then on the screen."""
    at = min(draft.at + 1, len(draft.ids))
    questions = (*draft.schema.questions[:at], question, *draft.schema.questions[at:])
    ids = (*draft.ids[:at], max(draft.ids, default=-1) + 1, *draft.ids[at:])
    return replace(draft, schema=replace(draft.schema, questions=questions), ids=ids, at=at, turn=draft.turn + 1)


def remove(draft: Draft) -> Draft:
    """Without the question on the screen."""
    at = draft.at
    questions = draft.schema.questions[:at] + draft.schema.questions[at + 1 :]
    ids = draft.ids[:at] + draft.ids[at + 1 :]
    left = max(0, min(at, len(ids) - 1))
    return replace(draft, schema=replace(draft.schema, questions=questions), ids=ids, at=left, turn=draft.turn + 1)


def move(draft: Draft, by: int) -> Draft:
    """With the question on the screen one place up (-1) or down (1)."""
    at, to = draft.at, draft.at + by
    if not 0 <= to < len(draft.ids):
        return draft
    questions, ids = list(draft.schema.questions), list(draft.ids)
    questions[at], questions[to], ids[at], ids[to] = questions[to], questions[at], ids[to], ids[at]
    schema = replace(draft.schema, questions=tuple(questions))
    return replace(draft, schema=schema, ids=tuple(ids), at=to, turn=draft.turn + 1)


def new_question(schema: LabelSchema, kind: str) -> Question:
    """An empty question with a key that no other has."""
    keys = {question.key for question in schema.questions}
    number = next(n for n in range(1, len(keys) + 2) if f"question_{n}" not in keys)
    return fitting(Question(f"question_{number}", kind, ""), kind)


def fitting(question: Question, kind: str) -> Question:
    """The question as one of another kind: what that kind does not have is left out, what it needs is begun."""
    options = question.options if kind in MAY_CHOOSE else ()
    if kind == "step_verdict":
        options = ()
    elif kind in ("taxonomy", "span"):
        options = tuple(replace(option, key="") for option in options)
    elif kind == "scale" and not options:
        options = tuple(Option(str(n), str(n)) for n in range(1, 6))
    elif kind in CHOOSING and not options:
        options = (Option("first", "First"), Option("second", "Second"))
    return replace(
        question,
        kind=kind,
        options=options,
        low=question.low if kind == "scale" else "",
        high=question.high if kind == "scale" else "",
        minimum=question.minimum if kind == "number" else None,
        maximum=question.maximum if kind == "number" else None,
        impact=question.impact and kind == "taxonomy",
        evidence=question.evidence and kind == "taxonomy",
        belongs=question.belongs if kind in ("taxonomy", "span", "step") else "either",
        cascade=question.cascade and kind == "step_verdict",
    )


def free_key(wanted: str, taken: set[str]) -> str:
    """The wanted key of a schema, or the first with a number that is free."""
    return next(key for key in [wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))] if key not in taken)
