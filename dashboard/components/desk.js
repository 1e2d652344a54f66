// The review desk: the run with marking and correcting on its steps, and the form beside it that never scrolls away.

import { el } from "./dom.js"
import { createForm, LESSON } from "./form.js"
import { createFrame } from "./frame.js"
import { createPicker } from "./picker.js"
import { createReader, READER_KEYS } from "./reader.js"
import { beginning, correctable, createStepWork } from "./step_work.js"

const EMPTY = { answers: {}, marks: [], corrections: [], lesson: null }

export function mount(root, data) {
  return createFrame(root, { ...data, subject: "trace", createSubject })
}

function createSubject(frame) {
  let work = structuredClone(EMPTY)
  let form = null
  let reader = null
  let stepWork = null
  let picker = null
  let schema = null
  let places = new Map()

  const run = el("section.run", { "aria-label": "The run" })
  const beside = el("aside.answers", { "aria-label": "Your answers" })
  const node = el("div.review", {}, run, beside)

  function draw(view, body) {
    closePicker(false)
    reader?.destroy()
    schema = view.schema
    places = new Map(view.outline.steps.map(([position, , kind, name, , , id]) => [id, `step ${position + 1} · ${calledAs(kind, name)}`]))
    work = { ...structuredClone(EMPTY), ...structuredClone(body ?? {}) }
    for (const question of schema.questions.filter((one) => one.kind === "step")) adopt(question)
    for (const one of work.corrections) one.original = view.first.steps.find((step) => step.step_id === one.step_id)?.written
    const actions = { pointAt, point, mark, markStep, markRun, unmark, unmarkRun, correct, correctStep, uncorrect }
    stepWork = createStepWork({ work, schema, actions, onChange: () => {
      form.show()
      changed(null)
    } })
    form = createForm({ schema, work, stepName, jump, actions, onChange: () => changed(null) })
    beside.replaceChildren(form.node, frame.notices, frame.foot)
    reader = createReader(run, {
      segments: view.segments,
      outline: view.outline,
      first: view.first,
      facts: view.facts,
      rowTools: stepWork.tools,
      rowBelow: stepWork.below,
    })
  }

  // A step pointer that an import stored as an answer is shown, and sent again, as the mark that it is.
  function adopt({ key }) {
    const step = work.answers[key]
    delete work.answers[key]
    if (places.has(step)) work.marks.push({ question: key, step_id: step, value: "", quote: "", comment: "", impact: "" })
  }

  const stepName = (id) => places.get(id) ?? "a step"
  const jump = (id) => reader.jumpTo(id)

  function changed(stepId) {
    form.clearInvalid()
    if (stepId) {
      form.show()
      reader.refresh(stepId)
    }
    frame.changed()
  }

  // ---- first mistake

  function point(question) {
    const step = reader.current()
    if (step) pointAt(step, question)
  }

  function pointAt(step, question = stepWork.pointer) {
    const before = work.marks.find((one) => one.question === question.key)
    if (before) work.marks.splice(work.marks.indexOf(before), 1)
    if (before?.step_id !== step.step_id) {
      work.marks.push({ question: question.key, step_id: step.step_id, value: "", quote: "", comment: "", impact: "" })
    }
    if (before) reader.refresh(before.step_id)
    changed(step.step_id)
    frame.announce(before?.step_id === step.step_id ? "No first mistake is marked." : `First mistake: ${stepName(step.step_id)}.`)
  }

  // ---- what went wrong

  function mark(question) {
    const step = reader.current()
    if (step) openPicker([question], step)
  }

  function markStep(step = reader.current()) {
    if (step) openPicker(stepWork.taxonomies, step)
  }

  function markRun(question) {
    openPicker([question], null)
  }

  function openPicker(questions, step) {
    closePicker(false)
    const before = run.getRootNode().activeElement
    const taken = (choice) =>
      step
        ? work.marks.some((one) => one.step_id === step.step_id && one.question === choice.question && one.value === choice.value)
        : (work.answers[choice.question] ?? []).includes(choice.value)
    const onTake = (choice) => {
      if (step) addMark(step, choice)
      else addToRun(choice)
    }
    const opened = createPicker({
      questions,
      where: step ? stepName(step.step_id) : "the whole run",
      quoted: () => (step ? selectedWords() : ""),
      details: step !== null,
      taken,
      onTake,
      onClose: () => closePicker(true),
    })
    picker = { ...opened, before }
    beside.append(picker.node)
    picker.focus()
  }

  function closePicker(back) {
    if (!picker) return
    const { close, before } = picker
    picker = null
    close()
    if (!back) return
    if (before?.isConnected) before.focus({ preventScroll: true })
    else focus()
  }

  function selectedWords() {
    const root = run.getRootNode()
    const selection = root.getSelection ? root.getSelection() : document.getSelection()
    if (!selection || selection.isCollapsed || !run.contains(selection.anchorNode)) return ""
    return selection.toString().trim().slice(0, 2000)
  }

  function addMark(step, { question, value, impact, comment, quote }) {
    const same = work.marks.find((one) => one.step_id === step.step_id && one.question === question && one.value === value)
    if (same) Object.assign(same, { impact, comment: comment || same.comment, quote: quote || same.quote })
    else work.marks.push({ question, step_id: step.step_id, value, quote, comment, impact })
    changed(step.step_id)
    frame.announce(`Marked ${value} on ${stepName(step.step_id)}.`)
  }

  function addToRun({ question, value }) {
    work.answers[question] = [...new Set([...(work.answers[question] ?? []), value])]
    form.show()
    changed(null)
  }

  function unmark(one) {
    work.marks.splice(work.marks.indexOf(one), 1)
    changed(one.step_id)
    keepFocus()
  }

  function unmarkRun(question, value) {
    work.answers[question.key] = work.answers[question.key].filter((each) => each !== value)
    form.show()
    changed(null)
    keepFocus()
  }

  // ---- correcting

  function correct() {
    const step = reader.current()
    if (step) correctStep(step)
  }

  async function correctStep(step) {
    if (!correctable(step)) return frame.announce("Only what the agent said or did can be corrected.")
    if (!work.corrections.some((one) => one.step_id === step.step_id)) {
      work.corrections.push({ step_id: step.step_id, corrected: beginning(step), original: step.written })
      changed(step.step_id)
    }
    await reader.jumpTo(step.step_id)
    run.querySelector(`[data-correction="${CSS.escape(step.step_id)}"]`)?.focus()
  }

  function uncorrect(stepId) {
    work.corrections.splice(work.corrections.findIndex((one) => one.step_id === stepId), 1)
    changed(stepId)
    keepFocus()
  }

  function keepFocus() {
    const root = run.getRootNode()
    if (!root.activeElement || !frame.host.contains(root.activeElement)) focus()
  }

  function focus() {
    reader.focus()
  }

  function collect() {
    // A correction that changes nothing is only an open editor.
    const corrections = work.corrections.filter((one) => one.corrected !== "" && one.corrected !== one.original)
    return {
      answers: { ...work.answers },
      marks: work.marks.map((one) => ({ ...one })),
      corrections: corrections.map(({ step_id, corrected }) => ({ step_id, corrected })),
      lesson: work.lesson && { ...work.lesson },
    }
  }

  function describe(body) {
    const title = (key) => schema.questions.find((one) => one.key === key)?.title ?? key
    return [
      ...Object.entries(body.answers ?? {}).map(([key, value]) => [title(key), [value].flat().join(", ")]),
      ...(body.marks ?? []).map((one) => [title(one.question), [stepName(one.step_id), one.value, one.comment].filter(Boolean).join(": ")]),
      ...(body.corrections ?? []).map((one) => [`Correction of ${stepName(one.step_id)}`, one.corrected]),
      ...LESSON.map(([key, label]) => [`Lesson: ${label}`, body.lesson?.[key]]),
    ].filter(([, text]) => text)
  }

  const digits = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const reviewing = "Your answers"
  const onStep = "On the step"
  return {
    node,
    draw,
    collect,
    describe,
    focus,
    invalid: (field, message) => form.invalid(field, message),
    terms: () => [...TERMS, ...schema.questions.flatMap((one) => one.options.filter(({ definition }) => definition).map(({ label, definition }) => [label, definition]))],
    otherKeys: READER_KEYS.filter(({ keys }) => !keys.includes("l")),
    commands: [
      { keys: ["m"], group: onStep, name: "First mistake: mark it, or take the mark back", when: () => stepWork.pointer, run: () => point(stepWork.pointer) },
      { keys: ["w"], group: onStep, name: "What went wrong: choose from the list", when: () => stepWork.taxonomies.length, run: () => markStep() },
      { keys: ["c"], group: onStep, name: "Correct what it said", when: () => stepWork.corrects, run: () => correct() },
      { keys: digits.map(String), shown: ["1 … 9"], group: reviewing, name: "Answer the question with the bar beside it", run: (event) => form.press(Number(event.code.at(-1)) || Number(event.key)) },
      { keys: ["q"], group: reviewing, name: "Next question", run: () => form.move(1) },
      { keys: ["shift+q"], group: reviewing, name: "Question before", run: () => form.move(-1) },
      { keys: ["l"], group: reviewing, name: "Write a lesson", when: () => schema.questions.some((one) => one.kind === "lesson"), run: () => form.focusOn(schema.questions.find((one) => one.kind === "lesson").key) },
      { keys: ["escape"], group: reviewing, name: "Out of a text, back to the run", typing: true, run: () => (picker ? closePicker(true) : focus()) },
    ],
  }
}

const TERMS = [
  ["First mistake", "The earliest step whose mending would have changed the end. Later mistakes that follow from it are not the first."],
  ["What went wrong", "A named kind of failure, marked on the step where it stands. A step may have several. Words that you select first are kept as the quote."],
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
