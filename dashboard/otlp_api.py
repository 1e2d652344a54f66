"""OTLP over HTTP: `/v1/traces` and `/v1/logs`, in protobuf or JSON, plain or packed; answered after the commit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import orjson
import zstandard
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import InvalidInput, LoopwrightError, TooLarge, Unsupported
from core.ingest.delivery import Accepted, accept
from core.ingest.otlp import LOGS, TRACES, decode
from core.store.intake import reasons
from dashboard.answering import answer_error
from dashboard.process import settings, spans_due, store

BITE = 1024

PROTOBUF, JSON = "application/x-protobuf", "application/json"

_ANSWERS: dict[str, Any] = {TRACES: ExportTraceServiceResponse, LOGS: ExportLogsServiceResponse}
_REJECTED = {TRACES: "rejected_spans", LOGS: "rejected_log_records"}


def endpoint(kind: str) -> Callable[[Request], Any]:
    """The endpoint for spans or for log records."""

    async def take(request: Request) -> Response:
        as_json = True
        try:
            as_json = is_json(request.headers.get("content-type", ""))
            limit = int(settings().max_request_mb * 1e6)
            body = await _read(request, limit)
            accepted = await run_in_threadpool(_accept, kind, body, request.headers, as_json, limit)
        except LoopwrightError as error:
            return refuse(error, as_json)
        except ClientDisconnect:
            return Response(status_code=499)
        return _answer(kind, accepted, as_json)

    return take


def is_json(content_type: str) -> bool:
    """Whether a body is JSON (else protobuf); raises Unsupported for anything else."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (PROTOBUF, "application/protobuf"):
        return False
    if kind == JSON:
        return True
    raise Unsupported(f"The Content-Type is {kind[:80] or 'missing'}; {PROTOBUF} and {JSON} are taken.")


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _accept(kind: str, body: bytes, headers: Any, as_json: bool, limit: int) -> Accepted:
    for encoding in reversed(headers.get("content-encoding", "").split(",")):
        body = unpacked(body, encoding.strip().lower(), limit)
    accepted = accept(store(), kind, decode(kind, body, as_json), settings().max_waiting_spans)
    spans_due.set()
    return accepted


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """A body without its packing, at most `limit` bytes; raises InvalidInput, TooLarge, Unsupported."""
    if encoding in ("", "identity"):
        return body
    try:
        if encoding in ("gzip", "x-gzip"):
            return _inflate(body, 31, limit)
        if encoding == "deflate":
            # zlib's form, as HTTP says; without its header, as some send it
            return _inflate(body, 15 if body[:1] and body[0] & 15 == 8 else -15, limit)
        if encoding == "zstd":
            return _unfold(body, limit)
    except (zlib.error, gzip.BadGzipFile, zstandard.ZstdError, EOFError) as error:
        raise InvalidInput(f"The body is not whole {encoding}: {error}.") from error
    raise Unsupported(f"The Content-Encoding is {encoding[:80]}; gzip, deflate and zstd are taken.")


def _inflate(body: bytes, bits: int, limit: int) -> bytes:
    plain = bytearray()
    while body:  # a gzip may have several members
        member = zlib.decompressobj(bits)
        plain += member.decompress(body, limit + 1 - len(plain))
        if len(plain) > limit:
            raise _too_large(limit)
        if not member.eof:
            raise EOFError("it is cut off")
        body = member.unused_data
    return bytes(plain)


def _unfold(body: bytes, limit: int) -> bytes:
    """The frames of a zstandard body, read in small bites, so that no bite unpacks to much more than the limit."""
    plain = bytearray()
    while body:
        frame, at = zstandard.ZstdDecompressor().decompressobj(), 0
        while at < len(body) and not frame.eof:
            plain += frame.decompress(body[at : at + BITE])
            at += BITE
            if len(plain) > limit:
                raise _too_large(limit)
        if not frame.eof:
            raise EOFError("it is cut off")
        body = frame.unused_data + body[at:]
    return bytes(plain)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"A request may have {limit / 1e6:g} MB (LOOPWRIGHT_MAX_REQUEST_MB): send fewer spans at a time.")


def _answer(kind: str, accepted: Accepted, as_json: bool) -> Response:
    message = _ANSWERS[kind]()
    if accepted.rejected:
        setattr(message.partial_success, _REJECTED[kind], len(accepted.rejected))
        message.partial_success.error_message = reasons(accepted.rejected)
    if not as_json:
        return Response(message.SerializeToString(), 200, media_type=PROTOBUF)
    partial: dict[str, Any] = {}
    if accepted.rejected:
        name = "rejectedSpans" if kind == TRACES else "rejectedLogRecords"
        # OTLP's JSON writes 64-bit numbers as text
        partial = {"partialSuccess": {name: str(len(accepted.rejected)), "errorMessage": reasons(accepted.rejected)}}
    return Response(orjson.dumps(partial), 200, media_type=JSON)


def refuse(error: LoopwrightError, as_json: bool) -> Response:
    """An error as a sender of OTLP reads it: a Status message for protobuf, for JSON our own shape with its fields."""
    response = answer_error(error, {"code": error.status, "message": error.message})
    if as_json:
        return response
    headers = {name: value for name, value in response.headers.items() if name == "retry-after"}
    return Response(
        Status(code=_GRPC.get(error.status, 2), message=error.message).SerializeToString(),
        error.status,
        headers,
        PROTOBUF,
    )


_GRPC = {400: 3, 413: 8, 415: 3, 503: 14}
"""HTTP status → gRPC code: invalid argument, resource exhausted, unavailable; 2 is unknown."""


async def no_metrics(request: Request) -> Response:
    """What a sender of metrics is told."""
    error = InvalidInput("Loopwright takes traces and logs, not metrics: set OTEL_METRICS_EXPORTER=none.")
    return refuse(error, as_json=True)


ROUTES = [
    Route("/v1/traces", endpoint(TRACES), methods=["POST"]),
    Route("/v1/logs", endpoint(LOGS), methods=["POST"]),
    Route("/v1/metrics", no_metrics, methods=["POST"]),
]
