"""Recipes: what a trainer needs beside the rows of a version to train on them at the first try.

Each is a folder of a few files. Where a trainer cannot read the rows as they are, a view of them stands in it, in the
same order; a row that the trainer would cut or skip without a word is left out in the open, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.dataset.lines import json_line
from core.dataset.recipes import axolotl, llama_factory, openai, trl
from core.dataset.recipes.views import View
from core.errors import InvalidInput

_ALL: Mapping[str, Mapping[str, tuple[View | None, Callable[[], Mapping[str, str]]]]] = {
    "trl": trl.FORMATS,
    "axolotl": axolotl.FORMATS,
    "llama-factory": llama_factory.FORMATS,
    "openai": openai.FORMATS,
}

RECIPES = tuple(_ALL)
"""The trainers that there are recipes for; each one's files stand in a folder of its name."""

ROWS, LEFT_OUT, README = "train.jsonl", "left_out.jsonl", "README.md"

Files = Iterator[tuple[str, Iterable[bytes]]]


def recipes_of(format: str) -> tuple[str, ...]:
    """The trainers for which there is a recipe for rows of a format."""
    return tuple(name for name, formats in _ALL.items() if format in formats)


def check_recipes(format: str, chosen: Iterable[str]) -> tuple[str, ...]:
    """The chosen recipes, each once; raises InvalidInput for one that there is not."""
    known = recipes_of(format)
    for name in chosen:
        if name not in _ALL:
            raise InvalidInput(f"There is no recipe {name}. Recipes are {', '.join(RECIPES)}.", field="recipe")
        if name not in known:
            said = f"There are {', '.join(known)}." if known else "No trainer that we know takes it."
            raise InvalidInput(f"There is no recipe for {format} with {name}. {said}", field="recipe")
    return tuple(dict.fromkeys(chosen))


def recipe_files(name: str, format: str, lines: Callable[[], Iterator[bytes]]) -> Files:
    """The files of a recipe, each with its bytes, to be taken in this order; `lines` reads the rows' JSONL."""
    view, files = _ALL[name][format]
    passed = _Passed()
    if view is not None:
        yield f"{name}/{ROWS}", passed.through(view, lines())
        if passed.left_out:
            yield f"{name}/{LEFT_OUT}", (json_line({"line": at, "why": why}) for at, why in passed.left_out)
    for file, text in files().items():
        yield f"{name}/{file}", [(text + passed.words if file == README else text).encode()]


@dataclass(slots=True)
class _Passed:
    """What became of the rows on their way through a view."""

    rows: int = 0
    left_out: list[tuple[int, str]] = field(default_factory=list)

    def through(self, view: View, lines: Iterable[bytes]) -> Iterator[bytes]:
        for at, line in enumerate(lines, 1):
            row: Mapping[str, Any] = orjson.loads(line)
            seen = view(row)
            if isinstance(seen, str):
                self.left_out.append((at, seen))
            else:
                self.rows += 1
                yield json_line(seen)

    @property
    def words(self) -> str:
        """How many rows there are, and why others are left out."""
        if not self.rows and not self.left_out:
            return ""
        reasons = Counter(why for _, why in self.left_out)
        told = [f"\n{self.rows:,} of {self.rows + len(self.left_out):,} rows are in `{ROWS}`.\n"]
        if reasons:
            told.append(f"`{LEFT_OUT}` names the others by their line in `../train.jsonl`:\n\n")
            told += [f"- {count:,}: {why}\n" for why, count in reasons.most_common()]
        return "".join(told)
