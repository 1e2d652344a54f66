"""`loopwright`: the command line. Each command prints words, or with --json one JSON object and nothing else on stdout.

Exit 0 done, 1 it could not be done (the reason on stderr), 2 wrong usage or an ambiguous name.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from core.clock import parse_time
from core.errors import Ambiguous, InvalidInput, LoopwrightError
from dashboard.schema_commands import schema

app = typer.Typer(
    help="Loopwright: where people teach an AI agent. Each command explains itself with --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
words = Console(stderr=True, highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and everything else on stderr.")]
Agent = Annotated[str, typer.Option(help="The agent, where several have versions of one name.")]


def command(work: Callable[..., Any]) -> Callable[..., Any]:
    """Register a command; `work` returns (JSON object, lines of words) and may raise LoopwrightErrors."""

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

    return app.command(work.__name__.removesuffix("_"))(run)


Host = Annotated[str | None, typer.Option(help="The interface to listen on (default 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="The port (default 8501).", min=1, max=65535)]


@command
def serve(host: Host = None, port: Port = None) -> Any:
    """Serve what the data folder holds."""
    from dashboard.serving import serve as run

    run(host, port)
    return {}, []


@command
def demo(host: Host = None, port: Port = None) -> Any:
    """Fill an empty data folder from seed_data/ and serve it."""
    from dashboard.serving import fill_if_empty
    from dashboard.serving import serve as run

    fill_if_empty()
    run(host, port)
    return {}, []


@command
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders to look through.")],
    format: Annotated[str, typer.Option(help="Read as this format instead of finding it by content.")] = "",
    agent: Annotated[str, typer.Option(help="The agent's name, instead of the file's.")] = "",
    version: Annotated[str, typer.Option(help="The version's name, instead of the file's.")] = "",
    version_date: Annotated[str, typer.Option(help="When the version was made, for example 2026-08-31.")] = "",
    base: Annotated[str, typer.Option(help="The version that this one was made from.")] = "",
    suite: Annotated[str, typer.Option(help="Also put the tasks of these runs into this draft suite.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(help="What a column of a table holds: PART=COLUMN, such as input=question; several times."),
    ] = None,
    success: Annotated[
        list[str] | None,
        typer.Option(help="A value of the outcome's column that means success, such as yes or '>=0.5'."),
    ] = None,
    json: Json = False,
) -> Any:
    """Import traces, signals, labels, pairs and lessons from files. The same file twice adds nothing."""
    from rich.progress import Progress

    from core.ingest.accept import ImportOptions, import_paths
    from core.ingest.mapping import parse_mapping
    from dashboard.process import store

    date = parse_time(version_date) if version_date else None
    if version_date and date is None:
        raise InvalidInput(f"--version-date {version_date} is no date. Write it like 2026-08-31.", field="version_date")
    options = ImportOptions(
        *(agent, version, date, base, suite, format), columns=parse_mapping(column or [], success or [])
    )
    with Progress(console=words, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Importing", total=None)

        def show(name: str, done: int, total: int) -> None:
            bar.update(task, description=name[-60:], completed=done, total=total)

        report = import_paths(store(), paths, options, progress=show)
    result = report.as_json()
    arrived = sum(value for key, value in result.items() if isinstance(value, int) and key != "duplicates")
    for path, record, reason in ((row["path"], row["record"], row["reason"]) for row in result["rejected"]):
        words.print(f"{path}: {record}: {reason}", markup=False)
    if arrived + result["duplicates"] == 0:
        reason = (
            result["rejected"][0]["reason"] if result["rejected"] else "no file that Loopwright reads was found there."
        )
        raise InvalidInput(f"Nothing was imported: {reason}")
    counts = [f"{value:,} {key}" for key, value in result.items() if isinstance(value, int) and value]
    return result, [
        ", ".join(counts) + (f"; {len(result['rejected'])} rejected (see above)" if result["rejected"] else "")
    ]


@command
def agreement(
    queue: Annotated[str, typer.Option(help="Only what was reviewed in this queue.")] = "",
    question: Annotated[str, typer.Option(help="Only this question (its key).")] = "",
    raters: Annotated[str, typer.Option(help="people or machines.")] = "people",
    json: Json = False,
) -> Any:
    """How far reviewers agree, question by question: each coefficient with its interval and n."""
    from core.evaluate.agreement_json import agreement_json
    from core.evaluate.agreement_report import agreement_report
    from dashboard.parts.agreement_words import report_lines
    from dashboard.process import store

    with store().reading() as session:
        report = agreement_report(session, queue=queue or None, question=question or None, raters=raters)
    result = agreement_json(report)
    return result, report_lines(result)


@command
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
) -> Any:
    """Queues: list them with their counts, make one of what fits, put more into one."""
    from core.review.queue_making import QueueRules
    from core.store.queue_filters import QueueFilter
    from dashboard.queue_commands import Asked
    from dashboard.queue_commands import queue as work

    runs = QueueFilter(agent=agent, version=version, outcome=outcome, text=text)
    wanted = replace(runs, kind=kind, name=tool, source=source, most=most, sample=sample)
    rules = QueueRules(overlap, not not_blind, order, seed, standing)
    return work(action, Asked(name, of, questions, wanted, rules, person or []))


@command
def lessons(
    state: Annotated[str, typer.Option(help="proposed, active, rejected, retired or superseded.")] = "",
    json: Json = False,
) -> Any:
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
    return {"lessons": rows}, [
        f"{r['id'][:8]:<8}  {r['state']:<10} when {r['when']} → {r['guidance']}" for r in rows
    ] or ["No lesson yet."]


@command
def recall(
    text: Annotated[str, typer.Argument(help="The situation an agent is in.")],
    agent: Annotated[str, typer.Option(help="Only lessons for this agent, or for all.")] = "",
    k: Annotated[int, typer.Option("-k", help="At most this many lessons.", min=1, max=50)] = 5,
    json: Json = False,
) -> Any:
    """What an agent would be given in a situation; a dry run, nothing is logged."""
    from dashboard.ask import ask_recall

    found = ask_recall(text, agent, k)
    lines = [f"{row['score']:.2f}  when {row['when']} → {row['guidance']}" for row in found["lessons"]]
    return found, lines or ["No active lesson fits this situation: nothing would be given."]


@command
def export(
    format: Annotated[str, typer.Argument(help="sft or dpo.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    dataset: Annotated[str, typer.Option(help="The dataset's name (default: the format's).")] = "",
    gate: Annotated[list[str] | None, typer.Option(help="NAME=on or NAME=off; may be given several times.")] = None,
    json: Json = False,
) -> Any:
    """Make and write a dataset version: rows, where each comes from, and what was left out and why."""
    from core.dataset.versions import export_version
    from dashboard.process import store

    report = export_version(store(), format, out, dataset, gate or [])
    result = report.as_json()
    excluded = [f"  {count:>6,}  {reason}" for reason, count in result["excluded"].items()]
    head = f"{result['rows']:,} rows of {result['candidates']:,} candidates in {out} (version {result['version']})"
    return result, [head, *excluded]


@command
def compare(
    base: Annotated[str, typer.Argument(help="The version to compare with.")],
    candidate: Annotated[str, typer.Argument(help="The version that may be better.")],
    suite: Annotated[str, typer.Option(help="The suite to compare on; its tasks are fixed by the first comparison.")],
    agent: Agent = "",
    json: Json = False,
) -> Any:
    """Two versions on one suite: what got better, what broke, and how sure that is."""
    from core.evaluate.comparison import compare_versions
    from dashboard.parts.version_tables import left_out
    from dashboard.process import store

    with store().session() as session:
        result = compare_versions(session, base, candidate, suite=suite, agent=agent or None)
    lists = {"broken": result.paired.regressed, "fixed": result.paired.fixed, "left out": left_out(result)}
    named = [f"{what}: {', '.join(tasks)}" for what, tasks in lists.items() if tasks]
    return result.as_json(), [result.sentence, *filter(None, [result.advice]), *named]


@command
def doctor(json: Json = False) -> Any:
    """Check settings, disk, database and index; say what to do."""
    from dashboard.doctor import checks

    made = checks()
    lines = [f"{'ok  ' if check['ok'] else 'LOOK'}  {check['name']}: {check['detail']}" for check in made]
    if not all(check["ok"] for check in made):
        if json:
            print(orjson.dumps({"checks": made}, option=orjson.OPT_INDENT_2).decode())
        else:
            print("\n".join(lines))
        raise typer.Exit(1)
    return {"checks": made}, lines


@command
def reindex(json: Json = False) -> Any:
    """Build the indexes of lessons and of runs anew from the database (not while a server owns them)."""
    from time import perf_counter

    from rich.progress import Progress

    from core.memory.indexer import rebuild
    from core.store.run_vectors import n_owing
    from core.tasks.run_index import AT_ONCE, rebuild_runs, sync_runs
    from dashboard.process import lesson_index, run_index, store

    start = perf_counter()
    lessons = rebuild(store(), lesson_index())
    rebuild_runs(store(), run_index())
    with store().reading() as session:
        runs = n_owing(session)
    with Progress(console=words, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Reading runs", total=runs)
        while sync_runs(store(), run_index()):
            bar.advance(task, AT_ONCE)
    seconds = round(perf_counter() - start, 2)
    said = f"{lessons:,} lessons and {runs:,} runs indexed in {seconds} s"
    return {"lessons": lessons, "runs": runs, "seconds": seconds}, [said]


@command
def backup(file: Annotated[Path, typer.Argument(help="The file to write.")], json: Json = False) -> Any:
    """Write everything into one file, also while a server runs."""
    from core.store.backup import write_backup
    from dashboard.process import settings, store

    if not file.parent.is_dir():
        raise InvalidInput(f"There is no folder {file.parent}. Make it first.", field="file")
    write_backup(store(), file, settings().folder)
    return _file_facts(file)


@command
def restore(file: Annotated[Path, typer.Argument(help="A backup.")], json: Json = False) -> Any:
    """Bring a backup back into an empty data folder."""
    from core.store.engine import open_store
    from core.store.restore import check_backup, read_backup
    from dashboard.process import settings

    check_backup(file)
    opened = open_store(settings().database_url)
    try:
        read_backup(opened, file, settings().folder)
    finally:
        opened.close()
    return _file_facts(file)


def _file_facts(file: Path) -> Any:
    import hashlib

    with file.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    size = file.stat().st_size
    return {"bytes": size, "sha256": digest}, [f"{file}: {size:,} bytes, SHA-256 {digest}"]


@command
def remove(
    trace: Annotated[str, typer.Option(help="One run, by the id that its source gave it.")] = "",
    session: Annotated[str, typer.Option(help="All runs of one session.")] = "",
    user: Annotated[str, typer.Option(help="All runs of one user of an agent.")] = "",
    agent: Annotated[str, typer.Option(help="An agent's runs that began before --before.")] = "",
    before: Annotated[str, typer.Option(help="A day, such as 2026-08-31: with --agent.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the log; it should name nobody.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this only what would go is listed.")] = False,
    json: Json = False,
) -> Any:
    """Take runs back with all that came of them: labels, lessons' evidence, dataset rows. Also while a server runs."""
    from dashboard.keeping import remove as run

    return run((trace, session, user, agent), before, reason, yes)


@command
def retention(
    agent: Annotated[str, typer.Option(help="For this agent; without it for all that have nothing of their own.")] = "",
    keep_days: Annotated[int | None, typer.Option(help="Remove runs so many days after they came.", min=1)] = None,
    forever: Annotated[bool, typer.Option("--forever", help="Keep runs for ever.")] = False,
    keep_labelled: Annotated[
        bool, typer.Option("--keep-labelled", help="Keep what was labelled, taught from or evaluated on all the same.")
    ] = False,
    run: Annotated[bool, typer.Option("--run", help="Remove now what is past its time.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --run: only count it.")] = False,
    json: Json = False,
) -> Any:
    """How long runs are kept: list it, set it, or apply it now. A server applies it once an hour."""
    from dashboard.keeping import Chosen
    from dashboard.keeping import retention as work

    return work(Chosen(agent, keep_days, forever, keep_labelled, run, dry_run))


command(schema)


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
