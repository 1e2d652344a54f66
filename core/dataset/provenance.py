"""Where a row comes from: its runs, step and task, who said and who resolved it, which lessons were shown.

Only what is the same on every database stands here: no row ids, and no times, which an import may have had to make up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import content_hash
from core.dataset.candidates import Candidate, Excluded

_PSEUDONYM = re.compile(r"person-[0-9a-f]{12}")


def pseudonym(person: str) -> str:
    """The same name for the same person in every dataset. Whoever can guess a name can check the guess.

    What came under a pseudonym keeps it.
    """
    if _PSEUDONYM.fullmatch(person):
        return person
    return f"person-{content_hash(['loopwright', person], 12)}"


def provenance(candidate: Candidate, lessons: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """One line of provenance.jsonl; `lessons` are those given to runs, by trace id."""
    labels: list[dict[str, Any]] = [
        {"annotator": pseudonym(label.person), "revision": label.revision, "schema": label.schema, "said": label.said}
        | ({"in_bulk": True} if label.in_bulk else {})
        for label in candidate.labels
    ]
    labels.sort(key=lambda label: (label["annotator"], label["schema"], label["said"]))
    ruling = candidate.ruling
    resolution = ruling and {
        "by": pseudonym(ruling.person),
        "revision": ruling.revision,
        "schema": ruling.schema,
        "said": ruling.said,
        **({"part_of": "order"} if ruling.ranked else {}),
    }
    return _named(candidate) | {
        "annotators": sorted({label["annotator"] for label in labels}),
        "agreement": candidate.agreement,
        "outcome_from": candidate.outcome_from,
        "labels": labels,
        **({"resolution": resolution} if resolution else {}),
        "lessons_shown": sorted({lesson for run in candidate.runs for lesson in lessons.get(run.uid, ())}),
    }


def exclusion(excluded: Excluded) -> dict[str, Any]:
    """One line of excluded.jsonl."""
    return _named(excluded.candidate) | {"gate": excluded.gate, "detail": excluded.detail}


def _named(candidate: Candidate) -> dict[str, Any]:
    return {
        "key": candidate.key,
        "source": candidate.source,
        "traces": [run.uid for run in candidate.runs],
        "step": candidate.correction.step_id if candidate.correction is not None else "",
        "pair": candidate.pair.uid if candidate.pair is not None else "",
        "task": candidate.task,
    }
