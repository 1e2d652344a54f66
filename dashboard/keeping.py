"""The commands `remove` and `retention`: each answers (JSON object, lines of words)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import typer

from core.clock import now, parse_time
from core.retract import (
    BlastRadius,
    Retention,
    Scope,
    apply_retention,
    blast_radius,
    overdue,
    retentions,
    set_retention,
)
from core.retract import remove as take_back
from core.retract.radius import counts_json, told
from core.store.removal import known_agents, list_removals
from dashboard.commands.printing import Answer, progress, words
from dashboard.process import store


def remove(named: tuple[str, str, str, str], before: str, reason: str, yes: bool) -> Answer:
    """List what would go with a (trace, session, user, agent), of which one is named; with `yes` remove it."""
    if sum(map(bool, named)) != 1 or bool(named[3]) != bool(before):
        raise typer.BadParameter("name one of --trace, --session, --user, or --agent with --before")
    day = parse_time(before) if before else None
    if before and day is None:
        raise typer.BadParameter(f"--before {before} is no date: write it like 2026-08-31")
    scope = Scope(*named, day)
    with store().reading() as session:
        radius = blast_radius(session, scope)
    if not yes:
        return radius.as_json() | {"removed": False}, _would_go(radius)
    with progress() as bar:
        task = bar.add_task("Removing", total=radius.counts["traces"])
        done = take_back(store(), scope, "command line", reason, lambda n: bar.update(task, completed=n))
    if not done.file_clean:
        words.print("Somebody is reading: older pages stay in the database's -wal file until its next checkpoint.")
    result, lines = _removed(done.counts, "Nothing of it was here.")
    return radius.as_json() | result | {"file_clean": done.file_clean}, lines


def _removed(counts: Counter[str], nothing: str) -> Answer:
    lines = told(counts)
    return counts_json(counts) | {"removed": bool(lines)}, ["Removed:", *_indented(lines)] if lines else [nothing]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _would_go(radius: BlastRadius) -> list[str]:
    lines = told(radius.counts) + [one.words for one in (*radius.lessons, *radius.versions)]
    if radius.waiting:
        lines.append(f"{radius.waiting:,} spans are being read; those that belong to it go too")
    if radius.nothing:
        return [*_indented(lines), "Nothing of it is here."]
    return ["This would go:", *_indented(lines), "Nothing was removed: add --yes to remove it."]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of `loopwright retention`."""

    agent: str
    keep_days: int | None
    forever: bool
    keep_labelled: bool
    run: bool
    dry_run: bool


def retention(chosen: Chosen) -> Answer:
    """Write the policy that the options name, then apply what holds (`run`) or list it."""
    sets = bool(chosen.keep_days or chosen.forever)
    if chosen.forever and (chosen.keep_days or chosen.keep_labelled):
        raise typer.BadParameter("--forever keeps everything: leave --keep-days and --keep-labelled out")
    if chosen.keep_labelled and not chosen.keep_days:
        raise typer.BadParameter("--keep-labelled goes with --keep-days")
    if chosen.dry_run and not chosen.run:
        raise typer.BadParameter("--dry-run goes with --run")
    if chosen.agent and not sets:
        raise typer.BadParameter("say for how long: --keep-days N or --forever")
    if sets:
        with store().session() as session:
            if chosen.agent and chosen.agent not in known_agents(session):
                words.print(f"There is no agent {chosen.agent} yet: the policy waits for it.", markup=False)
            set_retention(session, Retention(chosen.agent, chosen.keep_days, chosen.keep_labelled))
    return _apply(chosen.dry_run) if chosen.run else _listed()


def _listed() -> Answer:
    with store().reading() as session:
        policies, removals = retentions(session), list_removals(session, 20)
    rows = [{"agent": one.agent, "keep_days": one.days, "keep_labelled": one.keep_used} for one in policies]
    logged = [
        {"at": one.at, "by": one.by, "what": one.what, "reason": one.reason, "counts": dict(one.counts)}
        for one in removals
    ]
    lines = [one.words for one in policies] or ["Everything is kept for ever: nobody has said otherwise."]
    if removals:
        lines.append("Removed up to now, the newest first:")
    lines += [
        f"  {one.at:%Y-%m-%d %H:%M} UTC by {one.by}: {one.what}, {one.counts.get('traces', 0):,} runs"
        + (f" ({one.reason})" if one.reason else "")
        for one in removals
    ]
    return {"policies": rows, "removals": logged}, lines


def _apply(dry_run: bool) -> Answer:
    if dry_run:
        with store().reading() as session:
            n = len(overdue(session, now()))
        return {"traces": n, "removed": False}, [f"{n:,} runs are past their time. Nothing was removed."]
    done = apply_retention(store(), now())
    counts = done.counts
    while done.more:
        done = apply_retention(store(), now())
        counts = counts + done.counts
    return _removed(counts, "Nothing is past its time.")
