"""The marks of a review: what points at a step of the run, or at words in it, checked against schema and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field

from core.errors import InvalidInput
from core.records import Mark, Question, Step
from core.store.content import text_of

LONGEST_TEXT = 200_000

MARKING = ("step", "taxonomy", "span", "step_verdict")
"""The kinds of questions that are answered with marks on steps."""

VERDICTS = ("1", "0", "-1")
"""What a step can be judged as; one that nobody judged has no mark."""

IMPACTS = ("", "LOW", "MEDIUM", "HIGH")

StepOf = Callable[[str], Step | None]


class SentMark(BaseModel):
    """A mark as the form sends it."""

    model_config = ConfigDict(extra="ignore", str_max_length=LONGEST_TEXT)

    question: str
    step_id: str
    value: str
    quote: str = ""
    comment: str = ""
    impact: str = ""
    start: int | None = Field(None, ge=0)
    end: int | None = Field(None, ge=0)
    suggested: str = ""


def read_marks(
    sent: Sequence[SentMark], known: Mapping[str, Question], step_of: StepOf, judged: str, order: Sequence[str]
) -> tuple[Mark, ...]:
    """The marks that were sent; raises InvalidInput with the question's key as its field.

    `judged` is the step that the item is about ("" for a whole run); `order` are the run's steps as they are read.
    """
    marks = tuple(_mark(one, known, step_of, judged) for one in sent)
    for key in dict.fromkeys(mark.question for mark in marks):
        mine = [mark for mark in marks if mark.question == key]
        _check_count(known[key], mine)
        if known[key].cascade:
            _check_cascade(known[key], mine, order)
    return marks


def written(step: Step) -> str:
    """The text of a step that a correction replaces and words are marked in: said, else called, else returned."""
    said = "\n".join(message.content for message in step.output if message.content)
    calls = "\n".join(
        f"{call.name}({text_of(call.arguments)})" for message in step.output for call in message.tool_calls
    )
    return said or calls or text_of(step.arguments) or text_of(step.result)


def _mark(sent: SentMark, questions: Mapping[str, Question], step_of: StepOf, judged: str) -> Mark:
    question = questions.get(sent.question)
    if question is None or question.kind not in MARKING:
        raise InvalidInput(
            f"This schema has no question {sent.question} to mark steps with. Reload the page.", field=sent.question
        )
    if question.kind == "taxonomy" and question.belongs == "trace":
        raise InvalidInput(f"“{question.title}” is asked of the whole run, not of a step.", field=question.key)
    step = step_of(sent.step_id)
    if step is None:
        raise InvalidInput(f"“{question.title}” points at a step that this run does not have.", field=question.key)
    if judged and sent.step_id != judged and question.kind in ("taxonomy", "step_verdict"):
        raise InvalidInput(f"“{question.title}” is asked of the step to judge, not of others.", field=question.key)
    allowed = VERDICTS if question.kind == "step_verdict" else tuple(option.value for option in question.options)
    if allowed and sent.value not in allowed:
        raise InvalidInput(f"“{question.title}” has no answer {sent.value[:60]!r}.", field=question.key)
    if sent.impact not in IMPACTS:
        raise InvalidInput("Impact is low, medium or high.", field=question.key)
    start, end = _place(sent, question, step) if question.kind == "span" else (sent.start, sent.end)
    return Mark(
        sent.question,
        sent.step_id,
        sent.value,
        start,
        end,
        sent.quote,
        sent.comment,
        sent.impact,
        sent.suggested[:40],
    )


def _place(sent: SentMark, question: Question, step: Step) -> tuple[int, int]:
    """Where the marked words stand in the step's text (code points): as sent, else the nearest place that has them."""
    if sent.start is None or sent.end is None or sent.start >= sent.end or not sent.quote:
        raise InvalidInput(f"“{question.title}” points at no words. Select them again.", field=question.key)
    text, quote = written(step), sent.quote
    if text[sent.start : sent.end] == quote:
        return sent.start, sent.end
    places = (text.find(quote, sent.start), text.rfind(quote, 0, sent.start + len(quote)))
    near = min((at for at in places if at >= 0), key=lambda at: abs(at - (sent.start or 0)), default=None)
    if near is None:
        raise InvalidInput(
            f"“{question.title}” points at words that this step does not say. Select them again.", field=question.key
        )
    return near, near + len(quote)


def _check_count(question: Question, marks: Sequence[Mark]) -> None:
    """A mark of the whole run is one; a step has one verdict, and one mark of a kind that belongs to steps."""
    steps = [mark.step_id for mark in marks]
    whole = {"step": question.belongs != "step", "span": question.belongs == "trace"}.get(question.kind, False)
    if whole and len(marks) > 1:
        raise InvalidInput(f"“{question.title}” takes one mark; {len(marks)} are set. Keep one.", field=question.key)
    if question.kind in ("step", "step_verdict") and len(set(steps)) < len(steps):
        raise InvalidInput(f"“{question.title}” marks one step twice. Take one of the two away.", field=question.key)


def _check_cascade(question: Question, marks: Sequence[Mark], order: Sequence[str]) -> None:
    place = {step: at for at, step in enumerate(order)}
    judged = sorted((mark for mark in marks if mark.step_id in place), key=lambda mark: place[mark.step_id])
    first = next((at for at, mark in enumerate(judged) if mark.value == "-1"), len(judged))
    after = next((mark for mark in judged[first:] if mark.value != "-1"), None)
    if after is not None:
        raise InvalidInput(
            f"“{question.title}”: step {place[after.step_id] + 1} comes after the first −1 and is judged "
            f"{after.value}. Judge it −1, or take the −1 before it back.",
            field=question.key,
        )
