"""Two versions of a dataset are compared row by row, each difference with its reason."""

from __future__ import annotations

from typing import Any

from core.dataset.comparing import RowChange, VersionChanges, VersionLines, compare_versions


def row(key: str, text: str = "said", **evidence: Any) -> tuple[bytes, dict[str, Any]]:
    return text.encode(), {"key": key, "labels": [], "agreement": None, "outcome_from": "people"} | evidence


def left_out(key: str, gate: str, detail: str = "") -> dict[str, Any]:
    return {"key": key, "gate": gate, "detail": detail}


def test_a_version_is_the_same_as_itself() -> None:
    lines = VersionLines([row("run:1"), row("run:2")], [left_out("run:3", "failed")])
    assert compare_versions(lines, lines) == VersionChanges((), (), (), 2)


def test_every_difference_has_its_reason() -> None:
    word = {"annotator": "person-1", "revision": 1, "said": "solved"}
    old = VersionLines(
        [row("run:1"), row("run:2"), row("run:3", labels=[word]), row("run:4"), row("run:5", "was said")],
        [left_out("run:6", "disputed"), left_out("run:9", "failed")],
    )
    new = VersionLines(
        [
            row("run:1"),
            row("run:3", labels=[word | {"revision": 2}]),
            row("run:5", "is said", agreement=0.5),
            row("run:6"),
            row("run:7"),
        ],
        [left_out("run:2", "holdout", "shop/2 is kept for holdout."), left_out("run:9", "failed")],
    )
    assert compare_versions(old, new) == VersionChanges(
        (
            RowChange("run:6", "It was left out before (disputed).", "disputed"),
            RowChange("run:7", "It was no candidate before."),
        ),
        (
            RowChange("run:2", "It is left out now (holdout). shop/2 is kept for holdout.", "holdout"),
            RowChange("run:4", "It is no candidate any more."),
        ),
        (
            RowChange("run:3", "Changed: its labels."),
            RowChange("run:5", "Changed: what it says, how far its reviewers agree."),
        ),
        1,
    )
