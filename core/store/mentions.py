"""Records that no key ties to a run and that hold or name it all the same: refused records, and logs of imports."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.store.content import unpack
from core.store.dialect import parts
from core.store.reach import Scope
from core.store.tables import ImportRow, RefusalRow

_USER = ("user",)
_SESSION = ("session", "conversation", "thread")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Row ids of refused records, and import → what is left of its list of rejected records."""

    refusals: list[int]
    imports: dict[int, list[Any]]


def find_mentions(session: Session, scope: Scope, uids: Collection[str]) -> Mentions:
    """What holds or names these runs (by their sources' ids), the session or the user.

    A user or a session is looked for only where a record says that it is one: their names may be any word.
    """
    names = {*uids, scope.trace} - {""}
    rows = session.execute(
        select(RefusalRow.id, RefusalRow.record, RefusalRow.reason, RefusalRow.body).execution_options(yield_per=20)
    )
    refusals = [
        row
        for row, record, reason, body in rows
        if _named(names, f"{record} {reason}") or (body is not None and _holds(unpack(body), names, scope))
    ]
    imports: dict[int, list[Any]] = {}
    for row, rejected in session.execute(select(ImportRow.id, ImportRow.rejected)):
        if not _named(names, " ".join(map(_text, rejected))):
            continue
        imports[row] = [one for one in rejected if not _named(names, _text(one))]
    return Mentions(refusals, imports)


def remove_mentions(session: Session, mentions: Mentions) -> None:
    """Remove the refused records, and shorten the lists of rejected ones."""
    for some in parts(mentions.refusals):
        session.execute(delete(RefusalRow).where(RefusalRow.id.in_(some)))
    for row, rejected in mentions.imports.items():
        session.execute(update(ImportRow).where(ImportRow.id == row).values(rejected=rejected))


def _text(rejected: Any) -> str:
    return " ".join(map(str, rejected.values()))


def _named(names: Collection[str], text: str) -> bool:
    """Whether a text names one of these as a whole: `run1` does not stand in `run10`."""
    return any(name in text and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) for name in names)


def _holds(record: Any, names: Collection[str], scope: Scope) -> bool:
    for key, text in _texts(record):
        if text in names:
            return True
        for meant, words in ((scope.user, _USER), (scope.session, _SESSION)):
            if meant and text == meant and any(word in key for word in words):
                return True
    return False


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value with the key that it stands under; OTLP writes an attribute as {key, value}."""
    waiting = [(key, value)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key.lower(), value
        elif isinstance(value, dict):
            own = value.get("key")
            attribute = isinstance(own, str) and "value" in value
            under = [(f"{key}.{own if attribute else name}", inner) for name, inner in value.items()]
            waiting += under
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in value]
