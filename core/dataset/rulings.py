"""What leads resolved, as the evidence of candidates: it outranks what the reviewers said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.dataset.candidates import Ruling
from core.records import Correction, LabelSchema, QuestionKind
from core.store.annotations import Given, annotations_with_ids
from core.store.content import text_of
from core.store.judgements import schemas_in_use
from core.store.resolutions import Resolved

_Place = tuple[int, str, str]
"""A trace, a step of it or "", the key of a schema."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A resolution about the corrections of a run; `holds` where it adopted the one at hand."""

    resolution: Resolved
    holds: bool


@dataclass(frozen=True, slots=True)
class AdoptedCorrections:
    """For each place, the resolution and the annotation whose corrections are the ones that count."""

    by_place: Mapping[_Place, tuple[Resolved, Given]]

    def counting(self, given: Iterable[Given]) -> list[Given]:
        """Of the annotations those whose corrections count, and the adopted ones."""
        adopted = [one for _, one in self.by_place.values()]
        return [*adopted, *(one for one in given if _place(one) not in self.by_place)]

    def with_adopted(self, given: Iterable[Given]) -> list[Given]:
        """The annotations, and the adopted ones among them that were changed since."""
        listed = list(given)
        known = {one.id for one in listed}
        return listed + [one for _, one in self.by_place.values() if one.id not in known]

    def on(self, written: Sequence[tuple[Given, Correction]]) -> Adoption | None:
        """What was resolved about a correction that these wrote; None where any of them is free of a resolution."""
        found = [self.by_place.get(_place(given)) for given, _ in written]
        ruled = [one for one in found if one is not None]
        if len(ruled) < len(found):
            return None
        for (resolution, adopted), (given, _) in zip(ruled, written, strict=True):
            if adopted.id == given.id:
                return Adoption(resolution, True)
        return Adoption(ruled[0][0], False)


def adopted_corrections(session: Session, resolutions: Sequence[Resolved]) -> AdoptedCorrections:
    """The resolutions of questions of the kind correction, with the annotations that they adopted."""
    schemas = schemas_in_use(session)
    about = [one for one in resolutions if one.adopted_id is not None and _asks_correction(one, schemas)]
    adopted = annotations_with_ids(session, [one.adopted_id for one in about if one.adopted_id is not None])
    return AdoptedCorrections(
        {
            (one.subject.trace_id or 0, one.subject.step_id, one.schema): (one, adopted[one.adopted_id])
            for one in about
            if one.adopted_id in adopted
        }
    )


def ruling(resolution: Resolved, schemas: Mapping[int, str]) -> Ruling:
    """A resolution as the evidence of a candidate; `schemas` are the names by row id."""
    said = "adopted" if resolution.answer is None else text_of(resolution.answer)
    schema = "" if resolution.schema_id is None else schemas[resolution.schema_id]
    return Ruling(resolution.person, resolution.revision, schema, said, resolution.part_of is not None)


def _asks_correction(resolution: Resolved, schemas: Mapping[int, LabelSchema]) -> bool:
    schema = None if resolution.schema_id is None else schemas.get(resolution.schema_id)
    asked = () if schema is None else schema.questions
    return any(one.key == resolution.question and one.kind == QuestionKind.CORRECTION for one in asked)


def _place(given: Given) -> _Place:
    return given.trace_id, given.step_id, given.schema
