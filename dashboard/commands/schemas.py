"""`loopwright schema`: label schemas out into YAML files, and in from them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.errors import InvalidInput, NotFound
from dashboard.commands.printing import Answer, Json


def schema(
    action: Annotated[str, typer.Argument(help="export, import or list.")] = "list",
    name: Annotated[str, typer.Argument(help="The schema's key to export, or the file to import.")] = "",
    out: Annotated[Path | None, typer.Option(help="With export: the file to write (else it is printed).")] = None,
    json: Json = False,
) -> Answer:
    """Label schemas: list them, export one as YAML, import one from YAML (as its next version, if it was answered)."""
    if action == "list":
        return _list()
    if action not in ("export", "import"):
        raise InvalidInput(f"There is no {action}. Write export, import or list.", field="action")
    if not name:
        needs = "the key of a schema" if action == "export" else "a YAML file"
        raise InvalidInput(f"loopwright schema {action} needs {needs}.", field="name")
    return _export(name, out) if action == "export" else _import(Path(name))


def _list() -> Answer:
    from core.store.schemas import schema_versions
    from dashboard.process import store

    with store().reading() as session:
        rows = [
            {
                "key": one.schema.key,
                "version": one.schema.version,
                "title": one.schema.title,
                "answers": one.answers,
                "queues": list(one.queues),
                "retired": one.retired_at is not None,
            }
            for one in schema_versions(session)
        ]
    lines = [
        f"{row['key']} {row['version']}: {row['title']}, {row['answers']:,} answers"
        + (f", asked by {', '.join(row['queues'])}" if row["queues"] else "")
        + (", retired" if row["retired"] else "")
        for row in rows
    ]
    return {"schemas": rows}, lines or ["No label schema is stored yet."]


def _export(key: str, out: Path | None) -> Answer:
    from core.review.ready_made import READY_MADE
    from core.review.schema_yaml import write_yaml
    from core.store.schemas import get_schema, newest_schema_id
    from dashboard.process import store

    with store().reading() as session:
        row = newest_schema_id(session, key)
        found = READY_MADE.get(key) if row is None else get_schema(session, row)
    if found is None:
        raise NotFound(f"There is no label schema {key}. See loopwright schema list.", field="name")
    text = write_yaml(found)
    if out is not None:
        if not out.parent.is_dir():
            raise InvalidInput(f"There is no folder {out.parent}. Make it first.", field="out")
        out.write_text(text, encoding="utf-8")
    result = {"key": found.key, "version": found.version, "yaml": text}
    return result, [f"{found.key} version {found.version} in {out}" if out is not None else text.rstrip("\n")]


def _import(file: Path) -> Answer:
    from core.review.schema_yaml import LARGEST_YAML, schema_from_yaml
    from core.store.schemas import get_schema, newest_schema_id, save_edit
    from dashboard.process import store

    if not file.is_file():
        raise NotFound(f"There is no file {file}.", field="name")
    if file.stat().st_size > 4 * LARGEST_YAML:
        raise InvalidInput(f"A schema's file has at most {LARGEST_YAML:,} characters.", field="name")
    read = schema_from_yaml(file.read_bytes().decode("utf-8-sig", "replace"))
    with store().session() as session:
        row = newest_schema_id(session, read.key)
        seen = None if row is None else get_schema(session, row)
        same = seen is not None and (seen.title, seen.questions, seen.guidelines, seen.source) == (
            *(read.title, read.questions, read.guidelines, read.source),
        )
        stored = seen if same and seen else get_schema(session, save_edit(session, read, seen))
    said = "it is stored already" if same else f"saved as version {stored.version}"
    result = {"key": stored.key, "version": stored.version, "questions": len(stored.questions), "new": not same}
    return result, [f"{stored.key}: {len(stored.questions)} questions, {said}"]
