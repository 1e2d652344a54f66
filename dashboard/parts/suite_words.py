"""Suites in words and rows: every revision, and what one of them holds by split and tag."""

from __future__ import annotations

from collections.abc import Sequence

from core.records import Split
from core.store.suites import Case, Opening, SuiteLine

EACH = "each task"


def state_words(line: SuiteLine) -> str:
    """draft; frozen 2026-09-01, 1a2b3c4d5e6f"""
    if line.frozen_at is None:
        return "draft"
    return f"frozen {line.frozen_at:%Y-%m-%d}, {line.content_hash[:12]}"


def suite_rows(lines: Sequence[SuiteLine]) -> list[dict[str, str]]:
    """One row a revision."""
    return [
        {
            "Suite": line.name,
            "Revision": str(line.revision),
            "State": state_words(line),
            "Tasks": f"{line.n_cases:,}",
            "Train": f"{line.n_cases - line.n_validation - line.n_holdout:,}",
            "Validation": f"{line.n_validation:,}",
            "Holdout": f"{line.n_holdout:,}",
            "Holdout opened": f"{line.openings:,} times" if line.openings != 1 else "once",
            "Margin": f"±{100 * line.margin:g} points",
            "Why this revision": line.note,
        }
        for line in lines
    ]


def tag_counts(cases: Sequence[Case]) -> list[dict[str, str]]:
    """How many tasks there are by tag and split; a task with two tags stands in both rows."""
    groups: dict[str, list[Case]] = {EACH: list(cases)}
    for tag in sorted({tag for case in cases for tag in case.tags}):
        groups[tag] = [case for case in cases if tag in case.tags]
    if without := [case for case in cases if not case.tags]:
        groups["without a tag"] = without
    return [
        {"Tag": name, "Tasks": f"{len(group):,}"}
        | {split.value.capitalize(): f"{sum(case.split is split for case in group):,}" for split in Split}
        for name, group in groups.items()
    ]


def opening_row(opening: Opening) -> dict[str, str]:
    """One opening of a holdout."""
    return {
        "When": f"{opening.at:%Y-%m-%d %H:%M} UTC",
        "Who": opening.by,
        "Versions": f"{opening.base} → {opening.candidate}",
        "Why": opening.reason,
    }
