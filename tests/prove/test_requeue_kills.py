"""A process that is killed while it gives answered items out again has given out none, and the same again gives all."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import select

from core.review import requeue
from core.store.engine import Store
from core.store.queues import get_queue
from core.store.tables import AnnotationRow, ItemRow
from tests.core.review.team import make_team, outcome
from tests.e2e.server import ROOT

KILLED = """
import os, signal, sys
from core.records import Role
from core.review import requeue
from core.store.engine import open_store
from core.store.people import PersonLine

def die(*about):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(requeue, sys.argv[2], die)
with open_store(sys.argv[1]).session() as session:
    requeue.requeue(session, "team", requeue.Which(), PersonLine(int(sys.argv[3]), "lea", Role.LEAD, True))
"""


@pytest.mark.parametrize("moment", ["set_apart", "_refresh"])
def test_a_kill_in_the_middle_gives_nothing_out(store: Store, database_url: str, moment: str) -> None:
    team = make_team(store, runs=3, pairs=0)
    for name in ("ada", "ben", "cem"):
        for number in range(3):
            team.answer(name, number, outcome("solved"))
    with store.session() as session:
        schema = get_queue(session, team.runs).schema_id or 0
        requeue.rewrite_guideline(session, schema, "Judge what was said.", {}, "", team.lead)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, moment, str(team.lead.id)], cwd=ROOT, timeout=60, check=False
    )
    assert killed.returncode == -9
    assert stands(store) == ({(True, "")}, {("done", 3)})
    with store.session() as session:
        given = requeue.requeue(session, "team", requeue.Which(), team.lead)
    assert (given.items, given.answers) == (3, 9)
    assert stands(store) == ({(False, "requeued")}, {("open", 0)})


def stands(store: Store) -> tuple[set[tuple[bool, str]], set[tuple[str, int]]]:
    """Whether answers count, and how the items stand."""
    with store.reading() as session:
        answers = {(row.current, row.place) for row in session.scalars(select(AnnotationRow))}
        return answers, {(row.state, row.n_done) for row in session.scalars(select(ItemRow))}
