"""Where Chroma keeps a collection: in our own data folder, or on a Chroma server.

The folder is one that can always be made again from SQL, and is, unless it is exactly as this program left it: a
truncated index file makes Chroma end the whole process (no exception), so nothing is opened whose checksums were not
written by a clean `close`.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import chromadb
import httpx
import orjson
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateCollectionConfiguration, CreateHNSWConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings as ChromaSettings
from chromadb.errors import ChromaError, NotFoundError

from core.clock import new_id
from core.errors import InvalidInput, Unavailable
from core.similarity.lock import FolderLock

TROUBLE = (ChromaError, httpx.HTTPError, OSError, ValueError, RuntimeError, AttributeError)
"""What Chroma raises when it is broken, away or closed; wrong use of it raises the same."""

_SEAL = "seal.json"
# Twice Chroma's number of neighbours: with the default one in a hundred of many near-equal lessons is never found.
_GRAPH = CreateHNSWConfiguration(space="cosine", max_neighbors=32, ef_construction=200, ef_search=200)


_WORKING = httpx.Timeout(60.0, connect=1.0)
"""Seconds that a write or a comparison of everything may take, and the call of a server."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A collection: to be written and verified, and to be asked while somebody waits."""

    working: Collection
    asking: Collection


class Place(Protocol):
    """A place for one collection."""

    name: str
    owned: bool
    """Whether this process alone writes there."""

    def open(self) -> Opened:
        """The collection as it stands, made when there is none."""

    def fresh(self) -> Opened:
        """An empty collection that takes the place of the present one."""

    def close(self) -> None:
        """Leave the place in order."""


class ChromaFolder:
    """Embedded Chroma in a folder of our own, written by the process that holds the data folder's lock alone."""

    owned = True

    def __init__(self, folder: Path, name: str, lock: FolderLock | None) -> None:
        """`lock` is given back at the end; without one, whoever opens this sees to it that it is held."""
        self.name = name
        self._lock = lock
        self._folder = folder
        self._part: Path | None = None
        self._clients: list[Client] = []

    def open(self) -> Opened:
        """The collection as `close` left it, or an empty one where anything is different."""
        part = sealed_part(self._folder)
        if part is None:
            return self.fresh()
        (self._folder / _SEAL).unlink()
        self._part = part
        return self._collection()

    def fresh(self) -> Opened:
        """An empty collection in a new folder; what else lay below ours is deleted.

        A new folder each time: Chroma keeps what it once opened by path, also when opening failed.
        """
        self._part = self._folder / new_id()[:12]
        try:
            if self._folder.is_symlink() or not self._folder.is_dir():
                self._folder.unlink(missing_ok=True)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for old in self._folder.iterdir():
                if old.is_dir() and not old.is_symlink():
                    shutil.rmtree(old)
                else:
                    old.unlink()
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be made anew: {error}. Check who may write there.") from error
        return self._collection()

    def _collection(self) -> Opened:
        # The clients before stay open until the end: a query may be under way in them.
        client = cast("Client", chromadb.PersistentClient(str(self._part), settings=_quiet()))
        self._clients.append(client)
        collection = _collection(client, self.name)
        return Opened(collection, collection)

    def close(self) -> None:
        """Flush, write the checksums of what now lies there, and give the lock back."""
        try:
            for client in self._clients:
                client.close()
            if self._clients and self._part is not None and self._part.is_dir():
                write_seal(self._part)
        finally:
            self._clients.clear()
            if self._lock is not None:
                self._lock.release()


class ChromaServer:
    """A Chroma server, which keeps order among its writers itself."""

    owned = False

    def __init__(self, url: str, name: str, patience: float) -> None:
        """`patience`: seconds that a question may take."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"LOOPWRIGHT_CHROMA_URL is {url!r}: write it as http://host:8000.", field="LOOPWRIGHT_CHROMA_URL"
            )
        self.name = name
        self._url = f"{parts.scheme}://{parts.netloc}"
        self._host, self._ssl = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._ssl else 8000)
        self._patience = httpx.Timeout(patience, connect=0.5)
        self._clients: list[Client] = []

    def _connected(self) -> tuple[Client, Client]:
        """A client to work with and one to ask with."""
        httpx.get(f"{self._url}/api/v2/heartbeat", timeout=1.0).raise_for_status()  # the first call of a client waits
        while len(self._clients) < 2:
            client = cast("Client", chromadb.HttpClient(self._host, self._port, self._ssl, settings=_quiet()))
            # Chroma's own clients wait for ever, and have no setting for it.
            cast("Any", client)._server._session.timeout = self._patience if self._clients else _WORKING
            self._clients.append(client)
        working, asking = self._clients
        return working, asking

    def open(self) -> Opened:
        """The collection on the server, made when there is none."""
        working, asking = self._connected()
        return Opened(_collection(working, self.name), _collection(asking, self.name))

    def fresh(self) -> Opened:
        """The collection, deleted on the server and made again."""
        working, _ = self._connected()
        with suppress(NotFoundError):
            working.delete_collection(self.name)
        return self.open()

    def close(self) -> None:
        """Hang up."""
        while self._clients:
            self._clients.pop().close()


def _quiet() -> ChromaSettings:
    return ChromaSettings(anonymized_telemetry=False)  # a new one for each client: clients write into theirs


def _collection(client: Client, name: str) -> Collection:
    # Without an embedding function Chroma would take its own, which downloads a model.
    configuration = CreateCollectionConfiguration(hnsw=_GRAPH)
    return client.get_or_create_collection(name, embedding_function=None, configuration=configuration)


def write_seal(part: Path) -> None:
    """Write down the checksum of every file of a closed Chroma folder."""
    seal = {"part": part.name, "files": _checksums(part)}
    (part.parent / _SEAL).write_bytes(orjson.dumps(seal))


def sealed_part(folder: Path) -> Path | None:
    """The Chroma folder that `write_seal` described, if each of its files is as it was then."""
    try:
        seal = orjson.loads((folder / _SEAL).read_bytes())
        part = folder / str(seal["part"])
        return part if part.parent == folder and seal["files"] == _checksums(part) else None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        return None


def _checksums(part: Path) -> dict[str, str]:
    found = {}
    for path in sorted(part.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found[str(path.relative_to(part))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
