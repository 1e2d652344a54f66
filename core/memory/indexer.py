"""Keeps the index of lessons what SQL says: pays the outbox, and rebuilds where there is any doubt."""

from __future__ import annotations

import logging
from contextlib import suppress

from sqlalchemy.orm import Session

from core.clock import content_hash
from core.errors import Unavailable
from core.records import Lesson, LessonState
from core.settings import Settings
from core.similarity.index import Entry, TextIndex, open_index
from core.similarity.standby import Standby
from core.store.dialect import parts
from core.store.engine import Store
from core.store.lessons import (
    LessonLine,
    active_revisions,
    lessons_by_uid,
    lessons_owing_index,
    list_lessons,
    mark_indexed,
)

_BATCH = 500
_log = logging.getLogger("loopwright")


def open_memory(store: Store, settings: Settings, address: str = "") -> TextIndex:
    """The index that the settings name, verified; raises Conflict when another process owns the data folder.

    A Chroma server that does not answer is no reason not to start: `sync` goes on asking.
    """
    index = open_index(settings, address)
    try:
        sync(store, index)
    except Unavailable as error:
        if index.owned:
            index.close()
            raise
        _log.warning("%s", error)
    return index


def sync(store: Store, index: TextIndex) -> int:
    """Bring the index up to date (verified first where it is not); how many lessons it took in or let go.

    Raises Unavailable while the index cannot be used; what is owed stays owed.
    """
    with index.writing:
        if not index.ready:
            if index.standby is not None:
                with suppress(Unavailable), store.reading() as session:  # too many lessons for it: a recall says so
                    renew_standby(session, index.standby)
            verify_or_rebuild(store, index)
        paid = 0
        while owed := _owed(store):
            active = [line for line in owed if line.state is LessonState.ACTIVE]
            index.upsert([_entry(line) for line in active])
            index.delete([line.uid for line in owed if line.state is not LessonState.ACTIVE])
            with store.session() as session:
                mark_indexed(session, owed)
            paid += len(owed)
        return paid


def verify_or_rebuild(store: Store, index: TextIndex) -> bool:
    """Compare what a query really finds with what SQL says it must, and rebuild at any difference; True when it was."""
    with index.writing:
        with store.reading() as session:
            owed = {line.uid for line in lessons_owing_index(session)}
            lessons = list_lessons(session, [LessonState.ACTIVE])
        wanted = {line.uid: _entry(line).stamp for line in lessons if line.uid not in owed}
        try:
            found = {uid: stamp for uid, stamp in index.contents().items() if uid not in owed}
        except Unavailable as error:
            if not index.owned:
                raise
            _log.warning("%s", error)
            found = {}
        if found == wanted:
            index.ready = True
            return False
        rebuild(store, index)
        return True


def rebuild(store: Store, index: TextIndex) -> int:
    """Make the index anew from SQL; how many lessons it holds."""
    with index.writing:
        with store.reading() as session:
            owed = lessons_owing_index(session)
            lessons = list_lessons(session, [LessonState.ACTIVE])
        entries = [_entry(line) for line in lessons]
        index.rebuild(entries)
        lost = len(entries) - len(index.contents())
        if lost:
            # Among thousands of near-equal texts the graph does not reach each: then one of the others is found.
            _log.warning("a query does not find %d of %d lessons: too many say nearly the same", lost, len(entries))
        with store.session() as session:
            mark_indexed(session, owed)
        index.ready = True
        _log.info("the lesson index was made anew: %d lessons", len(entries))
        return len(entries)


def renew_standby(session: Session, standby: Standby) -> None:
    """Let what stands in for the index hold what is active now; raises Unavailable when that is too much."""

    def texts(uids: list[str]) -> dict[str, str]:
        lines = [line for some in parts(uids) for line in lessons_by_uid(session, some).values()]
        return {line.uid: embedded_text(line) for line in lines}

    standby.renew(active_revisions(session), texts)


def _owed(store: Store) -> list[LessonLine]:
    with store.reading() as session:
        return lessons_owing_index(session, _BATCH)


def embedded_text(line: LessonLine | Lesson) -> str:
    """What is embedded of a lesson: the trigger counts twice, for a situation resembles it (docs/memory.md)."""
    return f"{line.when}\n{line.when}\n{line.guidance}"


def _entry(line: LessonLine) -> Entry:
    text = embedded_text(line)
    return Entry(line.uid, text, f"{line.revision}:{content_hash(text, 16)}")
