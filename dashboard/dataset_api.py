"""The route under which a dataset version is downloaded, of whatever size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.dataset.writing import Written, zip_chunks
from core.errors import NotPermitted
from core.store.dataset_versions import DatasetVersion, get_version
from dashboard.answering import actor_of, route
from dashboard.process import store


def download(request: Request, body: dict[str, Any]) -> Response:
    if not actor_of(request).leads:
        raise NotPermitted("Rows show what reviewers said, so only leads download them.")
    with store().reading() as session:
        version = get_version(session, request.path_params["dataset"], int(request.path_params["number"]))
    chunks = _chunks(version, Written(recipes=request.query_params.getlist("recipe")))
    first = next(chunks)  # raises here what can be told, before anything is sent
    name = f'attachment; filename="{version.dataset}-{version.number}.zip"'
    headers = {"Content-Disposition": name, "Cache-Control": "no-store"}
    return StreamingResponse(_joined(first, chunks), media_type="application/zip", headers=headers)


def _chunks(version: DatasetVersion, how: Written) -> Iterator[bytes]:
    with store().reading() as session:
        yield from zip_chunks(session, version, how)


def _joined(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others


ROUTES = [Route("/api/datasets/{dataset}/{number:int}.zip", route(download))]
