"""One file a format, each with one function `read(document)`: its records, or None when the document is not its own."""

from collections.abc import Callable, Iterator

from core.ingest.document import Document
from core.ingest.formats import (
    agentrx,
    aider,
    inspect_ai,
    langfuse,
    loopwright,
    messages,
    mini_swe_agent,
    otlp_json,
    pandalm,
    phoenix,
    span_dump,
    swe_agent,
    tau2_bench,
    tau2_judges,
    tau2_leaderboard,
    tau_bench,
    trail,
    who_and_when,
)
from core.records import Arrival

FORMATS: dict[str, Callable[[Document], Iterator[Arrival] | None]] = {
    module.NAME: module.read
    for module in (
        loopwright,
        tau_bench,
        tau2_bench,
        trail,
        pandalm,
        who_and_when,
        agentrx,
        tau2_judges,
        tau2_leaderboard,
        aider,
        swe_agent,
        mini_swe_agent,
        inspect_ai,
        messages,
        otlp_json,
        langfuse,
        phoenix,
        span_dump,
    )
}

GROWING = frozenset(module.NAME for module in (otlp_json, langfuse, phoenix, span_dump))
"""Formats of spans: what another file has of a run is added to it. A run of any other format is whole as it comes."""
