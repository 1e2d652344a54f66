"""What an item's subject decides: how an answer to it is read, stored, shown again and withdrawn.

A run or a step is answered with a review, a pair with a choice, a ranking with an order; each has a module of its own
with the four functions of `Kind`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from core.errors import NotFound
from core.review.answers import LessonText
from core.store.people import PersonLine
from core.store.revisions import REPEAT
from core.store.tables import ClaimRow, ItemRow, QueueRow


@dataclass(frozen=True, slots=True)
class Asked:
    """An item as one person is asked about it: their claim on it, and the row id of the questions they were given."""

    item: ItemRow
    queue: QueueRow
    person: PersonLine
    claim: ClaimRow

    @property
    def schema_id(self) -> int:
        """The version of the questions; raises NotFound for a queue that asks none."""
        schema = self.claim.schema_id or self.queue.schema_id
        if schema is None:
            raise NotFound(f"The queue {self.queue.name} has no label schema. A lead can choose one on Queues.")
        return schema

    @property
    def repeat(self) -> int | None:
        """The item's id where it is a hidden repeat."""
        return self.item.id if self.item.repeat_of is not None else None

    @property
    def blind(self) -> bool:
        """Whether the answer is given without knowing what others said."""
        return self.queue.blind and self.person.role.value == "annotator"


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person has said on an item, as the form shows it; `place` is why it does not count, where it does not."""

    row_id: int
    revision: int
    submitted_at: datetime
    place: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is stored; `lesson` is what to propose in the same transaction."""

    row_id: int
    trace_id: int | None
    revision: int
    submitted_at: datetime
    lesson: LessonText | None = None


class Kind(Protocol):
    """What a module does for one kind of subject."""

    def read(self, session: Session, asked: Asked, body: Mapping[str, Any]) -> Any:
        """The answer that was sent, checked; raises InvalidInput."""

    def said(self, session: Session, asked: Asked) -> Submission | None:
        """What the person says on it now."""

    def same(self, session: Session, asked: Asked, answer: Any) -> bool:
        """Whether an answer says nothing that the person has not said already (time spent aside)."""

    def store(self, session: Session, asked: Asked, answer: Any, at: datetime, place: str) -> Stored:
        """Write the answer; it counts unless `place` says why not."""

    def withdraw(self, session: Session, asked: Asked, at: datetime, place: str) -> None:
        """Write that the person takes back what they say."""


def place_again(asked: Asked, before: Submission | None) -> str | None:
    """Where an answer stands that changes one before it: where that stood. None for a first answer."""
    if asked.repeat is not None:
        return REPEAT
    return None if before is None else before.place
