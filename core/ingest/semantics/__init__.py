"""What spans mean: every vocabulary's attributes and events become one step model. Pure: values in, values out."""

from core.ingest.semantics.facts import Facts, facts_of
from core.ingest.semantics.signals import signals_of
from core.ingest.semantics.steps import step_of

__all__ = ["Facts", "facts_of", "signals_of", "step_of"]
