"""Texts that wait on disk while it is decided which of them count: memory holds only where each begins."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile


class Spool:
    """Texts in the order in which they were added, read by their number; the file goes with the object."""

    def __init__(self) -> None:
        self._file = TemporaryFile()  # noqa: SIM115  (it lives as long as the object)
        self._ends = array("q", [0])

    def add(self, text: bytes) -> None:
        """Add one after the others; before any is read."""
        self._file.write(text)
        self._ends.append(self._ends[-1] + len(text))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> bytes:
        start, end = self._ends[number], self._ends[number + 1]
        self._file.seek(start)
        return self._file.read(end - start)
