"""What was learnt: lessons, what an agent would recall, and whether a version is better."""

from __future__ import annotations

from typing import Annotated

import typer

from core.errors import InvalidInput
from dashboard.commands.printing import Agent, Answer, Json


def lessons(
    state: Annotated[str, typer.Option(help="proposed, active, rejected, retired or superseded.")] = "",
    json: Json = False,
) -> Answer:
    """The memory: every lesson, or those in one state."""
    from core.records import LessonState
    from core.store.lessons import list_lessons
    from dashboard.process import store

    if state and state not in list(LessonState):
        raise InvalidInput(f"There is no state {state}. States are {', '.join(LessonState)}.", field="state")
    with store().reading() as session:
        found = list_lessons(session, [LessonState(state)] if state else [])
    rows = [
        {"id": lesson.uid, "state": lesson.state.value, "when": lesson.when, "guidance": lesson.guidance, "score": None}
        for lesson in found
    ]
    return {"lessons": rows}, [f"{r['id']:<32}  {r['state']:<10} when {r['when']} → {r['guidance']}" for r in rows] or [
        "No lesson yet."
    ]


def recall(
    text: Annotated[str, typer.Argument(help="The situation an agent is in.")],
    agent: Annotated[str, typer.Option(help="Only lessons for this agent, or for all.")] = "",
    tool: Annotated[str, typer.Option(help="Only lessons for this tool, or for any.")] = "",
    tags: Annotated[str, typer.Option(help="What kind of task it is: words between commas.")] = "",
    k: Annotated[int, typer.Option("-k", help="At most this many lessons.", min=1, max=50)] = 5,
    json: Json = False,
) -> Answer:
    """What an agent would be given in a situation; a dry run, nothing is logged."""
    from dashboard.ask import ask_recall

    found = ask_recall(text, agent, k, tool, tags)
    lines = [f"{row['score']:.2f}  when {row['when']} → {row['guidance']}" for row in found["lessons"]]
    return found, lines or ["No active lesson fits this situation: nothing would be given."]


def compare(
    base: Annotated[str, typer.Argument(help="The version to compare with.")],
    candidate: Annotated[str, typer.Argument(help="The version that may be better.")],
    suite: Annotated[str, typer.Option(help="The suite to compare on; its tasks are fixed by the first comparison.")],
    agent: Agent = "",
    holdout: Annotated[
        str, typer.Option(help="Open the suite's holdout and compare on it alone; say why: it is kept and shown.")
    ] = "",
    json: Json = False,
) -> Answer:
    """Two versions on one suite: what got better, what broke, and how sure that is."""
    from core.evaluate.comparison import compare_versions, open_for
    from dashboard.parts.version_tables import left_out, tag_lines, tried_line
    from dashboard.process import store

    with store().session() as session:
        if holdout:
            open_for(session, suite, base, candidate, holdout)
        result = compare_versions(session, base, candidate, suite, agent or None, holdout=bool(holdout))
    lists = {"broken": result.paired.regressed, "fixed": result.paired.fixed, "left out": left_out(result)}
    named = [f"{what}: {', '.join(tasks)}" for what, tasks in lists.items() if tasks]
    told = filter(None, [result.advice, tried_line(result)])
    return result.as_json(), [result.sentence, *told, *named, *tag_lines(result)]
