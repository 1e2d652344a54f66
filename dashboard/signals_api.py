"""`POST /api/signals`: evidence of quality, one signal or many, answered after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import Conflict, InvalidInput, LoopwrightError, TooLarge, Unavailable
from core.ingest.signal_door import CONFLICT, Sent, accept
from core.ingest.signals import Unfit, read_request
from core.store.signals import Kept
from dashboard.answering import LARGEST_BODY, answer, answer_error
from dashboard.process import store
from dashboard.writing import GroupCommit

TOGETHER, WAITING = 1_000, 20_000
"""Signals in one transaction, and how many may wait for it."""


def _commit(requests: Sequence[Sent]) -> list[list[Kept]]:
    with store().session() as session:
        return accept(session, requests)


_writer: GroupCommit[Sent, list[Kept]] = GroupCommit(_commit, TOGETHER, WAITING)


async def take_signals(request: Request) -> Response:
    """One signal, or several: what cannot be taken of several is named, and the rest is kept."""
    try:
        body, size = await _read(request)
        sound, unfit = read_request(body)
        kept = await _writer.write(Sent(list(sound.values()), unfit, size), len(sound) + len(unfit))
    except LoopwrightError as error:
        return answer_error(error)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception:  # noqa: BLE001  (what it was stands in the log)
        return answer_error(Unavailable("This could not be kept; the server's log says why. Send it again."))
    clashes = [
        Unfit(index, CONFLICT, "key", None) for index, one in zip(sound, kept, strict=True) if one.state == "conflict"
    ]
    taken = [one for one in kept if one.state != "conflict"]
    return _answer(taken, sorted([*unfit, *clashes], key=lambda one: one.index))


async def _read(request: Request) -> tuple[Any, int]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"A request holds at most {LARGEST_BODY:,} bytes. Send the signals in parts.")
    try:
        return orjson.loads(body), len(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error


def _answer(taken: Sequence[Kept], rejected: Sequence[Unfit]) -> Response:
    """201 where every signal has met its trace, 202 where one waits for it, 200 where all were known already.

    Where nothing can be taken it is an error, named by the first signal.
    """
    states = [one.state for one in taken]
    said: dict[str, Any] = {
        "accepted": states.count("accepted"),
        "waiting": states.count("waiting"),
        "repeated": states.count("repeated"),
        "rejected": [{"index": one.index, "reason": one.reason, "field": one.field} for one in rejected],
    }
    if not taken:
        first = rejected[0]
        kind = Conflict if first.reason == CONFLICT else InvalidInput
        return answer_error(kind(first.reason, field=first.field), said)
    homeless = any(one.home is None for one in taken)
    return answer(said, 202 if homeless else 201 if said["accepted"] else 200)


ROUTES = [Route("/api/signals", take_signals, methods=["POST"])]
