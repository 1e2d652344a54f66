"""Agreement in lines of words, as `loopwright agreement` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "No two reviewers have answered the same item yet."


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """A line a question, and lines under it for what needs more."""
    lines = [line for question in report["questions"] for line in _question_lines(question)] or [NONE]
    if report["known_left_out"]:
        lines.append(f"{report['known_left_out']:,} answers on items whose answer is known are left out.")
    return lines


def _question_lines(row: Mapping[str, Any]) -> list[str]:
    lines = [f"{row['key']}: {_figures(row)}", *_pairs(row)]
    if row["within_one_step"]:
        lines.append(f"  at most one step apart: {_percent(row['within_one_step'])}")
    lines += [
        f"  {' and '.join(pair.split('~'))}: {_percent(overlap)}" for pair, overlap in row.get("overlap", {}).items()
    ]
    if row["mapped"]:
        words = ", ".join(f"{word} as {means}" for word, means in row["mapped"]["words"].items())
        lines += [f"  with words that mean the same ({words}): {_figures(row['mapped'])}", *_pairs(row["mapped"])]
    whole = row["undefined"].get("krippendorff")
    if whole:
        lines.append(f"  Undefined: {whole}.")
    lines += [
        f"  {' and '.join(name.split('~'))}: undefined, {why}"
        for name, why in row["undefined"].items()
        if "~" in name and why != whole
    ]
    return lines


def _figures(row: Mapping[str, Any]) -> str:
    said = [f"{row['n_items']:,} items", f"{row['n_raters']} raters"]
    if row["percent"] is not None:
        agree = "of the marked words overlap" if row.get("level") == "spans" else "agree"
        said.append(f"{row['percent']:.1f} %{_between(row['intervals']['percent'], 1)} {agree}")
    if row.get("level") == "spans":
        return "; ".join(said)
    for name, label in (("krippendorff", "Krippendorff's alpha"), ("fleiss", "Fleiss' kappa")):
        value = "undefined" if row[name] is None else f"{row[name]:.3f}{_between(row['intervals'][name], 3)}"
        said.append(f"{label} {value}")
    return "; ".join(said)


def _pairs(row: Mapping[str, Any]) -> list[str]:
    lines = []
    for pair, kappa in row["cohen"].items():
        if kappa is not None:
            sure = _between(row["intervals"]["cohen"][pair], 3)
            lines.append(
                f"  {' and '.join(pair.split('~'))}: Cohen's kappa {kappa:.3f}{sure}, n {row['n']['cohen'][pair]:,}"
            )
    return lines


def _percent(found: Mapping[str, Any]) -> str:
    if found["percent"] is None:
        return "no item has two answers"
    return f"{found['percent']:.1f} %{_between(found['interval'], 1)}, n {found['n_items']:,}"


def _between(interval: list[float] | None, digits: int) -> str:
    return "" if interval is None else f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})"
