"""Rows of the table of versions become what is set of each."""

from __future__ import annotations

from datetime import UTC, date, datetime

from core.store.catalog import VersionLine
from dashboard.parts.version_dates import BASE, DATE, VersionChange, changes_of, version_rows

NOON = datetime(2026, 8, 31, 12, tzinfo=UTC)
LINES = [
    VersionLine(1, "shop", "v1", NOON, False, "", 3, ""),
    VersionLine(2, "shop", "v2", NOON, True, "v1", 3, ""),
    VersionLine(3, "shop", "v3", None, False, "", 3, ""),
]


def test_rows_that_nobody_touched_change_nothing() -> None:
    assert changes_of(LINES, version_rows(LINES)) == []


def test_what_is_typed_is_set_and_what_is_emptied_is_taken_back() -> None:
    rows = version_rows(LINES)
    rows[0] |= {DATE: date(2026, 8, 1)}
    rows[1] |= {DATE: None, BASE: None}
    rows[2] |= {BASE: "v2"}
    assert changes_of(LINES, rows) == [
        VersionChange(1, True, date(2026, 8, 1), None),
        VersionChange(2, True, None, ""),
        VersionChange(3, False, None, "v2"),
    ]
