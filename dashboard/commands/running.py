"""The server: started, filled, looked at, its indexes made anew."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from dashboard.commands.printing import Answer, Json, progress

Host = Annotated[str | None, typer.Option(help="The interface to listen on (default 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(help="The port (default 8501).", min=1, max=65535)]


def serve(host: Host = None, port: Port = None) -> Answer:
    """Serve what the data folder holds."""
    from dashboard.serving import serve as run

    run(host, port)
    return {}, []


def demo(host: Host = None, port: Port = None) -> Answer:
    """Fill an empty data folder from seed_data/ and serve it."""
    from dashboard.serving import fill_if_empty
    from dashboard.serving import serve as run

    fill_if_empty()
    run(host, port)
    return {}, []


def doctor(json: Json = False) -> Answer:
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


def reindex(json: Json = False) -> Answer:
    """Build the indexes of lessons and of runs anew from the database (not while a server owns them)."""
    from time import perf_counter

    from core.memory.indexer import rebuild
    from core.store.run_vectors import n_owing
    from core.tasks.run_index import AT_ONCE, rebuild_runs, sync_runs
    from dashboard.process import lesson_index, run_index, store

    start = perf_counter()
    lessons = rebuild(store(), lesson_index())
    rebuild_runs(store(), run_index())
    with store().reading() as session:
        runs = n_owing(session)
    with progress() as bar:
        task = bar.add_task("Reading runs", total=runs)
        while sync_runs(store(), run_index()):
            bar.advance(task, AT_ONCE)
    seconds = round(perf_counter() - start, 2)
    said = f"{lessons:,} lessons and {runs:,} runs indexed in {seconds} s"
    return {"lessons": lessons, "runs": runs, "seconds": seconds}, [said]
