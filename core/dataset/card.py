"""A dataset's README: what it holds, how it was gathered, what was left out, and what it does not promise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.dataset.formats import FORMATS
from core.dataset.gates import gates_of

_COLUMNS = {
    "sft": "`messages`, and `tools` where the run recorded the schemas of its tools",
    "dpo": "`prompt`, `chosen` and `rejected`, each a list of messages, and `tools` where they were recorded",
    "kto": "`prompt` and `completion`, both lists of messages, `label` (whether the completion is good), and `tools` "
    "where they were recorded",
    "reward": "`prompt`, `chosen` and `rejected`, each a list of messages, and `tools` where they were recorded",
    "steps": "`prompt`, a list of messages, and `steps`, each with its messages and its verdict: 1, 0, -1, or null "
    "where nobody judged it or no verdict has most of those who did",
}

_SOURCES = {
    "run": "whole runs, up to the agent's last turn: nothing is learned from what came after it, so it is left out",
    "correction": "turns that a person corrected, with what stood before them",
    "preference": "pairs of answers, by what most of their reviewers chose",
    "trials": "pairs that nobody compared: a run that solved its task beside one that failed at it. Their direction "
    "comes from outcomes",
    "steps": "runs of which people judged single steps",
}

# The head tells `datasets.load_dataset` which file holds the rows.
_CARD = """\
---
configs:
- config_name: default
  data_files: train.jsonl
---

# {dataset}, version {version}

{retracted}{says} Format `{format}`: {columns}.

{rows:,} rows of {candidates:,} candidates:

{sources}

{checked:,} of them rest on an automated check, the others on people: {count:,} labels by {people:,} people. A person
has the same pseudonym in every dataset; it hides a name only from those who cannot guess it.

## Left out

{excluded}

{off}

## Files

- `train.jsonl`: the rows
- `provenance.jsonl`: where each row comes from, line by line
- `excluded.jsonl`: each candidate that was left out, and why
- `manifest.json`: the definition, the counts, SHA-256 sums

## Known limits

- The texts stand as the agent, its users and its tools wrote them. They were not searched for secrets or personal data.
- No task that is kept for validation or holdout is in here. A task that resembles one under another key may be.
"""


_RETRACTED = """\
**Retracted: {rows:,} {word}.** What {it} came from was taken back, the last on {last}. {left:,} of the {before:,} rows
that this version was made with are left; all counts below are those of before. Do not train on an older copy.

"""


def card(manifest: Mapping[str, Any]) -> str:
    """The README of a version."""
    name = manifest["definition"]["format"]
    table = [
        f"| {gate.name} | {gate.sentence} | {manifest['excluded'][gate.name]:,} |"
        for gate in gates_of(name)
        if gate.name in manifest["excluded"]
    ]
    off = [gate for gate, on in manifest["definition"]["gates"].items() if not on]
    counts = {key: manifest[key] for key in ("dataset", "version", "rows", "candidates")} | manifest["evidence"]
    return _CARD.format(
        **counts,
        retracted=_retracted(manifest),
        format=name,
        says=FORMATS[name].says,
        columns=_COLUMNS[name],
        sources="\n".join(f"- {count:,} from {_SOURCES[source]}" for source, count in manifest["sources"].items()),
        excluded="\n".join(["| gate | why | candidates |", "|---|---|---:|", *table]) if table else "Nothing.",
        off=f"These gates were off: {', '.join(off)}." if off else "All gates were on.",
    )


def _retracted(manifest: Mapping[str, Any]) -> str:
    gone = manifest.get("retracted")
    if gone is None:
        return ""
    word, it = ("row", "it") if gone["rows"] == 1 else ("rows", "they")
    said = {name: gone[name] for name in ("rows", "last", "left")}
    return _RETRACTED.format(**said, before=manifest["rows"], word=word, it=it)
