"""The tables, room by room; whoever reads or writes them imports them from here."""

from core.store.tables.base import Base, UtcTime
from core.store.tables.catalog import (
    AgentRow,
    AggregateRow,
    PolicyRow,
    PriceRow,
    ResultRow,
    SuiteCaseRow,
    SuiteRow,
    TaskRow,
    VersionRow,
)
from core.store.tables.intake import DeliveryRow, ImportRow, IntakeRow, RefusalRow, RemovalRow
from core.store.tables.learning import DatasetVersionRow, LessonEvidenceRow, LessonRevisionRow, LessonRow, RecallRow
from core.store.tables.preferences import PairRow, PreferenceRow
from core.store.tables.review import (
    AnnotationRow,
    ClaimRow,
    DraftCopyRow,
    DraftRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    QueueRow,
)
from core.store.tables.runs import MOST_STEPS, STEP_BITS, SignalRow, StepRow, TraceRow

__all__ = [
    "MOST_STEPS",
    "STEP_BITS",
    "AgentRow",
    "AggregateRow",
    "AnnotationRow",
    "Base",
    "ClaimRow",
    "DatasetVersionRow",
    "DeliveryRow",
    "DraftCopyRow",
    "DraftRow",
    "ImportRow",
    "IntakeRow",
    "ItemRow",
    "LabelSchemaRow",
    "LessonEvidenceRow",
    "LessonRevisionRow",
    "LessonRow",
    "PairRow",
    "PersonRow",
    "PolicyRow",
    "PreferenceRow",
    "PriceRow",
    "QueueRow",
    "RecallRow",
    "RefusalRow",
    "RemovalRow",
    "ResultRow",
    "SignalRow",
    "StepRow",
    "SuiteCaseRow",
    "SuiteRow",
    "TaskRow",
    "TraceRow",
    "UtcTime",
    "VersionRow",
]
