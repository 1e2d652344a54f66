"""Label schemas that ship, each with definitions in our own words and the source of its names."""

from __future__ import annotations

from core.records import LabelSchema, Option, Question

TRAIL_CATEGORIES = (
    ("Language-only", "Hallucination: says something that nothing in the run supports, without any tool involved."),
    ("Tool-related", "Hallucination about a tool: invents its output, or claims a call that was never made."),
    ("Poor Information Retrieval", "Looks for, or brings back, information that does not fit the question."),
    ("Tool Output Misinterpretation", "Reads a tool's result wrongly and goes on from the wrong reading."),
    ("Incorrect Problem Identification", "Misunderstands what has to be done, overall or at this step."),
    ("Tool Selection Errors", "Uses a tool that does not fit when a fitting one was at hand."),
    ("Formatting Errors", "The output is not in the form that was asked for: broken code, JSON, tags or layout."),
    ("Instruction Non-compliance", "Leaves out or goes against an explicit instruction of the task or policy."),
    ("Tool Definition Issues", "A tool is described or declared wrongly, so that it cannot be used as meant."),
    ("Environment Setup Errors", "Something the run needs is missing or set up wrongly: packages, keys, rights."),
    ("Rate Limiting", "A service refuses because it was called too often."),
    ("Authentication Errors", "A service refuses because the credentials are missing or wrong."),
    ("Service Errors", "A service fails on its own side."),
    ("Resource Not Found", "What was asked for does not exist at the place where it was looked for."),
    ("Resource Exhaustion", "Memory, disk or another supply runs out."),
    ("Timeout Issues", "Something takes longer than it may."),
    ("Context Handling Failures", "Loses or ignores what was said or found earlier in the run."),
    ("Resource Abuse", "Calls tools far more often than needed. Mark the last such call."),
    ("Goal Deviation", "Drifts away from the goal, or pursues one that nobody set."),
    ("Task Orchestration", "Divides, orders or hands over the work badly, between steps or between agents."),
)

RUN_REVIEW = LabelSchema(
    key="run-review",
    version=1,
    title="Run review",
    source="Failure categories: TRAIL, arXiv 2505.08638",
    guidelines=(
        "Read the task, then the run. Judge what the person asked for, by what was really done, not by how it sounds. "
        "Mark the first step that went wrong: the earliest one whose repair would have changed the end. "
        "Correct a step only if you can write what should have stood there."
    ),
    questions=(
        Question(
            "outcome",
            "choice",
            "Did it solve the task?",
            (
                Option("solved", "Yes", "Everything that was asked for was done, and nothing harmful."),
                Option("partly", "Partly", "Some of it was done, or it was done with a flaw that matters."),
                Option("failed", "No", "It was not done, or something else was."),
            ),
            required=True,
        ),
        Question(
            "first_mistake",
            "step",
            "First mistake",
            help="The earliest step whose repair would have changed the end.",
        ),
        Question(
            "went_wrong",
            "taxonomy",
            "What went wrong",
            tuple(Option(name, name, definition) for name, definition in TRAIL_CATEGORIES),
            help="Mark it on the step where it stands; the first instance, except for Resource Abuse: the last.",
            impact=True,
            evidence=True,
        ),
        Question(
            "rating",
            "scale",
            "How good was the conversation?",
            tuple(Option(str(n), str(n)) for n in range(1, 6)),
            low="poor",
            high="excellent",
            help="Tone, clarity and effort, whatever the outcome.",
        ),
        Question("correction", "correction", "What should it have said?", help="Written on the step itself."),
        Question("lesson", "lesson", "Lesson", help="When this happens, do that. A lead decides before agents see it."),
        Question("comment", "text", "Comment"),
    ),
)

_SCORE = tuple(Option(str(n), str(n)) for n in range(6))

TRAIL = LabelSchema(
    key="trail",
    version=1,
    title="TRAIL",
    source="TRAIL, arXiv 2505.08638",
    guidelines="Mark each error at its first instance, except Resource Abuse: at its last. Quote the evidence.",
    questions=(
        Question(
            "errors",
            "taxonomy",
            "Errors",
            tuple(Option(name, name, definition) for name, definition in TRAIL_CATEGORIES),
            help="Category, place, evidence, description and impact.",
            impact=True,
            evidence=True,
        ),
        Question("reliability", "scale", "Reliability", _SCORE, low="none", high="full"),
        Question("security", "scale", "Security", _SCORE, low="none", high="full"),
        Question("instruction_adherence", "scale", "Instruction adherence", _SCORE, low="none", high="full"),
        Question("plan_optimality", "scale", "Plan optimality", _SCORE, low="none", high="full"),
        Question("overall", "number", "Overall", help="The mean of the four scores."),
    ),
)

WHO_AND_WHEN = LabelSchema(
    key="who-and-when",
    version=1,
    title="Who and when",
    source="Who&When, arXiv 2505.00212",
    guidelines=(
        "The run failed; the right answer stands in the task. Name the agent whose mistake decided that, and mark the "
        "step: the earliest one after which the run would have succeeded, had it been right."
    ),
    questions=(
        Question("agent", "text", "Who made the decisive mistake?"),
        Question("step", "step", "At which step?", help="The earliest step whose repair would have saved the run."),
        Question("reason", "text", "Why is it the mistake?"),
        Question("note", "text", "What does not fit", help="Where the label and the run contradict each other."),
    ),
)

AGENTRX_CATEGORIES = (
    ("Instruction Adherence Failure", "Goes against the policy or leaves out a step that it asks for."),
    ("Invention of New Information", "Says or uses something that neither the user nor a tool gave."),
    ("Invalid Invocation", "A tool is called with arguments that are malformed, missing or made up."),
    ("Misinterpretation of Tool Output", "A tool's result is read wrongly."),
    ("Intent Plan Misalignment", "The plan does not serve what the user wants."),
    ("Underspecified User Intent", "What the user wants cannot be told from what was said."),
    ("Intent Not Supported", "What the user wants cannot be done with the tools at hand."),
    ("Guardrails Triggered", "A safety rule stopped the run."),
    ("System Failure", "The surroundings fail: a tool, a service, the connection."),
)

AGENTRX = LabelSchema(
    key="agentrx",
    version=1,
    title="Failure analysis",
    source="Failure categories: AgentRx",
    guidelines="Mark every failure at the step where it happens, then the one failure that all others follow from.",
    questions=(
        Question(
            "failures",
            "taxonomy",
            "Failures",
            tuple(Option(name, name, definition) for name, definition in AGENTRX_CATEGORIES),
        ),
        Question("root_cause", "step", "Root cause", help="The failure that decided the run."),
        Question("failed_agent", "multi_choice", "Who failed?", (Option("Assistant", "Agent"), Option("User", "User"))),
        Question("summary", "text", "In a sentence"),
    ),
)

VERDICT_WORDS = {
    "pass": "pass",
    "satisfied": "pass",
    "satisfactory": "pass",
    "compliant": "pass",
    "correct": "pass",
    "fail": "fail",
}
"""What a judge may write for its verdict, and which of the two it means."""

JUDGE_VERDICT = LabelSchema(
    key="judge-verdict",
    version=1,
    title="A judge's verdict",
    guidelines="Did the run do what was asked for, within the policy?",
    questions=(
        Question("verdict", "choice", "Verdict", (Option("pass", "Pass"), Option("fail", "Fail")), required=True),
        Question(
            "word",
            "choice",
            "The judge's own word",
            tuple(Option(word, word, f"Means {verdict}.") for word, verdict in VERDICT_WORDS.items()),
            help="As it was written, before words that mean the same were taken together.",
        ),
        Question("reason", "text", "Why"),
    ),
)

READY_MADE = {schema.key: schema for schema in (RUN_REVIEW, TRAIL, WHO_AND_WHEN, AGENTRX, JUDGE_VERDICT)}
