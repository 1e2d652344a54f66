"""Words looked for over 1,000,000 steps of 125,000 runs: a common word, a rare one, two, the beginning of one.

Each is timed as the Traces page asks: one page of runs and how many there are. The floor is the index alone, asked for
the steps that have the words, in the same run. The text index is filled by `index_due`, as a server fills it.
PostgreSQL is measured where its wheel starts.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from time import perf_counter

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from core.store.dialect import is_postgresql
from core.store.engine import Store, open_store
from core.store.text_search import index_due
from core.store.trace_filter import TraceFilter, count_found
from core.store.traces import list_traces
from tests.benchmarks._stored import STEPS, grow, sentences
from tests.benchmarks.bench_traces import PAGE, postgresql, usual

RUNS = 125_000
AT_ONCE = 20_000


def main(runs: int = RUNS) -> None:
    """Print milliseconds (the median of some) of each search; the target is 500 ms a page with its count."""
    with tempfile.TemporaryDirectory() as name:
        measure("SQLite", f"sqlite:///{Path(name) / 'loopwright.db'}", runs)
    with postgresql() as url:
        if url:
            measure("PostgreSQL", url, runs)


def measure(name: str, url: str, runs: int) -> None:
    """Fill a database and print its table."""
    store = open_store(url)
    fill(store, runs)
    settle(store)
    print(f"{name}, {runs * STEPS:,} steps of {runs:,} runs")
    for what, wanted in searches(runs).items():
        floor = usual(store, partial(index_alone, words=wanted.text))
        page = usual(store, partial(list_traces, wanted=wanted, limit=PAGE))
        counted = usual(store, partial(count_found, wanted=wanted))
        with store.reading() as session:
            n = count_found(session, wanted)
        told = f"{n.n:,}{' or more' if n.more else ''}"
        print(
            f"  {what:36} {wanted.text:24} {told:>18} runs: page {page:7.1f} ms + count {counted:7.1f} ms"
            f"   index alone {floor:7.1f} ms",
            flush=True,
        )
    store.close()


def fill(store: Store, runs: int) -> None:
    """Runs, and their words in the index."""
    begin = perf_counter()
    grow(store, runs)
    stored = perf_counter() - begin
    steps = 0
    more = AT_ONCE
    while more:
        with store.session() as session:
            more = index_due(session, AT_ONCE)
        steps += more
    rate = steps / (perf_counter() - begin - stored)
    print(
        f"{runs:,} runs stored in {stored:.0f} s; words brought in at {rate:,.0f} steps/s", file=sys.stderr, flush=True
    )


def settle(store: Store) -> None:
    """What a server's idle time does: statistics, and merged parts of the index."""
    with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if store.engine.dialect.name == "postgresql" else "ANALYZE")


def searches(runs: int) -> dict[str, TraceFilter]:
    """From what stands in every step to what stands in one."""
    words = " ".join(sentences()).split()
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts, key=lambda word: -counts[word])
    common, middle, rare = ranked[0], ranked[len(ranked) // 50], ranked[-1]
    return {
        "a word of every run": TraceFilter(text="look_up"),
        "the commonest word said": TraceFilter(text=common),
        "a word of the middle": TraceFilter(text=middle),
        "a rare word": TraceFilter(text=rare),
        "a word of one run": TraceFilter(text=f"run{runs // 2}"),
        "a word that is nowhere": TraceFilter(text="zzyzx"),
        "two common words in one step": TraceFilter(text=f"{common} {ranked[1]}"),
        "a common and a rare word": TraceFilter(text=f"{common} {rare}"),
        "the beginning of many words": TraceFilter(text="ru"),
        "a common word, failed, of one agent": TraceFilter(text=common, outcome="failed", agent="agent 1"),
    }


def index_alone(session: Session, words: str) -> object:
    """The bare question to the index: which steps have these words, counted."""
    parts = words.replace("_", " ").split()
    if is_postgresql(session):
        asked = " & ".join([*parts[:-1], parts[-1] + ":*"])
        return session.scalar(
            sql("SELECT count(*) FROM step_text WHERE body @@ to_tsquery('simple', :asked)"), {"asked": asked}
        )
    asked = " ".join(f'"{part}"' for part in parts) + "*"
    return session.scalar(sql("SELECT count(*) FROM step_text WHERE step_text MATCH :asked"), {"asked": asked})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
