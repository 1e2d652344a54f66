"""What a lead resolved outranks the labels of a dataset, and its provenance says who resolved it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from core.dataset.definition import define
from core.dataset.provenance import pseudonym
from core.dataset.selection import Selection, select
from core.dataset.versions import export_version
from core.records import Choice, Role
from core.review.pairing import pair_corrections
from core.review.ready_made import RUN_REVIEW
from core.review.resolving import adopt, resolve, withdraw
from core.store.datasets import fingerprint
from core.store.engine import Store
from core.store.history import revisions
from core.store.pairs import find_pairs, list_pairs
from core.store.people import PersonLine, person_id
from core.store.resolutions import Resolved, Subject
from core.store.schemas import newest_schema_id
from core.store.traces import find_trace
from tests.core.dataset.world import choose, keep, label, reasons, said, texts


def lead(session: Session) -> PersonLine:
    return PersonLine(person_id(session, "lea", Role.LEAD, active=True), "lea", Role.LEAD, True)


def of_run(session: Session, uid: str) -> Subject:
    return Subject(find_trace(session, uid))


def decide(session: Session, uid: str, outcome: str) -> Resolved:
    schema = newest_schema_id(session, RUN_REVIEW.key)
    return resolve(session, of_run(session, uid), schema, "outcome", outcome, [], lead(session))


def rows(found: Selection) -> dict[str, Any]:
    return {row.candidate.key: row.candidate for row in found.rows}


def split(session: Session) -> None:
    """A run on which ada and ben differ."""
    keep(session, said("r0", "Where is my parcel?"))
    label(session, "r0", "ada", "solved")
    label(session, "r0", "ben", "failed", minutes=1)


def test_a_resolved_outcome_makes_the_row_and_taking_it_back_unmakes_it(store: Store) -> None:
    with store.session() as session:
        split(session)
        before = fingerprint(session)
        assert reasons(select(session, define("sft")).excluded) == {"run:r0": "disputed"}
        made = decide(session, "r0", "solved")
        assert fingerprint(session) != before
        (row,) = rows(select(session, define("sft"))).values()
        assert (row.outcome_from, row.agreement, row.reviewers) == ("resolution", 0.5, 2)
        assert row.ruling is not None
        assert (row.ruling.person, row.ruling.revision, row.ruling.said) == ("lea", 1, "solved")
        withdraw(session, of_run(session, "r0"), made.id, lead(session))
        assert reasons(select(session, define("sft")).excluded) == {"run:r0": "disputed"}


def test_a_resolution_outranks_even_those_who_agree(store: Store) -> None:
    with store.session() as session:
        keep(session, said("r0", "Where is my parcel?", 1.0))
        label(session, "r0", "ada", "solved")
        label(session, "r0", "ben", "solved", minutes=1)
        decide(session, "r0", "failed")
        assert reasons(select(session, define("sft")).excluded) == {"run:r0": "failed"}


@pytest.mark.parametrize("adopted", ["ada", "ben"])
def test_of_two_corrections_of_a_step_the_adopted_one_is_taught(store: Store, adopted: str) -> None:
    words = {"ada": "It was sent on Monday.", "ben": "I cannot tell; ask the carrier."}
    with store.session() as session:
        keep(session, said("r0", "Where is my parcel?"))
        for minute, (person, text) in enumerate(words.items()):
            label(session, "r0", person, "failed", {"3": text}, minute)
        assert len(rows(select(session, define("dpo")))) == 2
        given = {one.person: one.id for one in revisions(session, of_run(session, "r0"))}
        schema = newest_schema_id(session, RUN_REVIEW.key)
        adopt(session, of_run(session, "r0"), schema, "correction", given[adopted], lead(session))
        found = select(session, define("dpo"))
        (row,) = rows(found).values()
        assert row.correction.corrected == words[adopted]
        assert (row.ruling.person, row.ruling.said) == ("lea", "adopted")
        assert list(reasons(found.excluded).values()) == ["disputed"]
        # what was adopted stays what is taught, though its writer changes their mind
        label(session, "r0", adopted, "failed", {"3": "Something else."}, minutes=9)
        assert {one.correction.corrected for one in rows(select(session, define("dpo"))).values()} == {words[adopted]}


def test_a_run_is_reworked_only_by_corrections_that_count(store: Store) -> None:
    with store.session() as session:
        keep(session, said("r0", "Where is my parcel?"))
        label(session, "r0", "ada", "solved", {"3": "It was sent on Monday."})
        label(session, "r0", "ben", "solved", {"3": "Monday."}, minutes=1)
        assert reasons(select(session, define("sft")).excluded)["run:r0"] == "reworked"
        given = {one.person: one for one in revisions(session, of_run(session, "r0"))}
        schema = newest_schema_id(session, RUN_REVIEW.key)
        made = adopt(session, of_run(session, "r0"), schema, "correction", given["ada"].id, lead(session))
        assert reasons(select(session, define("sft")).excluded)["run:r0"] == "reworked"
        withdraw(session, of_run(session, "r0"), made.id, lead(session))
        assert len(rows(select(session, define("dpo")))) == 2


def test_a_resolved_preference_outranks_the_votes(store: Store) -> None:
    with store.session() as session:
        pair = texts("p0", "Say hello.", "Hello, and welcome to the shop.", "Go away, please.")
        choose(session, pair, Choice.B, Choice.B_MUCH, Choice.A)
        subject = Subject(pair_id=find_pairs(session, ["p0"])["p0"])
        assert rows(select(session, define("dpo")))["pair:p0"].verdict == "b"
        resolve(session, subject, None, "preference", "a_much", [], lead(session))
        row = rows(select(session, define("dpo")))["pair:p0"]
        assert (row.verdict, row.ruling.said, row.ruling.person) == ("a", "a_much", "lea")
        assert row.agreement == pytest.approx(0.333)


def test_a_resolved_comparison_of_a_correction_decides_whether_it_is_taught(store: Store) -> None:
    with store.session() as session:
        keep(session, said("r0", "Where is my parcel?"))
        label(session, "r0", "ada", "failed", {"3": "It was sent on Monday."})
        pair_corrections(session)
        (pair,) = list_pairs(session)
        better, worse = ("a", "b") if pair.name_a == "corrected" else ("b", "a")
        made = resolve(session, Subject(pair_id=pair.id), None, "preference", worse, [], lead(session))
        assert list(reasons(select(session, define("dpo")).excluded).values()) == ["disputed"]
        resolve(session, Subject(pair_id=pair.id), None, "preference", better, [], lead(session), seen=made.id)
        assert len(rows(select(session, define("dpo")))) == 1


def test_an_export_says_who_resolved_and_another_resolution_is_another_version(
    store: Store, tmp_path: Path, data_dir: Path
) -> None:
    with store.session() as session:
        split(session)
        made = decide(session, "r0", "solved")
    first = export_version(store, define("sft"), str(tmp_path / "one"))
    (line,) = [orjson.loads(one) for one in (tmp_path / "one" / "provenance.jsonl").read_bytes().splitlines()]
    schema = f"{RUN_REVIEW.key}@{RUN_REVIEW.version}"
    assert line["resolution"] == {"by": pseudonym("lea"), "revision": 1, "schema": schema, "said": "solved"}
    assert line["outcome_from"] == "resolution"
    assert first.made.manifest["evidence"]["checked"] == 0
    with store.session() as session:
        subject, schema_id = of_run(session, "r0"), newest_schema_id(session, RUN_REVIEW.key)
        resolve(session, subject, schema_id, "outcome", "solved", [], lead(session), "Again.", seen=made.id)
    assert export_version(store, define("sft"), str(tmp_path / "two")).made.number == 2
