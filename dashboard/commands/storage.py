"""What is stored: backed up, brought back, taken back, kept for a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput
from dashboard.commands.printing import Answer, Json


def backup(file: Annotated[Path, typer.Argument(help="The file to write.")], json: Json = False) -> Answer:
    """Write everything into one file, also while a server runs."""
    from core.store.backup import write_backup
    from dashboard.process import store

    if not file.parent.is_dir():
        raise InvalidInput(f"There is no folder {file.parent}. Make it first.", field="file")
    write_backup(store(), file)
    return _file_facts(file)


def restore(file: Annotated[Path, typer.Argument(help="A backup.")], json: Json = False) -> Answer:
    """Bring a backup back into an empty data folder."""
    from core.store.engine import open_store
    from core.store.restore import check_backup, read_backup
    from dashboard.process import settings

    check_backup(file)
    opened = open_store(settings().database_url)
    try:
        read_backup(opened, file)
    finally:
        opened.close()
    return _file_facts(file)


def _file_facts(file: Path) -> Answer:
    import hashlib

    with file.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    size = file.stat().st_size
    return {"bytes": size, "sha256": digest}, [f"{file}: {size:,} bytes, SHA-256 {digest}"]


def remove(
    trace: Annotated[str, typer.Option(help="One run, by the id that its source gave it.")] = "",
    session: Annotated[str, typer.Option(help="All runs of one session.")] = "",
    user: Annotated[str, typer.Option(help="All runs of one user of an agent.")] = "",
    agent: Annotated[str, typer.Option(help="An agent's runs that began before --before.")] = "",
    before: Annotated[str, typer.Option(help="A day, such as 2026-08-31: with --agent.")] = "",
    reason: Annotated[str, typer.Option(help="Why, for the log; it should name nobody.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without this only what would go is listed.")] = False,
    json: Json = False,
) -> Answer:
    """Take runs back with all that came of them: labels, lessons' evidence, dataset rows. Also while a server runs."""
    from dashboard.keeping import remove as run

    return run((trace, session, user, agent), before, reason, yes)


def retract(
    kind: Annotated[str, typer.Argument(help="reviewer, run or guideline; nothing lists what was taken back.")] = "",
    name: Annotated[str, typer.Argument(help="A reviewer's name, a run's id, or KEY@VERSION of a guideline.")] = "",
    reason: Annotated[str, typer.Option(help="Why: whoever finds it missing reads that.")] = "",
    by: Annotated[str, typer.Option(help="The lead who does it, where there are several.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this only what it touches is listed.")] = False,
    undo: Annotated[int | None, typer.Option(help="Bring back what the retraction of this number took.")] = None,
    json: Json = False,
) -> Answer:
    """Let a reviewer's words, a run, or what was said under a guideline count no more; with one undo."""
    from dashboard.taking_back import take_back

    return take_back(kind, name, by, reason, yes, undo)


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
) -> Answer:
    """How long runs are kept: list it, set it, or apply it now. A server applies it once an hour."""
    from dashboard.keeping import Chosen
    from dashboard.keeping import retention as work

    return work(Chosen(agent, keep_days, forever, keep_labelled, run, dry_run))
