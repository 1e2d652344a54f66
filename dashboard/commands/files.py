"""Files in, and datasets out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.clock import parse_time
from core.errors import InvalidInput
from dashboard.commands.printing import Answer, Json, day, progress, words


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
) -> Answer:
    """Import traces, signals, labels, pairs and lessons from files. The same file twice adds nothing."""
    from core.ingest.accept import ImportOptions, import_paths
    from core.ingest.mapping import parse_mapping
    from dashboard.process import store

    date = parse_time(version_date) if version_date else None
    if version_date and date is None:
        raise InvalidInput(f"--version-date {version_date} is no date. Write it like 2026-08-31.", field="version_date")
    options = ImportOptions(
        *(agent, version, date, base, suite, format), columns=parse_mapping(column or [], success or [])
    )
    with progress() as bar:
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


def datasets(
    name: Annotated[str, typer.Argument(help="Only the versions of this dataset.")] = "",
    compare: Annotated[
        tuple[int, int] | None, typer.Option(help="Two of its versions: which rows changed, why.")
    ] = None,
    json: Json = False,
) -> Answer:
    """The dataset versions that were made, newest first; or two of one dataset side by side."""
    from core.dataset.comparing import compare_made
    from core.store.dataset_versions import get_version, list_versions
    from dashboard.parts.dataset_changes import change_lines, changes_json
    from dashboard.process import store

    if compare is not None and not name:
        raise typer.BadParameter("name the dataset whose versions are compared")
    with store().reading() as session:
        if compare is not None:
            old, new = (get_version(session, name, number) for number in compare)
            changes = compare_made(session, old, new)
            return changes_json(changes), change_lines(changes)
        made = list_versions(session, name or None)
    rows = [
        {
            "dataset": one.dataset,
            "version": one.number,
            "format": one.format,
            "rows": one.manifest["rows"],
            "retracted": one.manifest.get("retracted", {}).get("rows", 0),
            "made_at": one.created_at.isoformat(),
            "sha256": one.sha256,
        }
        for one in made
    ]
    lines = [
        f"{one.dataset} {one.number}  {one.format:<4} {row['rows']:>7,} rows  {one.created_at:%Y-%m-%d %H:%M} UTC"
        + (f"  ({row['retracted']:,} taken back since)" if row["retracted"] else "")
        for one, row in zip(made, rows, strict=True)
    ]
    return {"versions": rows}, lines or ["None was made yet: loopwright export makes the first."]


def export(
    format: Annotated[str, typer.Argument(help="sft, dpo, kto, reward or steps.")],
    out: Annotated[str, typer.Option(help="The folder to write, or an address that fsspec knows (s3://…).")],
    dataset: Annotated[str, typer.Option(help="The dataset's name (default: the format's).")] = "",
    gate: Annotated[list[str] | None, typer.Option(help="NAME=on or NAME=off; may be given several times.")] = None,
    agent: Annotated[str, typer.Option(help="Only what rests on this agent's runs.")] = "",
    version: Annotated[str, typer.Option(help="Only what rests on runs of this version.")] = "",
    since: Annotated[str, typer.Option(help="Only runs from this day on, such as 2026-08-31.")] = "",
    until: Annotated[str, typer.Option(help="Only runs before this day.")] = "",
    source: Annotated[
        list[str] | None, typer.Option(help="Only run, correction, preference, trials or steps; several times.")
    ] = None,
    reviewers: Annotated[int, typer.Option(help="How many people have to stand behind a label.", min=1)] = 1,
    agreement: Annotated[float, typer.Option(help="Which share of them has to agree, 0 to 1.")] = 0.0,
    schema: Annotated[
        list[str] | None, typer.Option(help="Only what was labelled under this label schema; several times.")
    ] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write the rows as Parquet instead of JSONL.")] = False,
    recipe: Annotated[
        list[str] | None,
        typer.Option(help="Also what trl, axolotl, llama-factory or openai train with; several times."),
    ] = None,
    json: Json = False,
) -> Answer:
    """Make and write a dataset version: rows, where each comes from, and what was left out and why."""
    from core.dataset.definition import define
    from core.dataset.versions import export_version
    from core.dataset.writing import Written
    from core.store.trace_filter import TraceFilter
    from dashboard.process import store

    runs = TraceFilter(agent=agent, version=version, since=day(since, "since"), until=day(until, "until"))
    definition = define(format, gate or [], runs, source or [], reviewers, agreement, schema or [])
    with progress() as bar:
        task = bar.add_task("Making", total=None)

        def show(doing: str, done: int, total: int) -> None:
            bar.update(task, description=doing.capitalize(), completed=done, total=total or None)

        report = export_version(store(), definition, out, dataset, Written(parquet, recipe or ()), show)
    result = report.as_json()
    excluded = [f"  {count:>6,}  {reason}" for reason, count in result["excluded"].items()]
    head = f"{result['rows']:,} rows of {result['candidates']:,} candidates in {out} (version {result['version']})"
    return result, [head, *excluded]
