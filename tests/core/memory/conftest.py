"""A memory to test with: people, an index of the test's own, and lessons of a shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.memory.indexer import open_memory
from core.memory.lessons import approve, propose
from core.records import Lesson, Role
from core.settings import Settings
from core.similarity.index import TextIndex
from core.store.engine import Store
from core.store.people import person_id


@dataclass(frozen=True)
class People:
    """Row ids of an annotator and two leads."""

    ann: int
    lea: int
    lou: int


@pytest.fixture
def people(store: Store) -> People:
    with store.session() as session:
        return People(
            person_id(session, "Ann"), person_id(session, "Lea", Role.LEAD), person_id(session, "Lou", Role.LEAD)
        )


@pytest.fixture
def index(store: Store, data_dir: Path) -> Iterator[TextIndex]:
    """Embedded Chroma in the test's data folder."""
    opened = open_memory(store, Settings())
    yield opened
    opened.close()


@pytest.fixture
def teach(store: Store, people: People) -> Callable[..., str]:
    """Propose and approve a lesson: its id."""

    def teach_(when: str, guidance: str = "Do as the guideline says.", **fields: str) -> str:
        with store.session() as session:
            uid = propose(session, Lesson("", when, guidance, **fields), people.ann)
            approve(session, uid, 1, people.lea, Role.LEAD)
            return uid

    return teach_
