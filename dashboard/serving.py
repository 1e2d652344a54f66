"""Starts the server: where, whether that is safe, and with what in an empty data folder."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn

from core.errors import InvalidInput, Unavailable
from core.review.pairing import pair_runs
from core.store.catalog import list_agents
from core.store.trace_filter import TraceFilter, count_traces
from dashboard.gate import is_loopback
from dashboard.process import close_all, lesson_index, settings, store

SWITCH = 0.0005
"""Seconds after which a thread that computes lets another one in. A database call gives the turn away at each row, and
with Python's own 5 ms a request with twenty of them would wait a tenth of a second for a busy background thread."""

YOUNG = (20_000, 20, 10)
"""New objects after which Python looks for garbage, and how many such rounds until older ones are looked at. With its
own 700 a quarter of the time that a page takes to read fifty thousand rows went into that."""

SEED_DATA = Path(__file__).resolve().parents[1] / "seed_data"


def serve(host: str | None, port: int | None) -> None:
    """Serve until stopped; what is not given comes from the settings. Raises InvalidInput, Unavailable."""
    # written back, because the lock file tells other commands where the server is
    if host is not None:
        os.environ["LOOPWRIGHT_HOST"] = host
    if port is not None:
        os.environ["LOOPWRIGHT_PORT"] = str(port)
    chosen = settings()
    if not is_loopback(chosen.host) and not chosen.access_token.get_secret_value():
        raise InvalidInput(
            f"Serving on {chosen.host} would let anybody in. Set LOOPWRIGHT_ACCESS_TOKEN to a long random text, "
            "or serve on 127.0.0.1.",
            field="host",
        )
    _check_port(chosen.host, chosen.port)
    sys.setswitchinterval(SWITCH)
    lesson_index()  # a second owner of the data folder is refused here, in a sentence
    from dashboard.server import make_app

    config = uvicorn.Config(
        make_app(), host=chosen.host, port=chosen.port, log_config=None, access_log=False, timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    gc.freeze()  # what was imported stays, and need not be looked through each time that a page has been drawn
    gc.set_threshold(*YOUNG)
    for name, level in (("uvicorn.access", logging.CRITICAL), ("uvicorn.error", logging.WARNING)):
        logging.getLogger(name).addFilter(_at_least(level))  # a level would be set back by Streamlit at its start
    print(f"Loopwright serves on http://{chosen.host}:{chosen.port}   (stop with Ctrl+C)", file=sys.stderr, flush=True)
    try:
        server.run()
    except KeyboardInterrupt:
        return
    finally:
        close_all()
    if not server.started:
        raise Unavailable("The server could not start; the lines above say why.")


def _at_least(level: int) -> Callable[[logging.LogRecord], bool]:
    return lambda record: record.levelno >= level


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another with --port."
            ) from error


def fill_if_empty() -> None:
    """Import seed_data/ into a data folder in which no run is."""
    with store().reading() as session:
        if count_traces(session, TraceFilter()):
            return
    from core.ingest.accept import ImportOptions, import_paths

    files = sorted([*SEED_DATA.glob("*.jsonl"), *SEED_DATA.glob("*.jsonl.gz")])
    if not files:
        raise Unavailable(f"There is no seed data in {SEED_DATA}. Install Loopwright again.")
    print("Filling the empty data folder from seed_data/ ...", file=sys.stderr, flush=True)
    report = import_paths(store(), files, ImportOptions())
    with store().session() as session:
        for agent in list_agents(session):
            pair_runs(session, agent, "versions")
    print(f"{report.counts['traces']} runs of a shop's support agent are there to read.", file=sys.stderr, flush=True)
