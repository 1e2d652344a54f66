"""Reviews: queues, and how far reviewers agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from dashboard.commands.printing import Answer, Json


def queue(
    action: Annotated[str, typer.Argument(help="list, make or add (put more in).")],
    name: Annotated[str, typer.Argument(help="The queue's name.")] = "",
    of: Annotated[str, typer.Option(help="What is reviewed: trace, step, pair or ranking.")] = "trace",
    questions: Annotated[
        str, typer.Option(help="A label schema's key; without one only a pair's choice is asked.")
    ] = "",
    agent: Annotated[str, typer.Option(help="Only this agent's.")] = "",
    version: Annotated[str, typer.Option(help="Only of this version.")] = "",
    outcome: Annotated[str, typer.Option(help="Only runs that are solved, partly, failed or unknown.")] = "",
    text: Annotated[str, typer.Option(help="Only runs in which one step has all these words.")] = "",
    kind: Annotated[str, typer.Option(help="Only steps of this kind, such as tool.")] = "",
    tool: Annotated[str, typer.Option(help="Only steps of this tool or name.")] = "",
    source: Annotated[str, typer.Option(help="Only pairs or rankings of this source.")] = "",
    most: Annotated[int | None, typer.Option(help="At most so many: the newest.", min=1)] = None,
    sample: Annotated[bool, typer.Option("--sample", help="With --most: so many by lot.")] = False,
    order: Annotated[str, typer.Option(help="random, failures, uncertain, unlike, oldest or informative.")] = "random",
    seed: Annotated[int, typer.Option(help="What decides a random order and a sample.")] = 0,
    overlap: Annotated[int, typer.Option(help="Reviewers an item.", min=1)] = 1,
    not_blind: Annotated[bool, typer.Option("--not-blind", help="Reviewers see outcomes and versions.")] = False,
    standing: Annotated[bool, typer.Option("--standing", help="What comes later and fits joins by itself.")] = False,
    person: Annotated[list[str] | None, typer.Option(help="Who reviews it (default everybody); several times.")] = None,
    json: Json = False,
) -> Answer:
    """Queues: list them with their counts, make one of what fits, put more into one."""
    from core.review.queue_making import QueueRules
    from core.store.queue_filters import QueueFilter
    from dashboard.queue_commands import Asked
    from dashboard.queue_commands import queue as work

    runs = QueueFilter(agent=agent, version=version, outcome=outcome, text=text)
    wanted = replace(runs, kind=kind, name=tool, source=source, most=most, sample=sample)
    rules = QueueRules(overlap, not not_blind, order, seed, standing)
    return work(action, Asked(name, of, questions, wanted, rules, person or []))


def agreement(
    queue: Annotated[str, typer.Option(help="Only what was reviewed in this queue.")] = "",
    question: Annotated[str, typer.Option(help="Only this question (its key).")] = "",
    raters: Annotated[str, typer.Option(help="people or machines.")] = "people",
    json: Json = False,
) -> Answer:
    """How far reviewers agree, question by question: each coefficient with its interval and n."""
    from core.evaluate.agreement_json import agreement_json
    from core.evaluate.agreement_report import agreement_report
    from dashboard.parts.agreement_words import report_lines
    from dashboard.process import store

    with store().reading() as session:
        report = agreement_report(session, queue=queue or None, question=question or None, raters=raters)
    result = agreement_json(report)
    return result, report_lines(result)
