"""What was handed in and not taken: kept with its reason, and tried again once whatever was wrong is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

import orjson

from core.errors import InvalidInput
from core.ingest import signal_door
from core.ingest.accept import import_document
from core.ingest.delivery import accept
from core.ingest.otlp import LOGS, TRACES, decode
from core.ingest.report import ImportOptions
from core.ingest.signals import read_signal
from core.store.engine import Store
from core.store.intake import Refusal, get_refusal, set_replayed

ANY_NUMBER = 2**31
"""However many spans wait: who tries again has waited already."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of trying refused records again: how many were taken, and the reason of each that still is not."""

    taken: int
    reasons: tuple[str, ...]


def replay(store: Store, refusals: Sequence[int]) -> Replayed:
    """Try refused records (row ids) again, each through the door that it came to; what is taken is marked so.

    Raises Unavailable when the database cannot be used; what was tried before that stays tried.
    """
    taken, reasons = 0, []
    for number in refusals:
        with store.reading() as session:
            refusal = get_refusal(session, number)
        reason = _try(store, refusal)
        if reason:
            reasons.append(f"{refusal.record}: {reason}")
        else:
            taken += 1
            with store.session() as session:
                set_replayed(session, number)
    return Replayed(taken, tuple(reasons))


def _try(store: Store, refusal: Refusal) -> str:
    """Why the record is still refused; "" when it was taken."""
    if refusal.body is None:
        return "the record itself was not kept: send it, or import its file, again"
    body = orjson.dumps(refusal.body)
    try:
        if refusal.door in (TRACES, LOGS):
            sound = decode(refusal.door, body, True)
            if sound.rejected:
                return sound.rejected[0].reason
            if not sound.n:
                return "no span was kept of it: send it again"
            accept(store, refusal.door, sound, ANY_NUMBER)
        elif refusal.door == signal_door.DOOR:
            with store.session() as session:
                signal_door.accept(session, [signal_door.Sent([read_signal(refusal.body)], [], len(body))])
        else:
            options = ImportOptions(format=refusal.format, replayed=True)
            report = import_document(store, PurePath(refusal.source).name, body, options)
            if report.rejected:
                return report.rejected[0].reason
    except InvalidInput as error:
        return error.message
    return ""
