"""A folder of runs that are long, nested, hostile or empty, served; and how a test opens one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from core.records import Annotation, Mark, Message, Step, StepKind, Task, ToolCall, Trace
from core.review.ready_made import RUN_REVIEW
from core.store.annotations import add_annotation
from core.store.engine import open_store
from core.store.people import person_id
from core.store.schemas import save_schema
from core.store.signals import add_signals
from core.store.trace_writing import insert_traces
from core.tasks.outcome import refresh_outcomes
from tests.e2e.server import start
from tests.worlds import START, run

LONG = 1500


MEGABYTES = "".join(f"line {n:06d} of a log that goes on and on for a while\n" for n in range(94_340))


HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'> \x1b[31mred\x1b[0m ![i](http://x.example/i)"
)


def turns(count: int) -> Iterator[Step]:
    """Question, call, result, answer, over and over; every hundredth result is an error."""
    for n in range(count):
        at = START + timedelta(seconds=n)
        times = {"started_at": at, "ended_at": at + timedelta(seconds=0.5)}
        if n % 4 == 0:
            yield Step(
                f"s{n}",
                StepKind.USER,
                output=(Message("user", f"Question {n}. " + "Please look. " * (n % 9)),),
                **times,
            )
        elif n % 4 == 1:
            call = ToolCall("c", "look", {"id": n})
            yield Step(f"s{n}", StepKind.LLM, output=(Message("assistant", tool_calls=(call,)),), **times)
        elif n % 4 == 2:
            rows = [{"row": row, "text": "x" * 20} for row in range(n % 10)]
            error = "no answer within 30 s" if n % 100 == 50 else ""
            yield Step(f"s{n}", StepKind.TOOL, "look", arguments={"id": n}, result={"rows": rows}, error=error, **times)
        else:
            said = Message("assistant", f"Answer {n}. " + "It says so here. " * (n % 23), reasoning="Hm. " * (n % 7))
            yield Step(f"s{n}", StepKind.LLM, output=(said,), input=(Message("system", "Be kind."),), **times)


def nested() -> tuple[Step, ...]:
    """An agent with two turns, each a chain around a model call."""
    steps = [Step("root", StepKind.AGENT, "CodeAgent.run")]
    for turn in range(2):
        steps.append(Step(f"turn{turn}", StepKind.CHAIN, f"Turn {turn}", parent_id="root"))
        said = (Message("assistant", f"Thought {turn}"),)
        steps.append(Step(f"model{turn}", StepKind.LLM, "model", parent_id=f"turn{turn}", output=said))
    return tuple(steps)


def world() -> list[Trace]:
    """Runs of every shape, the newest last."""
    heavy = (
        Step("h0", StepKind.USER, output=(Message("user", HOSTILE),)),
        Step("h1", StepKind.TOOL, "<b>tool</b>", arguments={HOSTILE: HOSTILE}, result={"html": HOSTILE}),
        Step("h2", StepKind.TOOL, "read_log", arguments={"path": "app.log"}, result=MEGABYTES),
        Step("h3", StepKind.LLM, output=(Message("assistant", "That is a long log."),)),
        Step("h4", StepKind.TOOL, "search", arguments={}, result=[{"flight": n, "to": HOSTILE} for n in range(200)]),
    )
    plain = [run(f"r{n}", f"Order {n}?", reward=n % 2, version="v2" if n > 40 else "v1") for n in range(60)]
    conversation = [
        run(f"talk{n}", f"Turn {n} of it", session_id="conv", task=None, started_at=START + timedelta(hours=n))
        for n in range(3)
    ]
    late = START + timedelta(days=30)
    shapes = {"long": tuple(turns(LONG)), "heavy": heavy, "nested": nested(), "empty": ()}
    shaped = [
        Trace(name, "test", steps, "shapes", "v1", Task(f"shapes/{name}", f"The {name} one"), started_at=late)
        for name, steps in shapes.items()
    ]
    return [*plain, *conversation, *shaped]


def fill(folder: Path) -> dict[str, int]:
    """Store the world with the outcomes and one person's labels; row ids by trace id."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(f"sqlite:///{folder / 'loopwright.db'}")
    with store.session() as session:
        traces = world()
        made = insert_traces(session, traces).traces
        add_signals(session, [signal for trace in traces for signal in trace.signals])
        refresh_outcomes(session, list(made.values()))
        schema = (save_schema(session, RUN_REVIEW), RUN_REVIEW.key)
        marks = (Mark("first_mistake", "s700", "", comment="It looked in the wrong place."),)
        said = Annotation("long", "Ada", RUN_REVIEW.key, {"outcome": "failed"}, marks)
        add_annotation(
            session, made["long"], person_id(session, "Ada"), schema, said, datetime(2026, 10, 2, tzinfo=UTC)
        )
    store.close()
    return made


def serving(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """A server with the world, and the row ids of its runs; nothing in the tests changes it."""
    made = fill(folder / "data")
    running = start("serve", folder / "data", folder / "server.log")
    yield running.url, made
    running.stop()


def opener(page: Page, url: str, made: dict[str, int]) -> Callable[..., Page]:
    """Opens a run by its trace id, or the list."""

    def begin(run_id: str = "", **query: object) -> Page:
        asked = {"trace": made[run_id], **query} if run_id else query
        page.goto(f"{url}/traces?" + "&".join(f"{key}={value}" for key, value in asked.items()))
        shown = page.locator("article.step:not(.waiting), table.runs tbody tr, .reader-message:visible").first
        expect(shown).to_be_visible(timeout=30_000)
        return page

    return begin
