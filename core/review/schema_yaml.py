"""Label schemas as YAML: written to be read and edited by hand, read with the line and key of whatever is wrong.

Every plain value is text to begin with, so `label: No` is the word and `value: 1` the text "1"; what has to be a
number or yes/no is read as that. What is left out has its default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import yaml

from core.errors import InvalidInput
from core.records import LabelSchema, Option, Question, ShownIf
from core.review.schema_checks import Place, place_words, problems

LARGEST_YAML = 200_000
"""Characters. The loader in pure Python is slow, and the one in C falls over what is nested deeply."""

DEEPEST = 12

_ODD = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|^\s|\s$|\s\n", re.ASCII)
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_NULL = "tag:yaml.org,2002:null"


class _Loader(yaml.SafeLoader):
    """Composes nodes, with their lines, down to a depth that no schema reaches."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > DEEPEST:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(None, None, "it is nested too deeply", mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as it reads, under a `|`."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if _ODD.search(text):
        style = '"'  # the other styles would read these as another kind of line
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)


@dataclass(frozen=True, slots=True)
class ReadSchema:
    """A schema as it was read, and the line (from 1) on which each part of it stands."""

    schema: LabelSchema
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it where it was left out."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def write_yaml(schema: LabelSchema) -> str:
    """The schema as YAML; `read_yaml` gives the same schema back."""
    top: dict[str, Any] = {"key": schema.key, "version": schema.version, "title": schema.title}
    top |= {name: value for name in ("source", "note", "guidelines") if (value := getattr(schema, name))}
    top["questions"] = [_question(question) for question in schema.questions]
    return yaml.dump(top, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def schema_from_yaml(text: str) -> LabelSchema:
    """The schema of a YAML text, sound in every part; raises InvalidInput with the line and the key of what is not."""
    read = read_yaml(text)
    for problem in problems(read.schema):
        where = place_words(read.schema, problem.place)
        raise InvalidInput(f"Line {read.line(problem.place)}, {where}: {problem.message}", field="file")
    return read.schema


def read_yaml(text: str) -> ReadSchema:
    """The schema of a YAML text, whether or not it can be asked; raises InvalidInput for what is no schema at all."""
    if len(text) > LARGEST_YAML:
        raise InvalidInput(f"A schema's YAML has at most {LARGEST_YAML:,} characters; this has {len(text):,}.")
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise InvalidInput(f"This is not YAML. {_plainly(error)}", field="file") from error
    if node is None:
        raise InvalidInput("Line 1: the file is empty. It has to begin with “key:”.", field="file")
    return _Reading().schema(node)


def _question(question: Question) -> dict[str, Any]:
    made: dict[str, Any] = {"key": question.key, "kind": question.kind, "title": question.title}
    for field in fields(Question):
        value = getattr(question, field.name)
        if field.name in made or value == field.default:
            continue
        if field.name == "options":
            made["options"] = [_option(option) for option in value]
        elif isinstance(value, ShownIf):
            made["shown_if"] = {"question": value.question} | ({"values": list(value.values)} if value.values else {})
        else:
            made[field.name] = int(value) if isinstance(value, float) and value.is_integer() else value
    return made


def _option(option: Option) -> str | dict[str, str]:
    if option == Option(option.value, option.value):
        return option.value
    said = {field.name: getattr(option, field.name) for field in fields(Option)}
    return {name: value for name, value in said.items() if value or name in ("value", "label")}


class _Reading:
    """Reads one document, and notes on which line each part stands."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}

    def schema(self, node: yaml.Node) -> ReadSchema:
        parts = self.mapping(node, (), ("key", "version", "title", "source", "note", "guidelines", "questions"))
        text = {name: self.text(parts.get(name), (name,)) for name in ("key", "title", "guidelines", "source", "note")}
        questions = self.items(parts.get("questions"), ("questions",))
        version = self.number(parts["version"], ("version",)) if "version" in parts else 1.0
        if version is None or version < 1 or version != int(version):
            raise self.wrong(("version",), "a version is a whole number from 1 on")
        return ReadSchema(
            LabelSchema(
                text["key"],
                int(version),
                text["title"],
                tuple(self.question(one, ("questions", at)) for at, one in enumerate(questions)),
                text["guidelines"],
                text["source"],
                text["note"],
            ),
            self.lines,
        )

    def question(self, node: yaml.Node, place: Place) -> Question:
        parts = self.mapping(node, place, tuple(field.name for field in fields(Question)))
        made: dict[str, Any] = {}
        for name, value in parts.items():
            here = (*place, name)
            if name == "options":
                made[name] = tuple(self.option(one, (*here, at)) for at, one in enumerate(self.items(value, here)))
            elif name == "shown_if":
                made[name] = self.shown_if(value, here)
            elif name in ("minimum", "maximum"):
                made[name] = self.number(value, here)
            elif name in ("required", "impact", "evidence", "cascade"):
                made[name] = self.yes_no(value, here)
            else:
                made[name] = self.text(value, here)
        return Question(**({"key": "", "kind": "", "title": ""} | made))

    def option(self, node: yaml.Node, place: Place) -> Option:
        if isinstance(node, yaml.ScalarNode):
            text = self.text(node, place)
            return Option(text, text)
        parts = self.mapping(node, place, tuple(field.name for field in fields(Option)))
        made = {name: self.text(value, (*place, name)) for name, value in parts.items()}
        value = made.get("value", made.get("label", ""))
        return Option(**(made | {"value": value, "label": made.get("label", value)}))

    def shown_if(self, node: yaml.Node, place: Place) -> ShownIf | None:
        if node.tag == _NULL:
            return None
        parts = self.mapping(node, place, ("question", "values"))
        values = self.items(parts.get("values"), (*place, "values"))
        listed = tuple(self.text(one, (*place, "values", at)) for at, one in enumerate(values))
        return ShownIf(self.text(parts.get("question"), (*place, "question")), listed)

    def mapping(self, node: yaml.Node, place: Place, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        self.lines[place] = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(place, f"this has to be “key: value” lines: {', '.join(known)}")
        made: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = name_node.value if isinstance(name_node, yaml.ScalarNode) else "(not a word)"
            self.lines[(*place, name)] = name_node.start_mark.line + 1
            if name not in known:
                raise self.wrong((*place, name), f"there is no such key here. Keys are {', '.join(known)}")
            if name in made:
                raise self.wrong((*place, name), "it is written twice")
            made[name] = value
        return made

    def items(self, node: yaml.Node | None, place: Place) -> list[yaml.Node]:
        if node is None or node.tag == _NULL:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(place, "this has to be a list, each line beginning with “- ”")
        return list(node.value)

    def text(self, node: yaml.Node | None, place: Place) -> str:
        if node is None or node.tag == _NULL:
            return ""
        self.lines.setdefault(place, node.start_mark.line + 1)
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(place, "this has to be text")
        return str(node.value)

    def number(self, node: yaml.Node, place: Place) -> float | None:
        text = self.text(node, place)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not isfinite(value):
            raise self.wrong(place, f"“{text[:40]}” is no number")
        return value

    def yes_no(self, node: yaml.Node, place: Place) -> bool:
        text = self.text(node, place).lower()
        if text not in (*_TRUE, *_FALSE):
            raise self.wrong(place, f"“{text[:40]}” is neither true nor false")
        return text in _TRUE

    def wrong(self, place: Place, message: str) -> InvalidInput:
        line = ReadSchema(LabelSchema("", 1, "", ()), self.lines).line(place)
        named = [str(part + 1) if isinstance(part, int) else part for part in place]
        where = f", {' '.join(named)}" if named else ""
        return InvalidInput(f"Line {line}{where}: {message}.", field="file")


def _plainly(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"Line {mark.line + 1}, column {mark.column + 1}: {error.problem}."
    return f"Line 1: {str(error).splitlines()[0]}."
