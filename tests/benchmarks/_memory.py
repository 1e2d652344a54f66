"""How much memory a process holds."""

from __future__ import annotations

from pathlib import Path


def resident(pid: int) -> float:
    """Megabytes of a process that are in memory (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
