// The review desk: the run with marking and correcting on its steps, and the form beside it that never scrolls away.

import { askedKeys, parted, together } from "./asked.js"
import { createComments, joined } from "./comments.js"
import { el, keyButton } from "./dom.js"
import { createForm } from "./form.js"
import { LESSON } from "./form_fields.js"
import { createFrame } from "./frame.js"
import { openOtherRuns } from "./other_runs.js"
import { createPicker } from "./picker.js"
import { createReader, READER_KEYS } from "./reader.js"
import { selectedText, selectedWords } from "./selection.js"
import { beginning, categoriesOf, correctable, createStepWork } from "./step_work.js"
import { gather, judge as judgeStep, spread, verdictsOf } from "./verdicts.js"

export function mount(root, data) {
  return createFrame(root, { ...data, subject: ["trace", "step"], createSubject })
}

// `frame`: {foot, notices, changed(), announce(text), notify, host}, of which the preview of a schema has its own.
export function createSubject(frame) {
  let work = together(null)
  let form = null
  let reader = null
  let stepWork = null
  let picker = null
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
    closePicker(false)
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
    const actions = { isFirst, currentStep: () => reader?.current(), pointAt, point, mark, markStep, markRun, markWords, judge, nextUnjudged, unmark, unmarkRun, correct, correctStep, uncorrect }
    const shared = { schema, work, actions, judged, order }
    stepWork = createStepWork({ ...shared, asked, onChange: () => changed(null, true) })
    form = createForm({ ...shared, stepName, jump, onChange: () => changed(null) })
    beside.replaceChildren(form.node, frame.notices, frame.foot)
    onSteps = askedOnSteps()
    reader = createReader(run, {
      segments: view.segments,
      outline: view.outline,
      first: view.first,
      facts: view.facts,
      labels: judged ? { [judged]: [{ text: "The step to judge", who: "", note: "", tone: "" }] } : {},
      start: judged || undefined,
      suggestions: view.suggestions,
      onTakeSuggestion: takeOver,
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
  const isFirst = (question) => schema.questions.find((one) => one.kind === question.kind) === question
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

  // ---- a step that is pointed at

  function point(question = first("step")) {
    const step = reader.current()
    if (step && question) pointAt(step, question)
  }

  // Marks of the run are one, marks that belong to steps as many as there are steps.
  function pointAt(step, question) {
    const mine = work.marks.filter((one) => one.question === question.key)
    const here = mine.find((one) => one.step_id === step.step_id)
    const gone = here ? [here] : question.belongs === "step" ? [] : mine
    for (const one of gone) work.marks.splice(work.marks.indexOf(one), 1)
    if (!here) work.marks.push({ question: question.key, step_id: step.step_id, value: "", quote: "", comment: "", impact: "" })
    for (const one of gone) reader.refresh(one.step_id)
    changed(step.step_id)
    frame.announce(here ? `${question.title}: the mark is taken back.` : `${question.title}: ${stepName(step.step_id)}.`)
  }

  // A rule's suggestion becomes the mark of a step, where that question is open, else one of the categories.
  function takeOver({ step_id: found, cause, rule }) {
    const stepId = cause || found
    const question = first("step")
    const open = question && (question.belongs === "step" || !work.marks.some((one) => one.question === question.key))
    const categories = categoriesOf(asked())
    if (open && !work.marks.some((one) => one.question === question.key && one.step_id === stepId)) {
      work.marks.push({ question: question.key, step_id: stepId, value: "", quote: "", comment: "", impact: "", suggested: rule })
      changed(stepId)
      frame.announce(`${question.title}: ${stepName(stepId)}, as suggested.`)
    } else if (categories.length && (!judged || judged === stepId)) {
      openPicker(categories, { step_id: stepId }, (choice) => addMark({ step_id: stepId }, choice, rule))
    } else frame.announce("This schema has nothing to mark it with.")
  }

  // ---- what went wrong

  function mark(question) {
    const step = judged ? stepToJudge() : reader.current()
    if (step) openPicker([question], step)
  }

  function markStep(step = judged ? stepToJudge() : reader.current()) {
    const questions = categoriesOf(asked())
    if (questions.length && step) openPicker(questions, step)
    else if (!questions.length) markRun(first("taxonomy"))
  }

  function markRun(question) {
    openPicker([question], null)
  }

  function stepToJudge() {
    if (reader.current()?.step_id === judged) return reader.current()
    reader.jumpTo(judged)
    frame.announce("Only the step to judge is marked: here it is.")
    return null
  }

  function openPicker(questions, step, taking = null) {
    closePicker(false)
    const before = run.getRootNode().activeElement
    const taken = (choice) =>
      step
        ? work.marks.some((one) => one.step_id === step.step_id && one.question === choice.question && one.value === choice.value)
        : (work.answers[choice.question] ?? []).includes(choice.value)
    const onTake = (choice) => {
      if (taking) taking(choice)
      else if (step) addMark(step, choice)
      else addToRun(choice)
    }
    const opened = createPicker({
      questions,
      title: questions.length > 1 ? "Categories" : questions[0].title,
      where: step ? stepName(step.step_id) : "the whole run",
      quoted: () => (step ? selectedText(run) : ""),
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

  function addMark(step, { question, value, impact, comment, quote }, suggested = "") {
    const same = work.marks.find((one) => one.step_id === step.step_id && one.question === question && one.value === value)
    if (same) Object.assign(same, { impact, comment: comment || same.comment, quote: quote || same.quote })
    else work.marks.push({ question, step_id: step.step_id, value, quote, comment, impact, ...(suggested && { suggested }) })
    changed(step.step_id)
    frame.announce(`Marked ${value} on ${stepName(step.step_id)}.`)
  }

  function addToRun({ question, value }) {
    work.answers[question] = [...new Set([...(work.answers[question] ?? []), value])]
    changed(null, true)
  }

  // ---- words

  function markWords(question = first("span")) {
    if (!question) return
    const words = selectedWords(run, reader.current())
    if (words.refused) return frame.announce(words.refused)
    const step = reader.current()
    if (!question.options.length) return addWords(question, step, words, "")
    openPicker([question], step, (choice) => addWords(question, step, { ...words }, choice.value, choice.comment))
  }

  function addWords(question, step, { quote, start, end }, value, comment = "") {
    const mine = work.marks.filter((one) => one.question === question.key)
    for (const one of mine) {
      const same = one.step_id === step.step_id && one.start === start && one.end === end && one.value === value
      if (same || question.belongs === "trace") work.marks.splice(work.marks.indexOf(one), 1)
    }
    work.marks.push({ question: question.key, step_id: step.step_id, value, quote, start, end, comment, impact: "" })
    for (const one of mine) reader.refresh(one.step_id)
    changed(step.step_id)
    frame.announce(`Marked the words “${quote.slice(0, 60)}”.`)
  }

  // ---- verdicts

  function judge(question, value, step = judged ? stepToJudge() : reader.current()) {
    if (!step) return
    if (!order.includes(step.step_id)) return frame.announce("Only what the agent did is judged. Shift+J goes to the next step without a verdict.")
    if (!judgeStep(work, question, order, step.step_id, value)) return frame.announce("Everything after the first −1 is −1, too. Take that one back first.")
    reader.refresh()
    changed(null, true)
    const said = work.marks.find((one) => one.question === question.key && one.step_id === step.step_id)
    const label = said && verdictsOf(question).find((one) => one.value === said.value).label
    const after = question.cascade && said?.value === "-1" ? ", and all steps after it, too" : ""
    frame.announce(said ? `${stepName(step.step_id)}: ${label}${after}.` : `${stepName(step.step_id)}: the verdict is taken back.`)
  }

  function pressVerdict(value) {
    const question = first("step_verdict")
    if (question) judge(question, value)
  }

  // The next step of the agent without a verdict, from the cursor on; round again at the end.
  function nextUnjudged(question = first("step_verdict")) {
    const said = new Set(work.marks.filter((one) => one.question === question.key).map((one) => one.step_id))
    const all = [...places.keys()]
    const here = all.indexOf(reader.current()?.step_id)
    const waiting = order.filter((id) => !said.has(id))
    const next = waiting.find((id) => all.indexOf(id) > here) ?? waiting[0]
    if (next) reader.jumpTo(next)
    else frame.announce("Every step has its verdict.")
  }

  // ---- taking back

  function unmark(one) {
    const question = schema.questions.find(({ key }) => key === one.question)
    if (question?.cascade) gather(work, question)
    work.marks.splice(work.marks.indexOf(one), 1)
    if (question?.cascade) {
      spread(work, question, order)
      reader.refresh()
    }
    changed(one.step_id)
    keepFocus()
  }

  function unmarkRun(question, value) {
    work.answers[question.key] = work.answers[question.key].filter((each) => each !== value)
    changed(null, true)
    keepFocus()
  }

  // ---- correcting

  function correct() {
    const step = judged ? stepToJudge() : reader.current()
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
  const verdict = (value, keys, name) => ({ keys, shown: keys, group: onStep, name, when: () => has("step_verdict"), run: () => pressVerdict(value) })
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
      { keys: ["m"], group: onStep, name: "First mistake, or what else the first question for a step is: mark it, or take the mark back", when: () => has("step"), run: () => point() },
      { keys: ["w"], group: onStep, name: "What went wrong: choose from the list", when: () => has("taxonomy"), run: () => markStep() },
      { keys: ["shift+w"], group: onStep, name: "Mark the selected words", when: () => has("span"), run: () => markWords() },
      { keys: ["shift+o"], group: "Reading", name: "Other runs of this task, side by side", when: () => Boolean(shown?.item), run: () => openOtherRuns(frame.host, shown) },
      { keys: ["shift+a"], group: onStep, name: "Take over what a rule suggests for the step", run: () => reader.takeSuggestion?.() },
      { keys: ["shift+c"], group: onStep, name: "Comment on the step: what others said, and what you say to them", when: () => comments !== null, run: () => comments.open(reader.current()) },
      { keys: ["c"], group: onStep, name: "Correct what it said", when: () => has("correction"), run: () => correct() },
      verdict("1", ["+"], "Verdict: the first of the three"),
      verdict("0", ["0", "="], "Verdict: the one between"),
      verdict("-1", ["-"], "Verdict: the last; with cascade for all steps after it, too"),
      { keys: ["shift+j"], group: onStep, name: "Next step without a verdict", when: () => has("step_verdict"), run: () => nextUnjudged() },
      { keys: digits.map(String), shown: ["1 … 9"], group: reviewing, name: "Answer the question with the bar beside it", run: (event) => form.press(Number(event.code.at(-1)) || Number(event.key)) },
      { keys: LETTERS, shown: ["A … Z"], group: reviewing, name: "Choose the answer that shows this letter", when: (event) => letterOf(event.key) !== null, run: (event) => letterOf(event.key)() },
      { keys: ["q"], group: reviewing, name: "Next question", run: () => form.move(1) },
      { keys: ["shift+q"], group: reviewing, name: "Question before", run: () => form.move(-1) },
      { keys: ["l"], group: reviewing, name: "Write a lesson", when: () => has("lesson"), run: () => form.focusOn(first("lesson").key) },
      { keys: ["escape"], group: reviewing, name: "Out of a text, back to the run", typing: true, run: () => (picker ? closePicker(true) : focus()) },
    ],
  }

  // What a letter of the schema's own chooses: an option of a question that is asked, or a verdict.
  function letterOf(pressed) {
    const key = pressed.toLowerCase()
    if (!form) return null
    if (form.hasLetter(key)) return () => form.letter(key)
    const question = first("step_verdict")
    const said = question && verdictsOf(question).find((one) => one.letter.toLowerCase() === key)
    return said ? () => judge(question, said.value) : null
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
