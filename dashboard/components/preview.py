"""The preview of a label schema as a Streamlit component: the form that reviewers get, on a run that is made up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.records import LabelSchema, Message, Step, StepKind, ToolCall
from core.store.steps import StepLine
from dashboard.components import register
from dashboard.parts.reading import outline_json, steps_json

_PREVIEW = register("loopwright_schema_preview", "schema_preview.js", ("reader.css", "desk.css"))

_STEPS = (
    Step("s1", StepKind.USER, "user", output=(Message("user", "Please cancel my order 7 and refund it."),)),
    Step(
        "s2",
        StepKind.LLM,
        "agent",
        output=(Message("assistant", "I look it up.", tool_calls=(ToolCall("c1", "get_order", {"order": 7}),)),),
    ),
    Step("s3", StepKind.TOOL, "get_order", call_id="c1", arguments={"order": 7}, result={"state": "sent"}),
    Step(
        "s4",
        StepKind.LLM,
        "agent",
        output=(Message("assistant", "Your order 7 is cancelled, and the money is on its way."),),
    ),
    Step("s5", StepKind.USER, "user", output=(Message("user", "Thank you!"),)),
    Step("s6", StepKind.LLM, "agent", output=(Message("assistant", "You are welcome. Have a good day."),)),
)


def schema_preview(schema: LabelSchema, name: str, kept: str = "", saved: str = "") -> str:
    """The form of a schema; what the person takes up of what their browser had kept (YAML), or "".

    `kept` is the schema as YAML while it is unsaved, for the browser to keep under `name`; `saved` as it was saved.
    """
    data = {"schema": asdict(schema), "view": _made_up(), "name": name, "kept": kept, "saved": saved}
    return str(_PREVIEW(key=f"schema_preview_{name}", data=data, on_restored_change=lambda: None).restored or "")


def _made_up() -> dict[str, Any]:
    lines = [
        StepLine(at, step.step_id, step.parent_id, step.kind.value, step.name, None, "")
        for at, step in enumerate(_STEPS)
    ]
    return {
        "segments": [{"trace": 0, "n_steps": len(_STEPS), "title": ""}],
        "outline": outline_json(0, lines),
        "first": steps_json(0, len(_STEPS), 0, _STEPS),
        "facts": {"n_steps": len(_STEPS), "n_errors": 0, "seconds": None, "cost": None},
        "suggestions": {"trace": 0, "n": 0, "suggestions": []},
        "step": "",
    }
