"""What a dataset is to hold, as somebody says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.dataset.formats import FORMATS
from core.dataset.gates import choose_gates
from core.errors import InvalidInput
from core.store.trace_filter import TraceFilter

ALL_RUNS = TraceFilter()
SOURCES = ("run", "correction", "preference", "trials", "steps")


@dataclass(frozen=True, slots=True)
class Definition:
    """What a dataset is to hold: its format, which gates are on, and which candidates are meant at all.

    `runs` narrows them to those whose runs it lets through all (pairs of texts have none), `sources` to these (none: to
    all), `schemas` to those with a label under one of these (keys). What rests on people alone needs `reviewers` of
    them, of whom the share `agreement` (0..1) agrees.
    """

    format: str
    gates: Mapping[str, bool]
    runs: TraceFilter = ALL_RUNS
    sources: Sequence[str] = ()
    reviewers: int = 1
    agreement: float = 0.0
    schemas: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        """What a manifest says of it: what was left as it is by default is not named."""
        said = {
            "runs": self.runs.as_json(),
            "sources": sorted(self.sources),
            "reviewers": self.reviewers if self.reviewers > 1 else None,
            "agreement": self.agreement or None,
            "schemas": sorted(self.schemas),
        }
        named = {name: value for name, value in said.items() if value}
        return {"format": self.format, "gates": dict(self.gates)} | named

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Definition:
        """The definition that `as_json` wrote; raises InvalidInput."""
        gates = [f"{name}={'on' if on else 'off'}" for name, on in said["gates"].items() if not on]
        runs = TraceFilter.from_json(said.get("runs", {}))
        asked = (said.get("reviewers", 1), said.get("agreement", 0.0), said.get("schemas", ()))
        return define(said["format"], gates, runs, said.get("sources", ()), *asked)


def define(
    format: str,
    gates: Iterable[str] = (),
    runs: TraceFilter | None = None,
    sources: Iterable[str] = (),
    reviewers: int = 1,
    agreement: float = 0.0,
    schemas: Iterable[str] = (),
) -> Definition:
    """A definition from a format's name and `NAME=on|off` texts; raises InvalidInput."""
    if format not in FORMATS:
        *names, last = FORMATS
        raise InvalidInput(f"There is no format {format}. Formats are {', '.join(names)} and {last}.", field="format")
    chosen = sorted(set(sources))
    if unknown := [one for one in chosen if one not in SOURCES]:
        raise InvalidInput(f"There is no source {unknown[0]}. Sources are {', '.join(SOURCES)}.", field="source")
    if reviewers < 1:
        raise InvalidInput("At least one reviewer has to stand behind a row.", field="reviewers")
    if not 0 <= agreement <= 1:
        raise InvalidInput("Agreement is a share between 0 and 1.", field="agreement")
    labelled = sorted(set(schemas))
    return Definition(format, choose_gates(format, gates), runs or ALL_RUNS, chosen, reviewers, agreement, labelled)
