"""What was changed between two versions of a label schema, in sentences; pure."""

from __future__ import annotations

from dataclasses import fields

from core.records import LabelSchema, Option, Question, ShownIf

_NAMES = {
    "kind": "kind",
    "title": "words",
    "required": "whether it needs an answer",
    "help": "help",
    "low": "low end",
    "high": "high end",
    "belongs": "what it belongs to",
    "impact": "whether impact is asked",
    "evidence": "whether evidence is asked",
    "minimum": "least",
    "maximum": "most",
    "cascade": "cascade",
    "shown_if": "when it is shown",
}


def changes(before: LabelSchema, after: LabelSchema) -> tuple[str, ...]:
    """Sentences, in the order of the questions; none where the two ask the same."""
    made = [
        f"The {name} {_became(getattr(before, name), getattr(after, name))}."
        for name in ("title", "source")
        if getattr(before, name) != getattr(after, name)
    ]
    if before.guidelines != after.guidelines:
        made.append("The guidelines were rewritten." if before.guidelines else "Guidelines were added.")
    old = {question.key: question for question in before.questions}
    new = {question.key: question for question in after.questions}
    made += [f"{_named(question)} is no longer asked." for key, question in old.items() if key not in new]
    for key, question in new.items():
        if key not in old:
            made.append(f"{_named(question)} is asked, too.")
        else:
            made += _question(old[key], question)
    if [key for key in old if key in new] != [key for key in new if key in old]:
        made.append("The questions stand in another order.")
    return tuple(made)


def _question(before: Question, after: Question) -> list[str]:
    made = [
        f"{_named(after)}: {_NAMES[field.name]} {_became(getattr(before, field.name), getattr(after, field.name))}."
        for field in fields(Question)
        if field.name in _NAMES and getattr(before, field.name) != getattr(after, field.name)
    ]
    old = {option.value: option for option in before.options}
    new = {option.value: option for option in after.options}
    if gone := [value for value in old if value not in new]:
        made.append(f"{_named(after)} can no longer be answered with {', '.join(gone)}.")
    if added := [value for value in new if value not in old]:
        made.append(f"{_named(after)} can be answered with {', '.join(added)}, too.")
    for value, option in new.items():
        if value in old and old[value] != option:
            made.append(f"{_named(after)}, answer {value}: {_option(old[value], option)}.")
    if [value for value in old if value in new] != [value for value in new if value in old]:
        made.append(f"{_named(after)}: the answers stand in another order.")
    return made


def _option(before: Option, after: Option) -> str:
    return ", ".join(
        f"{field.name} {_became(getattr(before, field.name), getattr(after, field.name))}"
        for field in fields(Option)
        if getattr(before, field.name) != getattr(after, field.name)
    )


def _named(question: Question) -> str:
    return f"“{question.title}”" if question.title else f"Question {question.key}"


def _became(before: object, after: object) -> str:
    return f"was {_words(before)} and is {_words(after)}"


def _words(value: object) -> str:
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, ShownIf):
        return f"after {value.question}" + (f" = {' or '.join(value.values)}" if value.values else "")
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"“{text if len(text) <= 60 else text[:57] + '…'}”"
