"""What must not be seen yet: for an item of a blind queue, outcome, version, signals and others' labels (law 7).

It binds annotators, everywhere. Leads see everything outside the review desk, because they set up and adjudicate; an
annotation says whether it was given blind.
"""

from core.store.hidden import hidden_traces

__all__ = ["hidden_traces"]
