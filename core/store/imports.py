"""What was imported, file by file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import now
from core.store.content import clean
from core.store.tables import ImportRow


def log_import(
    session: Session, name: str, format: str, counts: dict[str, int], rejected: list[dict[str, str]]
) -> None:
    """Write what came of one file."""
    kept: list[Any] = [{key: clean(value, 1000) for key, value in record.items()} for record in rejected]
    session.add(ImportRow(name=clean(name), format=format, counts=counts, rejected=kept, at=now()))


def list_imports(session: Session, limit: int = 100) -> list[ImportRow]:
    """The newest imports first."""
    return list(session.scalars(select(ImportRow).order_by(ImportRow.id.desc()).limit(limit)))
