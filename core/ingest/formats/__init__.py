"""One file a format, each with one function `read(document)`: its records, or None when the document is not its own."""

from collections.abc import Callable, Iterator

from core.ingest.document import Document
from core.ingest.formats import inspect_ai, loopwright, messages, pandalm, tau2_bench, tau_bench, trail
from core.records import Arrival

FORMATS: dict[str, Callable[[Document], Iterator[Arrival] | None]] = {
    module.NAME: module.read for module in (loopwright, tau_bench, tau2_bench, trail, pandalm, inspect_ai, messages)
}
