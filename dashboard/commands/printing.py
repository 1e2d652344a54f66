"""What commands share: how they answer, what they print on, the options that several have."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.console import Console

from core.clock import parse_time
from core.errors import Ambiguous, InvalidInput, LoopwrightError

if TYPE_CHECKING:
    from rich.progress import Progress

Answer = tuple[dict[str, Any], list[str]]
"""A JSON object, and the same in lines of words."""

words = Console(stderr=True, highlight=False, soft_wrap=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and everything else on stderr.")]
Agent = Annotated[str, typer.Option(help="The agent, where several have versions of one name.")]


def printing(work: Callable[..., Answer]) -> Callable[..., None]:
    """The command that prints what `work` answers, or says why it cannot be done, with its exit code."""

    @functools.wraps(work)
    def run(*args: Any, **chosen: Any) -> None:
        as_json = chosen.get("json", False)
        try:
            result, lines = work(*args, **chosen)
        except LoopwrightError as error:
            if as_json:
                print(orjson.dumps(error.as_json()).decode())
            words.print(error.message, style="red", markup=False)
            raise typer.Exit(2 if isinstance(error, Ambiguous) else 1) from None
        if as_json:
            print(orjson.dumps(result, default=str, option=orjson.OPT_INDENT_2).decode())
        else:
            print("\n".join(lines))

    return run


def progress() -> Progress:
    """A bar for long work: on a terminal only, and gone when the work is done."""
    from rich.progress import Progress

    return Progress(console=words, transient=True, disable=not sys.stderr.isatty())


def day(text: str, option: str) -> datetime | None:
    """The day or moment that an option names; None for none. InvalidInput for anything else."""
    found = parse_time(text)
    if text and found is None:
        raise InvalidInput(f"--{option} {text} is no date: write it like 2026-08-31.", field=option)
    return found
