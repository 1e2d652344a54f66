"""A lead makes a queue, and fills it: checked first, made in one transaction, filled in many short ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotPermitted
from core.records import LabelSchema, Outcome, Role, StepKind
from core.review.orders import RANDOM, check_order
from core.review.queues import fits_of, put_in
from core.review.ready_made import READY_MADE, place_in_lists
from core.store.engine import Store
from core.store.items import SUBJECTS
from core.store.people import PersonLine, list_people
from core.store.queue_filters import QueueFilter
from core.store.queues import find_named, get_queue, make_queue, set_members
from core.store.schemas import newest_schema_id, offered_schemas, save_schema, schema_versions
from core.store.tables import QueueRow

AT_ONCE = 500
"""Items that are put in with one transaction, so that reviewers never wait long."""

MOST_REVIEWERS = 20
LARGEST_SHARE = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue is given out: what of it may be changed later.

    `people` (row ids) review it, none: everybody. The shares are of what each reviewer is given (QueueRow).
    """

    overlap: int = 1
    blind: bool = True
    order: str = RANDOM
    seed: int = 0
    standing: bool = False
    people: tuple[int, ...] = ()
    repeat_share: float = 0.0
    gold_share: float = 0.0
    votes_to_discard: int = 0


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """A queue that is to be made: what is put in, under which questions (the key of a label schema, newest version)."""

    name: str
    subject: str
    wanted: QueueFilter = field(default_factory=QueueFilter)
    questions: str | None = None
    rules: QueueRules = field(default_factory=QueueRules)


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling did: of `fitting` things that the filter lets in, `added` were new to the queue."""

    fitting: int
    added: int


def offered_questions(session: Session) -> list[LabelSchema]:
    """The newest version of each label schema that a new queue may ask, the ready-made ones among them."""
    known = {one.schema.key: one.schema for one in offered_schemas(session)}
    kept = {one.schema.key for one in schema_versions(session)}  # a retired one is not offered because it ships
    known |= {key: schema for key, schema in READY_MADE.items() if key not in kept}
    return sorted(known.values(), key=place_in_lists)


def only_lead(by: PersonLine, deed: str) -> None:
    """Raise NotPermitted for anybody but a lead."""
    if by.role is not Role.LEAD:
        raise NotPermitted(f"Only a lead can {deed}. Ask one: their names stand on Settings.")


def check_rules(session: Session, subject: str, rules: QueueRules, wanted: QueueFilter) -> None:
    """Raise InvalidInput for rules that a queue of these things, filled by this filter, cannot have."""
    check_order(subject, rules.order)
    if not 1 <= rules.overlap <= MOST_REVIEWERS:
        raise InvalidInput(f"An item is reviewed by 1 to {MOST_REVIEWERS} people.", field="overlap")
    for name, share in (("repeat_share", rules.repeat_share), ("gold_share", rules.gold_share)):
        if not 0 <= share <= LARGEST_SHARE:
            raise InvalidInput("At most half of what a reviewer is given may check them.", field=name)
    if not 0 <= rules.votes_to_discard <= MOST_REVIEWERS:
        raise InvalidInput(f"Votes to discard are 0 (only a lead) to {MOST_REVIEWERS}.", field="votes_to_discard")
    if rules.standing and wanted.most is not None:
        raise InvalidInput(
            "A standing queue takes everything that comes later and fits, so it cannot have a largest number. Leave "
            "one of the two out.",
            field="standing",
        )
    if set(rules.people) - {person.id for person in list_people(session, active_only=True)}:
        raise InvalidInput("Somebody who was chosen may not act here. Choose among the active people.", field="people")


def check_filter(wanted: QueueFilter) -> None:
    """Raise InvalidInput for a filter that names what does not exist."""
    for field_name, kind in (("outcome", Outcome), ("kind", StepKind)):
        value = getattr(wanted, field_name)
        if value and value not in list(kind):
            raise InvalidInput(f"There is no {field_name} {value}. There are: {', '.join(kind)}.", field=field_name)
    if wanted.most is not None and wanted.most < 1:
        raise InvalidInput("At most how many: 1 or more.", field="most")


def make(session: Session, plan: QueuePlan, by: PersonLine) -> QueueRow:
    """Make the queue, still empty (`fill` comes next); raises NotPermitted, InvalidInput, Conflict for a taken name."""
    only_lead(by, "make a queue")
    name = plan.name.strip()
    if not name:
        raise InvalidInput("Give the queue a name, so that reviewers can choose it.", field="name")
    if find_named(session, name) is not None:
        raise Conflict(
            f"There is already a queue {name}. Choose another name, or put more into that one.", field="name"
        )
    if plan.subject not in SUBJECTS:
        raise InvalidInput(f"A queue is of {', '.join(SUBJECTS)}s, not of {plan.subject}.", field="subject")
    schema = _schema_of(session, plan, by)
    check_filter(plan.wanted)
    check_rules(session, plan.subject, plan.rules, plan.wanted)
    rules = plan.rules
    row = get_queue(session, make_queue(session, name, plan.subject, schema, rules.overlap, rules.blind))
    row.filter = plan.wanted.as_json()
    row.order, row.seed, row.standing = rules.order, rules.seed, rules.standing
    row.repeat_share, row.gold_share = rules.repeat_share, rules.gold_share
    row.votes_to_discard, row.created_by = rules.votes_to_discard, by.id
    session.flush()
    set_members(session, row.id, rules.people)
    return row


def _schema_of(session: Session, plan: QueuePlan, by: PersonLine) -> int | None:
    """The newest version (row id) of the questions; a ready-made schema is written when it is asked first."""
    if plan.questions is None:
        if plan.subject in ("trace", "step"):
            raise InvalidInput("Choose the questions that reviewers answer: a label schema.", field="questions")
        return None
    if plan.questions not in {one.key for one in offered_questions(session)}:
        known = ", ".join(one.key for one in offered_questions(session))
        raise InvalidInput(f"There is no label schema {plan.questions}. There are: {known}.", field="questions")
    return newest_schema_id(session, plan.questions) or save_schema(session, READY_MADE[plan.questions], by.id)


def fill(
    store: Store,
    queue: int,
    wanted: QueueFilter | None = None,
    progress: Progress | None = None,
) -> Filled:
    """Put in what the queue's own filter lets in, or another one; what is in it already is passed over.

    Broken off and begun again, it goes on. Orders that rest on vectors or on many choices are made by a Renewal
    (core.review.orders). `progress` is told how many of how many were looked at.
    """
    check_filter(wanted or QueueFilter())
    with store.reading() as session:
        row = get_queue(session, queue)
        fits = fits_of(session, row, wanted)
    added = 0
    for start in range(0, len(fits), AT_ONCE):
        with store.session(patient=True) as session:
            added += put_in(session, get_queue(session, queue), fits[start : start + AT_ONCE])
        if progress is not None:
            progress(min(start + AT_ONCE, len(fits)), len(fits))
    return Filled(len(fits), added)


def words_that_tell(name: str, wanted: QueueFilter) -> str:
    """What a queue's name tells its reviewers of version or outcome; "" where it tells nothing that can be seen."""
    by_outcome = wanted.outcome or wanted.says is not None
    telling = [wanted.version, *(("fail", "solv", "pass", "partly") if by_outcome else ())]
    said = name.lower()
    return next((word for word in telling if word and word.lower() in said), "")
