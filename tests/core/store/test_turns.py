"""Writers stand in a line: nobody who comes again at once goes before somebody who waits."""

from __future__ import annotations

from threading import Barrier, Thread
from time import monotonic, sleep

import pytest

from core.errors import Unavailable
from core.store import turns
from core.store.turns import Turns


def test_who_came_first_writes_first_however_greedy_others_are() -> None:
    line, order, ends = Turns(), [], []
    # a machine under load starts threads one by one, and who is there early has more turns
    all_there = Barrier(8, action=lambda: ends.append(monotonic() + 0.6))

    def greedy(name: str) -> None:
        all_there.wait()
        while monotonic() < ends[0]:
            with line.taken(patient=False):
                order.append(name)
                sleep(0.002)

    threads = [Thread(target=greedy, args=(f"writer {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [order.count(f"writer {n}") for n in range(8)]
    assert max(counts) - min(counts) <= 2
    assert min(counts) > 2


def test_who_waits_too_long_is_told_and_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT", 0.05)
    line = Turns()
    with line.taken(patient=False):
        for patient in (False, True):
            with pytest.raises(Unavailable, match="busy"), line.taken(patient):
                pass
    with line.taken(patient=False):
        pass
    with line.taken(patient=True):
        pass


def test_background_work_lets_those_who_wait_go_first() -> None:
    line, order = Turns(), []

    def write(name: str, patient: bool) -> None:
        with line.taken(patient):
            order.append(name)

    with line.taken(patient=False):
        threads = [Thread(target=write, args=("background", True)), Thread(target=write, args=("a person", False))]
        for thread in threads:
            thread.start()
            sleep(0.02)
    for thread in threads:
        thread.join()
    assert order == ["a person", "background"]
