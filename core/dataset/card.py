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

# The head is read by the Hugging Face hub, and tells `datasets.load_dataset` which file holds the rows.
_CARD = """\
---
pretty_name: {dataset} {version}
license: unknown
task_categories:
- text-generation
tags:
- loopwright
- {format}
size_categories:
- {size}
configs:
- config_name: default
  data_files: {rows_file}
---

# {dataset}, version {version}

{retracted}{says} Format `{format}`: {columns}.

{rows:,} rows of {candidates:,} candidates:

{sources}

## How it was gathered

Runs of agents were logged and judged. {evidence}

A person has the same pseudonym in every dataset; it hides a name only from those who cannot guess it.

## Lengths and balance

{balance}

## Left out

{excluded}

{off}

## Files

- `{rows_file}`: the rows
- `provenance.jsonl`: where each row comes from, line by line
- `excluded.jsonl`: each candidate that was left out, and why
- `traces.jsonl`, `labels.jsonl`: what the rows rest on; `loopwright import` reads the folder back
- `manifest.json`: the definition, the counts, SHA-256 sums

## Known limits

- The texts stand as the agent, its users and its tools wrote them, less what was replaced as they came in. {secrets}
- No task that is kept for validation or holdout is in here, nor one that nearly repeats such a task word for word. One
  that asks the same in other words may be.
- No licence is stated: whoever shares this has to know what the agent's users and the model's terms allow.
"""

_SEARCHED = (
    "Rows with keys, or with what redaction replaces for their agent, were left out; other personal data was not "
    "looked for."
)

_RETRACTED = """\
**Retracted: {rows:,} {word}.** What {it} came from was taken back, the last on {last}. {left:,} of the {before:,} rows
that this version was made with are left; all counts below are those of before. Do not train on an older copy.

"""


def card(manifest: Mapping[str, Any], rows_file: str = "train.jsonl") -> str:
    """The README of a version; `rows_file` holds its rows."""
    name, gates = manifest["definition"]["format"], manifest["definition"]["gates"]
    table = [
        f"| {gate.name} | {gate.sentence} | {manifest['excluded'][gate.name]:,} |"
        for gate in gates_of(name)
        if gate.name in manifest["excluded"]
    ]
    off = [gate for gate, on in gates.items() if not on]
    searched = gates.get("secret", False)  # versions of before were not searched
    sources = manifest.get("balance", manifest)["sources"]
    return _CARD.format(
        **{key: manifest[key] for key in ("dataset", "version", "rows", "candidates")},
        rows_file=rows_file,
        size=_size(manifest["rows"]),
        retracted=_retracted(manifest),
        format=name,
        says=FORMATS[name].says,
        columns=_COLUMNS[name],
        sources="\n".join(f"- {count:,} from {_SOURCES[source]}" for source, count in sources.items()),
        evidence=_evidence(manifest["evidence"]),
        balance=_balance(manifest.get("balance", {})),
        excluded="\n".join(["| gate | why | candidates |", "|---|---|---:|", *table]) if table else "Nothing.",
        off=f"These gates were off: {', '.join(off)}." if off else "All gates were on.",
        secrets=_SEARCHED if searched else "They were not searched for secrets or personal data.",
    )


def _size(rows: int) -> str:
    """The hub's words for how many rows there are."""
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((words for bound, words in bounds if rows < bound), "1M<n<10M")


def _evidence(said: Mapping[str, Any]) -> str:
    people = f"{said['count']:,} labels by {said['people']:,} people"
    told = [f"{said['checked']:,} rows rest on an automated check, the others on people: {people}."]
    if said.get("by_several"):
        told.append(
            f"{said['by_several']:,} rows rest on several people, of whom {said['agreement']:.0%} agree on average."
        )
    if said.get("schemas"):
        named = ", ".join(f"`{schema}` ({count:,} labels)" for schema, count in said["schemas"].items())
        told.append(f"The questions that they were asked: {named}.")
    if said.get("shown_lessons"):
        told.append(
            f"In {said['shown_lessons']:,} rows the run had been shown lessons; `provenance.jsonl` names them in "
            "`lessons_shown`."
        )
    return " ".join(told)


def _balance(said: Mapping[str, Any]) -> str:
    if not said:
        return "Not counted."
    length, turns, tasks = said["characters"], said["agent_turns"], said["tasks"]
    middle = f"{length['median']:,} in the middle, {length['p90']:,} at the 90th percentile, at most {length['most']:,}"
    told = [
        f"- characters of a row: {middle}",
        f"- turns of the agent in a row: {turns['median']:,} in the middle, at most {turns['most']:,}",
        f"- {tasks['count']:,} tasks, the most frequent with {tasks['most']:,} rows; {tasks['none']:,} rows of no task",
    ]
    if "labels" in said:
        told.append(f"- {said['labels']['good']:,} good and {said['labels']['bad']:,} bad answers")
    if "longer" in said:
        longer = said["longer"]
        told.append(
            f"- the chosen side is the longer one in {longer['chosen']:,} rows, the rejected one in "
            f"{longer['rejected']:,}, neither in {longer['equal']:,}"
        )
    return "\n".join(told)


def _retracted(manifest: Mapping[str, Any]) -> str:
    gone = manifest.get("retracted")
    if gone is None:
        return ""
    word, it = ("row", "it") if gone["rows"] == 1 else ("rows", "they")
    said = {name: gone[name] for name in ("rows", "last", "left")}
    return _RETRACTED.format(**said, before=manifest["rows"], word=word, it=it)
