"""What is no lesson: fragments, a checker's words, orders to the model, and what an evaluation would leak into.

Each refusal says what is wrong and what to do; the label that it was written beside is kept all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.records import Lesson
from core.similarity.near_texts import NearTexts
from core.store.lesson_sources import TaskText, checker_words, evaluation_tasks, tasks_of_runs
from core.store.recalls import shown_to

_KEPT = "kept tasks' texts"
LEAST_WORDS = 3
"""Words of a trigger: fewer name no situation. Of a checker's verdict: fewer are no answer."""

_ORDERS = re.compile(
    r"""(?ix)
    \b(ignore|disregard|forget|(do\s+not|don['’]t|stop)\s+follow(ing)?)\b[^.]{0,40}
        \b(previous|prior|above|earlier|all|your|system)\b[^.]{0,30}\b(instruction|prompt|rule|guideline)s?\b
    | \b(ignore|disregard|forget|(do\s+not|don['’]t|stop)\s+follow(ing)?)\b[^.]{0,40}
        \b(instruction|prompt|rule|guideline)s?\b[^.]{0,15}\b(above|before|so\s+far|you\s+(were|have\s+been)\s+given)\b
    | \b(ignore|disregard|forget)\b[^.]{0,20}\bwhat\s+the\s+system\b
    | \byou\s+are\s+now\b
    | \b(new|updated)\s+(system\s+)?instructions?\s*:
    | ^\s*(system|assistant|developer|user|human)\s*:
    | <\s*/?\s*(system|assistant|instructions?|\|?im_(start|end)\|?)\b
    | <\|[a-z_]+\|>
    | \[/?(inst|system)\]
    | \b(reveal|print|repeat|output)\b[^.]{0,30}\b(system\s+prompt|hidden\s+instructions?)
    """,
    re.MULTILINE,
)
"""Text that speaks to a model as its operator would: where a run's own text came in, it may be somebody's attack.

It catches what is copied in by carelessness. What protects is that a person reads and approves each lesson, and that
the prompt quotes it as data.
"""


def check(session: Session, lesson: Lesson) -> None:
    """Raise InvalidInput for what may not become a lesson, naming the field and the reason."""
    if len(re.findall(r"\w+", lesson.when)) < LEAST_WORDS:
        raise InvalidInput(
            f"“{lesson.when}” is a fragment: say in at least {LEAST_WORDS} words in which situation this applies, so "
            "that it is found there.",
            field="when",
        )
    for name in ("when", "guidance", "avoid", "why"):
        found = _ORDERS.search(unicodedata.normalize("NFKC", getattr(lesson, name)))
        if found is not None:
            raise InvalidInput(
                f"“{found.group().strip()[:80]}” gives orders to the model itself. A lesson says when something "
                "happens and what to do then; say it in words of your own.",
                field=name,
            )
    runs = [trace for trace, _ in lesson.evidence]
    if _copied(lesson, checker_words(session, runs)):
        raise InvalidInput(  # its words are not quoted: whoever judges the run blind may read this
            "This repeats what a checker said of the run, the answer to one task: say what to do whenever such a "
            "situation comes up.",
            field="guidance",
        )
    _check_leak(session, lesson, runs)


def _copied(lesson: Lesson, said: Sequence[str]) -> bool:
    """Whether the lesson repeats what a checker said."""
    texts = [" ".join(getattr(lesson, name).casefold().split()) for name in ("guidance", "when")]
    near = NearTexts(texts)
    for words in said:
        plain = " ".join(words.casefold().split())
        if len(plain.split()) >= LEAST_WORDS and (
            any(plain in text for text in texts) or near.nearest(plain) is not None
        ):
            return True
    return False


def _check_leak(session: Session, lesson: Lesson, runs: Sequence[str]) -> None:
    """Refuse what rests on a validation or holdout task, or nearly repeats one."""
    for task in tasks_of_runs(session, runs):
        if task.split != "train":
            raise InvalidInput(
                f"The run is of the task {task.key}, which is kept for {task.split}: a lesson from it would spoil the "
                "evaluation. Write it from a run of another task.",
                field="evidence",
            )
    tasks, near = _kept_tasks(session)
    for text in (f"{lesson.when}\n{lesson.guidance}", lesson.when, lesson.guidance, lesson.avoid, lesson.why):
        place = near.nearest(text)
        if place is not None:
            raise InvalidInput(
                f"This nearly repeats the task {tasks[place].key}, which is kept for {tasks[place].split}: a lesson "
                "like it would spoil the evaluation. Say it of the general case.",
                field="when",
            )


def _kept_tasks(session: Session) -> tuple[Sequence[TaskText], NearTexts]:
    """The kept tasks, ready to be held against many lessons: made once for a session, until tasks are kept in it."""
    tasks = evaluation_tasks(session)
    known: tuple[Sequence[TaskText], NearTexts] | None = session.info.get(_KEPT)
    if known is None or known[0] is not tasks:
        known = session.info[_KEPT] = (tasks, NearTexts([task.text for task in tasks]))
    return known


def without_echoes(session: Session, uid: str, evidence: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The evidence less what comes from runs to which the lesson itself was shown: they are its echo."""
    shown = shown_to(session, uid, [trace for trace, _ in evidence])
    return tuple(one for one in evidence if one[0] not in shown)
