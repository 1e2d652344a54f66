// The review desk: the run with marking and correcting on its steps, and the form beside it that never scrolls away.

import { askedKeys, parted, together } from "./asked.js"
import { createComments, joined } from "./comments.js"
import { el, keyButton } from "./dom.js"
import { createForm } from "./form.js"
import { LESSON } from "./form_fields.js"
import { createFrame } from "./frame.js"
import { createMarking } from "./marking.js"
import { openOtherRuns } from "./other_runs.js"
import { createReader } from "./reader.js"
import { READER_KEYS } from "./reader_keys.js"
import { createStepWork } from "./step_work.js"
import { verdictsOf } from "./verdicts.js"

export function mount(root, data) {
  return createFrame(root, { ...data, subject: ["trace", "step"], createSubject })
}

// `frame`: {foot, notices, changed(), announce(text), notify, host}, of which the preview of a schema has its own.
export function createSubject(frame) {
  let work = together(null)
  let form = null
  let reader = null
  let stepWork = null
  let marking = null
  let schema = null
  let judged = ""
  let order = []
  let onSteps = ""
  let places = new Map()
  let shown = null
  let comments = null

  const run = el("section.run", { "aria-label": "The run" })
  const beside = el("aside.answers", { "aria-label": "Your answers" })
  const node = el("div.review", {}, run, beside)
  const aside = keyButton("Other runs", "⇧O", () => openOtherRuns(frame.host, shown), { class: "quiet", title: "Other runs of this task, side by side", "aria-keyshortcuts": "Shift+O" })

  function draw(view, body) {
    marking?.closePicker(false)
    reader?.destroy()
    reader = null
    comments?.close()
    comments = view.item ? createComments({ host: frame.host, traces: view.segments.map((one) => one.trace), item: view.item, announce: frame.announce, onChange: (step) => reader?.refresh(step ?? undefined) }) : null
    shown = view
    schema = view.schema
    judged = view.step ?? ""
    places = new Map(view.outline.steps.map(([position, , kind, name, , , id]) => [id, `step ${position + 1} · ${calledAs(kind, name)}`]))
    order = judged ? [judged] : judgeable(view.outline.steps)
    work = together(body)
    for (const question of schema.questions.filter((one) => one.kind === "step")) adopt(question)
    for (const one of work.corrections) one.original = view.first.steps.find((step) => step.step_id === one.step_id)?.written
    marking = createMarking({ run, beside, frame, schema, work, asked, judged, order, all: [...places.keys()], reader: () => reader, stepName, changed, focus })
    const shared = { schema, work, actions: marking, judged, order }
    stepWork = createStepWork({ ...shared, asked, onChange: () => changed(null, true) })
    form = createForm({ ...shared, stepName, jump, onChange: () => changed(null) })
    beside.replaceChildren(form.node, frame.notices, frame.foot)
    onSteps = askedOnSteps()
    reader = createReader(run, {
      segments: view.segments,
      outline: view.outline,
      first: view.first,
      facts: view.facts,
      recalls: view.recalls,
      labels: judged ? { [judged]: [{ text: "The step to judge", who: "", note: "", tone: "" }] } : {},
      start: judged || undefined,
      suggestions: view.suggestions,
      onTakeSuggestion: marking.takeOver,
      rowTools: (step) => joined(stepWork.tools(step), comments?.tools(step)),
      rowBelow: (step) => joined(stepWork.below(step), comments?.below(step)),
      rowWords: stepWork.words,
      onFocus: () => hasVerdicts() && form.show(),
    })
    form.show()
  }

  const asked = () => {
    const keys = askedKeys(schema, work)
    return schema.questions.filter((one) => keys.has(one.key))
  }
  const first = (kind) => asked().find((one) => one.kind === kind)
  const has = (kind) => first(kind) !== undefined
  const hasVerdicts = () => schema.questions.some((one) => one.kind === "step_verdict")
  const askedOnSteps = () => asked().filter((one) => ON_STEPS.includes(one.kind)).map((one) => one.key).join()

  // A step pointer that an import stored as an answer is shown, and sent again, as the mark that it is.
  function adopt({ key }) {
    const step = work.answers[key]
    delete work.answers[key]
    if (places.has(step)) work.marks.push({ question: key, step_id: step, value: "", quote: "", comment: "", impact: "" })
  }

  const stepName = (id) => places.get(id) ?? "a step"
  const jump = async (id, mark = null) => (await reader.jumpTo(id)) && mark && reader.showWords(mark)

  function changed(stepId, shows = Boolean(stepId)) {
    form.clearInvalid()
    if (shows) form.show()
    const now = askedOnSteps()
    if (now !== onSteps) reader.refresh()
    else if (stepId) reader.refresh(stepId)
    onSteps = now
    frame.changed()
  }

  function focus() {
    reader.focus()
  }

  function collect() {
    // A correction that changes nothing is only an open editor.
    const corrections = work.corrections.filter((one) => one.corrected !== "" && one.corrected !== one.original)
    return parted(schema, { ...work, corrections: corrections.map(({ step_id, corrected }) => ({ step_id, corrected })) })
  }

  function describe(body) {
    const title = (key) => schema.questions.find((one) => one.key === key)?.title ?? key
    return [
      ...Object.entries(body.answers ?? {}).map(([key, value]) => [title(key), [value].flat().join(", ")]),
      ...(body.marks ?? []).map((one) => [title(one.question), [stepName(one.step_id), one.value, one.quote && `“${one.quote}”`, one.comment].filter(Boolean).join(": ")]),
      ...(body.corrections ?? []).map((one) => [`Correction of ${stepName(one.step_id)}`, one.corrected]),
      ...LESSON.map(([key, label]) => [`Lesson: ${label}`, body.lesson?.[key]]),
    ].filter(([, text]) => text)
  }

  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const reviewing = "Your answers"
  const onStep = "On the step"
  const verdict = (value, keys, name) => ({ keys, shown: keys, group: onStep, name, when: () => has("step_verdict"), run: () => marking.pressVerdict(value) })
  return {
    node,
    aside,
    draw,
    collect,
    describe,
    focus,
    invalid: (field, message) => form.invalid(field, message),
    terms: () => [...TERMS, ...schema.questions.flatMap((one) => one.options.filter(({ definition }) => definition).map(({ label, definition }) => [label, definition]))],
    otherKeys: READER_KEYS.filter(({ keys }) => !keys.includes("l")),
    commands: [
      { keys: ["m"], group: onStep, name: "First mistake, or what else the first question for a step is: mark it, or take the mark back", when: () => has("step"), run: () => marking.point() },
      { keys: ["w"], group: onStep, name: "What went wrong: choose from the list", when: () => has("taxonomy"), run: () => marking.markStep() },
      { keys: ["shift+w"], group: onStep, name: "Mark the selected words", when: () => has("span"), run: () => marking.markWords() },
      { keys: ["shift+o"], group: "Reading", name: "Other runs of this task, side by side", when: () => Boolean(shown?.item), run: () => openOtherRuns(frame.host, shown) },
      { keys: ["shift+a"], group: onStep, name: "Take over what a rule suggests for the step", run: () => reader.takeSuggestion?.() },
      { keys: ["shift+c"], group: onStep, name: "Comment on the step: what others said, and what you say to them", when: () => comments !== null, run: () => comments.open(reader.current()) },
      { keys: ["c"], group: onStep, name: "Correct what it said", when: () => has("correction"), run: () => marking.correct() },
      verdict("1", ["+"], "Verdict: the first of the three"),
      verdict("0", ["0", "="], "Verdict: the one between"),
      verdict("-1", ["-"], "Verdict: the last; with cascade for all steps after it, too"),
      { keys: ["shift+j"], group: onStep, name: "Next step without a verdict", when: () => has("step_verdict"), run: () => marking.nextUnjudged() },
      { keys: digits.map(String), shown: ["1 … 9"], group: reviewing, name: "Answer the question with the bar beside it", run: (event) => form.press(Number(event.code.at(-1)) || Number(event.key)) },
      { keys: LETTERS, shown: ["A … Z"], group: reviewing, name: "Choose the answer that shows this letter", when: (event) => letterOf(event.key) !== null, run: (event) => letterOf(event.key)() },
      { keys: ["q"], group: reviewing, name: "Next question", run: () => form.move(1) },
      { keys: ["shift+q"], group: reviewing, name: "Question before", run: () => form.move(-1) },
      { keys: ["l"], group: reviewing, name: "Write a lesson", when: () => has("lesson"), run: () => form.focusOn(first("lesson").key) },
      { keys: ["escape"], group: reviewing, name: "Out of a text, back to the run", typing: true, run: () => (marking?.pickerIsOpen() ? marking.closePicker(true) : focus()) },
    ],
  }

  // What a letter of the schema's own chooses: an option of a question that is asked, or a verdict.
  function letterOf(pressed) {
    const key = pressed.toLowerCase()
    if (!form) return null
    if (form.hasLetter(key)) return () => form.letter(key)
    const question = first("step_verdict")
    const said = question && verdictsOf(question).find((one) => one.letter.toLowerCase() === key)
    return said ? () => marking.judge(question, said.value) : null
  }
}

const ON_STEPS = ["step", "taxonomy", "span", "step_verdict", "correction"]
const LETTERS = [..."abdinorvxyz"]

// The steps that are the agent's own: its model's, or all but the user's where no model is recorded.
function judgeable(steps) {
  const said = steps.filter(([, , kind]) => kind === "llm")
  return (said.length ? said : steps.filter(([, , kind]) => kind !== "user")).map((step) => step.at(-1))
}

const TERMS = [
  ["First mistake", "The earliest step whose mending would have changed the end. Later mistakes that follow from it are not the first."],
  ["What went wrong", "A named kind of failure, marked on the step where it stands. A step may have several. Words that you select first are kept as the quote."],
  ["Verdict", "What a step was worth, judged by what was known when it was taken. A step without one is unmarked, which is not neutral."],
  ["Impact", "High: it decided the end or did harm. Medium: it cost something. Low: a blemish."],
  ["Correction", "What the step should have said, in full. It can become a training example, so write it as the agent would have."],
  ["Lesson", "When this happens, do that. A lead decides on it before any agent is given it."],
  ["Skip", "The item goes to others and not to you again; what you wrote is kept."],
  ["Flag", "Skip, and tell the leads what is wrong with the item itself."],
]

const KIND_NAMES = { llm: "agent" }

function calledAs(kind, name) {
  return kind === "tool" && name ? name : (KIND_NAMES[kind] ?? kind)
}
