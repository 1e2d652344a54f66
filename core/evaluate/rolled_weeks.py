"""Weeks of very many runs: added up in the background, so that a page reads sums and not runs.

What is younger than two weeks is always looked at as it is. A week of the last five is added up again each quarter of
an hour, an older one each day; one whose runs were removed or whose labels were taken back, at once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from core.evaluate.week import week_from
from core.evaluate.weeks import Weeks, together, weekly, weeks_between
from core.store.catalog import list_agents
from core.store.engine import Store
from core.store.results import Span, undated_runs
from core.store.weeks import KeptWeek, agent_row, keep_week, kept_weeks, made_at, n_runs
from core.store.windows import first_and_last

LIVE = 20_000
"""Runs of an agent that are looked at each time; of more, weeks are kept."""
FRESH = 2
"""Weeks, the newest ones, that are never read from what was kept."""
RECENT, OFTEN, SELDOM = 5, timedelta(minutes=15), timedelta(days=1)
_WEEK = timedelta(weeks=1)


def weeks_of(session: Session, agent: str | None = None) -> Weeks:
    """The weeks of an agent (None: of all together): of few runs as they are now, of many as they were added up."""
    row, span = agent_row(session, agent), first_and_last(session, agent)
    if row is None or span is None or n_runs(session, agent) <= LIVE:
        return weekly(session, agent)
    newest = _monday(span[1])
    since = newest - (FRESH - 1) * _WEEK
    kept = [one for one in kept_weeks(session, row) if one.week < since]
    live = weeks_between(session, agent, (_begins(since), _begins(newest + _WEEK)))
    weeks = [*(week_from(one.week, one.body) for one in kept if one.body), *live]
    return together(agent, weeks, undated_runs(session, agent), min((one.made_at for one in kept), default=None))


def add_up(store: Store, now: datetime) -> bool:
    """Add up the one week that has waited longest, if any is due; True while there may be more to do."""
    with store.reading() as session:
        due = [one for agent in (None, *list_agents(session)) for one in _due(session, agent, now)]
        if not due:
            return False
        _, agent, week = min(due, key=lambda one: (one[0], one[2]))
        row, weeks = agent_row(session, agent), weeks_between(session, agent, _span(week))
    if row is None:
        return True
    with store.session(patient=True) as session:
        # A week without runs is kept as such, else it would be due for ever.
        keep_week(session, row, KeptWeek(week, now, weeks[0].as_json() if weeks else {}))
    return len(due) > 1


def _due(session: Session, agent: str | None, now: datetime) -> list[tuple[datetime, str | None, date]]:
    """(when it was added up, agent, week) of what is missing or too old."""
    row, span = agent_row(session, agent), first_and_last(session, agent)
    if row is None or span is None or n_runs(session, agent) <= LIVE:
        return []
    known, newest, week = made_at(session, row), _monday(span[1]), _monday(span[0])
    found = []
    while week <= newest - FRESH * _WEEK:
        at = known.get(week, datetime.min.replace(tzinfo=UTC))
        if now - at >= (OFTEN if newest - week <= RECENT * _WEEK else SELDOM):
            found.append((at, agent, week))
        week += _WEEK
    return found


def _monday(at: datetime) -> date:
    day = at.astimezone(UTC).date()
    return day - timedelta(days=day.weekday())


def _begins(week: date) -> datetime:
    return datetime.combine(week, time(), UTC)


def _span(week: date) -> Span:
    return _begins(week), _begins(week + _WEEK)
