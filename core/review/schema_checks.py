"""What is wrong with a label schema, found as it is edited and said at its place; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import InvalidInput
from core.records import LabelSchema, Question, QuestionKind
from core.review.marks import VERDICTS

DESK_KEYS = {
    "c": "correct a step",
    "e": "next error",
    "f": "flag",
    "g": "go to a step",
    "h": "help",
    "j": "next step",
    "k": "step before",
    "l": "write a lesson",
    "m": "mark the step",
    "n": "next suggestion",
    "p": "previous submissions",
    "q": "next question",
    "s": "skip",
    "t": "whole task",
    "u": "undo",
    "w": "what went wrong",
}
"""Letters that the review desk answers to, and with what: no answer can have them. A browser test compares."""

CHOOSING = ("choice", "multi_choice", "taxonomy", "scale")
"""Kinds that cannot be asked without options."""

MAY_CHOOSE = (*CHOOSING, "span", "step_verdict")
"""Kinds that may have options: those of `span` name what the words are, of `step_verdict` what each verdict means."""

CONDITIONS = tuple(kind.value for kind in QuestionKind if kind not in (QuestionKind.CORRECTION, QuestionKind.LESSON))
"""Kinds that another question may be shown after."""

BELONGS = ("either", "step", "trace")
MOST_QUESTIONS, MOST_OPTIONS, LONGEST = 100, 300, 10_000

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")

Place = tuple[str | int, ...]
"""Where in a schema something stands: ("questions", 2, "options", 0, "key")."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a schema from being saved, and where it stands."""

    place: Place
    message: str


def problems(schema: LabelSchema) -> tuple[Problem, ...]:
    """Everything that is wrong with a schema, in the order in which it is read."""
    return tuple(_problems(schema))


def check_schema(schema: LabelSchema) -> None:
    """Raise InvalidInput with the first problem, if there is one."""
    for problem in problems(schema):
        raise InvalidInput(f"{place_words(schema, problem.place)}: {problem.message}", field="schema")


def place_words(schema: LabelSchema, place: Place) -> str:
    """A place in words: "question outcome, answer solved, key"."""
    words = []
    if place[:1] == ("questions",) and len(place) > 1:
        at = int(place[1])
        question = schema.questions[at]
        words.append(f"question {question.key or at + 1}")
        if place[2:3] == ("options",) and len(place) > 3:
            option = question.options[int(place[3])]
            words.append(f"answer {option.value or int(place[3]) + 1}")
    return ", ".join([*words, str(place[-1])]) if isinstance(place[-1], str) else ", ".join(words)


def condition_values(question: Question) -> tuple[str, ...]:
    """The answers of a question that another may be shown after."""
    if question.kind == "yes_no":
        return ("true", "false")
    if question.kind == "step_verdict":
        return VERDICTS
    return tuple(option.value for option in question.options)


def _problems(schema: LabelSchema) -> Iterator[Problem]:
    yield from _name(("key",), schema.key, 100)
    yield from _text(("title",), schema.title, "Give it a title.")
    if not schema.questions:
        yield Problem(("questions",), "It asks nothing yet. Add a question.")
    if len(schema.questions) > MOST_QUESTIONS:
        yield Problem(("questions",), f"It has more than {MOST_QUESTIONS} questions. Make two schemas of it.")
    keys = Counter(question.key for question in schema.questions)
    letters = Counter(option.key.lower() for question in schema.questions for option in question.options)
    before: dict[str, Question] = {}
    for at, question in enumerate(schema.questions):
        place: Place = ("questions", at)
        yield from _name((*place, "key"), question.key, 100)
        if keys[question.key] > 1:
            yield Problem((*place, "key"), f"Two questions have the key {question.key}. Give one another.")
        if question.kind not in list(QuestionKind):
            yield Problem((*place, "kind"), f"There is no kind {question.kind}. Kinds are {', '.join(QuestionKind)}.")
        yield from _text((*place, "title"), question.title, "Write the question.")
        if question.kind not in list(QuestionKind):
            continue
        yield from _options(place, question, letters)
        yield from _bounds(place, question)
        yield from _shown_if(place, question, before)
        before[question.key] = question


def _name(place: Place, name: str, longest: int) -> Iterator[Problem]:
    if not _KEY.fullmatch(name) or len(name) > longest:
        said = "It has none yet." if not name else f"“{name[:40]}” is none."
        yield Problem(place, f"{said} A key is a short name of small letters, digits, _ and -, such as first_mistake.")


def _text(place: Place, text: str, empty: str) -> Iterator[Problem]:
    if not text.strip():
        yield Problem(place, empty)
    elif len(text) > LONGEST:
        yield Problem(place, f"It is longer than {LONGEST:,} characters. Shorten it.")


def _options(place: Place, question: Question, letters: Counter[str]) -> Iterator[Problem]:
    least = {"taxonomy": 1, "multi_choice": 1}.get(question.kind, 2 if question.kind in CHOOSING else 0)
    if len(question.options) < least:
        yield Problem(
            (*place, "options"), f"It needs at least {least} answer{'s' if least > 1 else ''} to choose from."
        )
    if question.options and question.kind not in MAY_CHOOSE:
        yield Problem((*place, "options"), f"A question of kind {question.kind} has no answers to choose. Remove them.")
        return
    if len(question.options) > MOST_OPTIONS:
        yield Problem(
            (*place, "options"), f"It has more than {MOST_OPTIONS} answers. Put them into groups of questions."
        )
    values = Counter(option.value for option in question.options)
    for at, option in enumerate(question.options):
        here: Place = (*place, "options", at)
        if not option.value.strip() or len(option.value) > 200:
            yield Problem((*here, "value"), "An answer is stored under its value: 1 to 200 characters.")
        elif values[option.value] > 1:
            yield Problem((*here, "value"), f"Two answers have the value {option.value}. Give one another.")
        elif question.kind == "step_verdict" and option.value not in VERDICTS:
            yield Problem((*here, "value"), f"A verdict is {', '.join(VERDICTS)}; it can only be called otherwise.")
        yield from _text((*here, "label"), option.label, "Write what the answer says.")
        yield from _letter((*here, "key"), question, option.key, letters)


def _letter(place: Place, question: Question, key: str, letters: Counter[str]) -> Iterator[Problem]:
    letter = key.lower()
    if not key:
        return
    if question.kind in ("taxonomy", "span"):
        yield Problem(place, "Categories are chosen from a list that is searched; they have no keys.")
    elif not re.fullmatch(r"[a-z]", letter):
        yield Problem(place, f"“{key[:10]}” is no letter from a to z. Digits answer by themselves, in order.")
    elif letter in DESK_KEYS:
        yield Problem(place, f"{letter.upper()} is the desk's own key: {DESK_KEYS[letter]}. Take another letter.")
    elif letters[letter] > 1:
        yield Problem(place, f"{letter.upper()} is the key of two answers. Give one another.")


def _bounds(place: Place, question: Question) -> Iterator[Problem]:
    low, high = question.minimum, question.maximum
    for name, bound in (("minimum", low), ("maximum", high)):
        if bound is not None and question.kind != "number":
            yield Problem((*place, name), "Only a number has bounds.")
    if low is not None and high is not None and low > high:
        yield Problem((*place, "maximum"), f"The most, {high:g}, is less than the least, {low:g}.")
    for name, end in (("low", question.low), ("high", question.high)):
        if end and question.kind != "scale":
            yield Problem((*place, name), "Only a scale has names for its ends.")
    for name, asked in (("impact", question.impact), ("evidence", question.evidence)):
        if asked and question.kind != "taxonomy":
            yield Problem((*place, name), f"Only a taxonomy's marks have {name}.")
    if question.cascade and question.kind != "step_verdict":
        yield Problem((*place, "cascade"), "Only verdicts on steps can cascade.")
    if question.belongs not in BELONGS:
        yield Problem((*place, "belongs"), f"“{question.belongs[:40]}” is none of {', '.join(BELONGS)}.")
    elif question.belongs != "either" and question.kind not in ("taxonomy", "span", "step"):
        yield Problem((*place, "belongs"), "Only marks, words and categories belong to a step or to the run.")


def _shown_if(place: Place, question: Question, before: dict[str, Question]) -> Iterator[Problem]:
    condition = question.shown_if
    if condition is None:
        return
    about = before.get(condition.question)
    if about is None:
        yield Problem(
            (*place, "shown_if"), f"It is shown after {condition.question}, and no question before it has that key."
        )
    elif about.kind not in CONDITIONS:
        yield Problem((*place, "shown_if"), f"Nothing can be shown after a {about.kind}.")
    else:
        unknown = sorted(set(condition.values) - set(condition_values(about)))
        if unknown:
            yield Problem((*place, "shown_if"), f"{condition.question} has no answer {', '.join(unknown)[:100]}.")
