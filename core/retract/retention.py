"""How long runs are kept: by agent, in whole days, and never less than somebody has said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.retract.examples import used_runs
from core.retract.removing import ROUND, Removed, Taking
from core.store.engine import Store
from core.store.policies import RETENTION, policies_of, set_policy
from core.store.reach import Run, Scope, overdue_runs
from core.store.removal import remove_loose, zeroed

BY = "retention"
"""Who stands in the log, and under lessons that lost their last evidence."""

LONGEST = 36_500


@dataclass(frozen=True, slots=True)
class Retention:
    """What holds for an agent ("": for all that have nothing of their own).

    `days` is None where runs are kept for ever. With `keep_used`, a run stays that somebody labelled or compared, that
    a lesson rests on, that stands in a dataset version, or whose task is in a suite.
    """

    agent: str
    days: int | None
    keep_used: bool = False

    @property
    def words(self) -> str:
        """The policy in a sentence."""
        who = f"Runs of {self.agent}" if self.agent else "Runs of all other agents"
        if self.days is None:
            return f"{who} are kept for ever."
        used = ", but what was labelled, taught from or evaluated on stays" if self.keep_used else ""
        days = "1 day" if self.days == 1 else f"{self.days:,} days"
        return f"{who} are removed {days} after they came{used}."


def retentions(session: Session) -> list[Retention]:
    """What was decided, by agent; what holds for all others comes first. Without any, everything is kept."""
    return [
        Retention(agent, rules.get("keep_days"), bool(rules.get("keep_labelled")))
        for agent, rules in policies_of(session, RETENTION).items()
    ]


def set_retention(session: Session, chosen: Retention) -> None:
    """Write a policy; raises InvalidInput for a number of days that is none."""
    if chosen.days is not None and not 1 <= chosen.days <= LONGEST:
        raise InvalidInput(f"Runs can be kept for 1 to {LONGEST:,} days, or for ever.", field="keep_days")
    if chosen.days is None and not chosen.agent:
        set_policy(session, RETENTION, "", None)
        return
    rules: dict[str, Any] = {"keep_days": chosen.days, "keep_labelled": chosen.keep_used}
    set_policy(session, RETENTION, chosen.agent, rules)


def overdue(
    session: Session, at: datetime, most: int | None = None, chosen: list[Retention] | None = None
) -> list[Run]:
    """The runs that retention would remove at a moment, at most so many; with `chosen`, if that were decided."""
    return list(islice(_overdue(session, retentions(session) if chosen is None else chosen, at), most))


def _overdue(session: Session, chosen: list[Retention], at: datetime) -> Iterator[Run]:
    own = [one.agent for one in chosen if one.agent]
    used: set[str] | None = None
    for one in chosen:
        if one.days is None:
            continue
        if one.keep_used and used is None:
            used = used_runs(session)
        agents = [one.agent] if one.agent else own
        for run in overdue_runs(session, agents, not one.agent, before(one.days, at), one.keep_used):
            if not (one.keep_used and used and run.uid in used):
                yield run


def before(days: int, at: datetime) -> datetime:
    """The moment before which things are older than so many days: midnight UTC, so that a day's runs go together."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)


def apply_retention(store: Store, at: datetime) -> Removed:
    """Remove what is older than its policy allows, at most `ROUND` runs; without a policy nothing is ever removed.

    Called again while its answer says `more`, and once an hour.
    """
    with store.reading() as session:
        chosen = retentions(session)
        if all(one.days is None for one in chosen):
            return Removed(Taking(store, BY, "", "").counts)
        runs = list(islice(_overdue(session, chosen, at), ROUND + 1))
    taking = Taking(store, BY, "runs past their time", "; ".join(one.words for one in chosen))
    if runs:
        taking.take(runs[:ROUND], Scope())
    own = [one.agent for one in chosen if one.agent]
    with store.session(patient=True) as session, zeroed(session):
        for one in chosen:
            if one.days is not None:
                agents = [one.agent] if one.agent else own
                taking.counts.update(remove_loose(session, agents, not one.agent, before(one.days, at)))
        taking.log(session)
    return taking.end(more=len(runs) > ROUND)
