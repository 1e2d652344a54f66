"""How much memory a process holds, and held at most."""

from __future__ import annotations

from pathlib import Path


def resident(pid: int) -> float:
    """Megabytes of a process that are in memory (Linux)."""
    return _told(str(pid), "VmRSS")


def most_resident() -> float:
    """The most megabytes of this process that were ever in memory (Linux)."""
    return _told("self", "VmHWM")


def _told(process: str, name: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
