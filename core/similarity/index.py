"""A search index over texts that SQL holds: made from them, thrown away at any doubt, never the truth.

There is one of lessons and one of runs; an index knows entries (an id, a text, a stamp), not what they are. Similarity
is the cosine of two embeddings, cut to 0..1.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock

import numpy as np
from chromadb.api.models.Collection import Collection
from chromadb.api.types import QueryResult
from chromadb.errors import InternalError

from core.errors import Unavailable
from core.settings import Settings
from core.similarity.chroma import TROUBLE, ChromaFolder, ChromaServer, Opened, Place
from core.similarity.embedder import Embedder, Vector, Vectors, default_embedder
from core.similarity.hits import Hit, best
from core.similarity.lock import FolderLock
from core.similarity.minilm import MiniLmEmbedder
from core.similarity.standby import Standby

_BATCH = 1_000
"""Entries a write; Chroma takes up to 5,461."""

_FIRST_ENTRY = 0.5
"""Seconds in which the first entry of an index is laid down."""

_PATIENCE = {"lessons": 0.8, "runs": 10.0}
"""Seconds to wait for a server's answer: an agent that asks for lessons is told within one that there are none."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One text to be found; `stamp` tells this content from any other under the same id."""

    id: str
    text: str
    stamp: str


class TextIndex:
    """One collection of one embedding model. Queries may come from any thread; writers hold `writing`.

    It answers once it is `ready`: verified against SQL or rebuilt from it (core.memory.indexer does that for lessons,
    core.tasks.run_index for runs). `of` is what it holds, as a person is told. `standby` is asked in its stead while
    it cannot be, where the settings say so.
    """

    def __init__(self, of: str, place: Place, embedder: Embedder, standby: Standby | None = None) -> None:
        self.of = of
        self.standby = standby
        self.writing = RLock()
        self.ready = False
        self._place = place
        self._embedder = embedder
        self._collection: Opened | None = None

    @property
    def owned(self) -> bool:
        """Whether this process alone writes it (embedded), so that trouble in it is ours to mend."""
        return self._place.owned

    @property
    def threshold(self) -> float:
        """Similarity below which an entry does not fit, by its model."""
        return self._embedder.threshold

    def query(self, text: str, n: int) -> list[Hit]:
        """The `n` most similar entries, best first; raises Unavailable."""
        return self.nearest(self.vector_of(text), n)

    def vector_of(self, text: str) -> Vector:
        """The vector of a text, as the entries have theirs."""
        vector: Vector = self.vectors_of([text])[0]
        return vector

    def vectors_of(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, one row each, as the entries have theirs."""
        return self._embedder.embed(texts)

    def nearest(self, vector: Vector, n: int, among: Sequence[str] | None = None) -> list[Hit]:
        """The `n` entries nearest to a vector, best first; of these ids only, where some are given (at most 30,000)."""
        self._check_ready()
        if among is not None and not among:
            return []
        one = vector[np.newaxis]
        ids = None if among is None else list(among)
        with self._trusted("asked"):
            asking = self._opened().asking
            found = _once_there(lambda: asking.query(one, n_results=n, ids=ids, include=["distances"]))
        return best(found["ids"][0], (1 - float(distance) for distance in (found["distances"] or [[]])[0]))

    def vectors(self, ids: Sequence[str]) -> dict[str, Vector]:
        """The vector of each of these entries that is there; raises Unavailable."""
        self._check_ready()
        known: dict[str, Vector] = {}
        for start in range(0, len(ids), _BATCH):
            with self._trusted("read"):
                found = self._opened().asking.get(ids=list(ids[start : start + _BATCH]), include=["embeddings"])
            vectors = found["embeddings"]
            known.update(zip(found["ids"], [] if vectors is None else vectors, strict=True))  # type: ignore[arg-type]
        return known

    def ids(self) -> set[str]:
        """The ids of all entries, as they are listed."""
        with self._trusted("read"):
            return set(self._opened().working.get(include=[])["ids"])

    def count(self) -> int:
        """How many entries are listed."""
        with self._trusted("counted"):
            return self._opened().working.count()

    def _check_ready(self) -> None:
        if not self.ready:
            raise Unavailable(f"The index of {self.of} is being made ready. Try again in a few seconds.")

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Write the entries, in place of what stood under their ids."""
        with self.writing, self._trusted("written"):
            self._write(self._opened().working, entries)

    def delete(self, ids: Sequence[str]) -> None:
        """Take entries out; ids that are not there are passed over."""
        with self.writing, self._trusted("written"):
            for start in range(0, len(ids), _BATCH):
                self._opened().working.delete(ids=list(ids[start : start + _BATCH]))

    def contents(self) -> dict[str, str]:
        """The stamp of each entry that a query really finds, by id.

        Not what Chroma lists: it lists (and counts) entries whose vectors it has lost.
        """
        with self.writing, self._trusted("read"):
            collection = self._opened().working
            count = collection.count()
            if count == 0:
                return {}
            anywhere = self._embedder.embed(["what a query finds"])
            found = set(collection.query(query_embeddings=anywhere, n_results=count, include=[])["ids"][0])
            stamps: dict[str, str] = {}
            for start in range(0, count, _BATCH):  # of more than 30,000 at once Chroma reads no metadata
                page = collection.get(limit=_BATCH, offset=start, include=["metadatas"])
                told = zip(page["ids"], page["metadatas"] or [], strict=True)
                stamps.update((id_, str(metadata.get("stamp"))) for id_, metadata in told if id_ in found)
        return stamps

    def rebuild(self, entries: Sequence[Entry]) -> None:
        """Make the index anew from these entries alone; until it is done, queries are answered from the old one."""
        with self.writing, self._trusted("rebuilt"):
            fresh = self._place.fresh()
            self._write(fresh.working, entries)
            self._collection = fresh

    def close(self) -> None:
        """Leave the index so that the next start can trust it; it cannot be used after."""
        with self.writing, self._trusted("closed"):
            self.ready, self._collection = False, None
            self._place.close()

    def _opened(self) -> Opened:
        collection = self._collection
        if collection is None:
            with self.writing:
                collection = self._collection = self._collection or self._place.open()
        return collection

    @contextmanager
    def _trusted(self, what: str) -> Iterator[None]:
        """After any trouble the collection is opened and verified again before it answers."""
        try:
            yield
        except TROUBLE as error:
            self.ready, self._collection = False, None
            raise Unavailable(
                f"The index of {self.of} cannot be {what}: {str(error)[:200] or type(error).__name__}. "
                "A server mends it within seconds; else run `loopwright reindex`."
            ) from error

    def _write(self, collection: Collection, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            collection.upsert(
                ids=[entry.id for entry in batch],
                embeddings=self._embedder.embed([entry.text for entry in batch]),
                metadatas=[{"stamp": entry.stamp} for entry in batch],
            )


def _once_there(ask: Callable[[], QueryResult]) -> QueryResult:
    """What a query finds, asked again for a moment where embedded Chroma has not laid down its first entry yet: a query
    that comes while it does fails, and nothing is wrong."""
    end = time.monotonic() + _FIRST_ENTRY
    while True:
        try:
            return ask()
        except InternalError as error:
            if "Nothing found on disk" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)


def open_index(settings: Settings, address: str = "", embedder: Embedder | None = None) -> TextIndex:
    """The index of lessons that the settings name: embedded in the data folder, or on a Chroma server.

    Embedded, this process becomes the owner of the folder, and `address` is where others may ask it; raises Conflict
    when another process is the owner already. A server is first called when it is needed.
    """
    embedder = embedder or (MiniLmEmbedder() if settings.embedder == "minilm" else default_embedder())
    lock = None if settings.chroma_url else FolderLock(settings.folder, address)
    standby = Standby(embedder) if settings.recall_without_index == "sql" else None
    return TextIndex("lessons", _place(settings, "lessons", "chroma", embedder, lock), embedder, standby)


def open_run_index(settings: Settings, embedder: Embedder | None = None) -> TextIndex:
    """The index of runs beside that of lessons; embedded, only the process that has opened that one may open it."""
    embedder = embedder or default_embedder()
    return TextIndex("runs", _place(settings, "runs", "chroma-runs", embedder, None), embedder)


def _place(settings: Settings, what: str, folder: str, embedder: Embedder, lock: FolderLock | None) -> Place:
    """Where a collection is kept; each has a folder of its own, so that one that is damaged takes no other with it."""
    name = f"{what}-{embedder.name}"  # one collection a model: vectors of two models are never compared
    if settings.chroma_url:
        return ChromaServer(settings.chroma_url, name, _PATIENCE[what])
    return ChromaFolder(settings.folder / folder, name, lock)
