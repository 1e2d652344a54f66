"""What spans mean: every vocabulary's attributes and events become one step model. Pure: values in, values out.

Where two vocabularies speak of the same field, `vocabulary.VOCABULARIES` says which is believed.
"""

from core.ingest.semantics.facts import Facts, facts_of
from core.ingest.semantics.linking import link_tools
from core.ingest.semantics.merging import merge_steps
from core.ingest.semantics.signals import signals_of
from core.ingest.semantics.steps import step_of

__all__ = [
    "Facts",
    "facts_of",
    "link_tools",
    "merge_steps",
    "signals_of",
    "step_of",
]
