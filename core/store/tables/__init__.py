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
from core.store.tables.decisions import AnswerWordRow, BulkRow, CommentRow, ResolutionRow, SavedFilterRow
from core.store.tables.intake import DeliveryRow, ImportRow, IntakeRow, RefusalRow, RemovalRow
from core.store.tables.learning import DatasetVersionRow, LessonEvidenceRow, LessonRevisionRow, LessonRow, RecallRow
from core.store.tables.preferences import CandidateRow, PairRow, PreferenceRow, RankingGivenRow, RankingRow
from core.store.tables.review import (
    AnnotationRow,
    ClaimRow,
    DraftCopyRow,
    DraftRow,
    ItemRow,
    LabelSchemaRow,
    PersonRow,
    QueuePersonRow,
    QueueRow,
)
from core.store.tables.runs import MOST_STEPS, STEP_BITS, SignalRow, StepRow, TraceRow

__all__ = [
    "MOST_STEPS",
    "STEP_BITS",
    "AgentRow",
    "AggregateRow",
    "AnnotationRow",
    "AnswerWordRow",
    "Base",
    "BulkRow",
    "CandidateRow",
    "ClaimRow",
    "CommentRow",
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
    "QueuePersonRow",
    "QueueRow",
    "RankingGivenRow",
    "RankingRow",
    "RecallRow",
    "RefusalRow",
    "RemovalRow",
    "ResolutionRow",
    "ResultRow",
    "SavedFilterRow",
    "SignalRow",
    "StepRow",
    "SuiteCaseRow",
    "SuiteRow",
    "TaskRow",
    "TraceRow",
    "UtcTime",
    "VersionRow",
]
