// Marking and correcting, on the step itself: its buttons, its marks, and its correction with the live difference.

import { cap, el } from "./dom.js"
import { diffWords, drawDiff } from "./diff.js"
import { CASCADE, verdictsOf } from "./verdicts.js"

// The server sends this many characters of what a step wrote.
const LONGEST = 20000
const SHORT = 18

// `work`: {marks, corrections}; `asked()`: the questions that are on the form now; `actions`: see desk.js;
// `judged`: the step that the item is about, or ""; `order`: the ids of the steps that can be judged.
export function createStepWork({ work, schema, asked, actions, judged, order, onChange }) {
  const of = (kind) => asked().filter((one) => one.kind === kind)
  const questions = new Map(schema.questions.map((one) => [one.key, one]))

  function tools(step) {
    const button = (label, key, run, pressed, title) =>
      // Not in the tab order: there are several on every row, and each has its key and its button in the form.
      el("button.quiet", { type: "button", tabindex: "-1", title, "aria-pressed": pressed === undefined ? null : String(pressed), onclick: () => run(step) }, label, key && cap(key))
    const [pointer] = of("step")
    const [verdict] = order.includes(step.step_id) ? of("step_verdict") : []
    const mine = (question) => work.marks.find((one) => one.question === question?.key && one.step_id === step.step_id)
    const categories = categoriesOf(asked()).length > 0 && (!judged || step.step_id === judged)
    return el(
      "span.step-tools",
      {},
      verdict && verdictsOf(verdict).map(({ value, label, sign }) => button(label, sign, (one) => actions.judge(verdict, value, one), mine(verdict)?.value === value, verdict.title)),
      pointer && button(named(pointer), "M", (one) => actions.pointAt(one, pointer), Boolean(mine(pointer)), pointer.title),
      categories && button(named(categoriesOf(asked())[0]), "W", actions.markStep),
      of("correction").length > 0 && correctable(step) && (!judged || step.step_id === judged) && button("Correct", "C", actions.correctStep),
    )
  }

  // null where nothing was said about the step.
  function below(step) {
    const keys = new Set(asked().map((one) => one.key))
    const marks = work.marks.filter((one) => one.step_id === step.step_id && keys.has(one.question))
    const correction = of("correction").length > 0 && work.corrections.find((one) => one.step_id === step.step_id)
    if (!marks.length && !correction) return null
    return el("div.step-work", {}, marks.length > 0 && el("div.step-marks", {}, marks.map(mark)), correction && editor(step, correction))
  }

  function mark(one) {
    const question = questions.get(one.question)
    const [label, definition, look] = told(question, one)
    return el(
      `div.step-mark${look}`,
      { "data-verdict": question.kind === "step_verdict" ? one.value : null },
      el("span.mark-name", { title: definition || null }, label),
      one.impact && el("span.impact", { "data-impact": one.impact }, one.impact.toLowerCase()),
      one.quote && el("q", {}, one.quote),
      one.comment && el("span.mark-comment", {}, one.comment),
      one.suggested === CASCADE
        ? el("span.mark-comment", {}, "after the first −1")
        : el("button.remove", { type: "button", "aria-label": `Remove the mark ${label}`, title: "Remove", onclick: () => actions.unmark(one) }, "×"),
    )
  }

  function editor(step, correction) {
    const diff = el("div.diff", { "aria-label": "What your correction changes" })
    const field = el("textarea", { "data-correction": step.step_id, "aria-label": `What step ${step.position + 1} should have said`, value: correction.corrected })
    const draw = () => {
      if (field.value === correction.original) diff.replaceChildren(el("span.quiet-text", {}, "No difference yet: change the text above. Nothing is sent until it differs."))
      else drawDiff(diff, diffWords(correction.original, field.value))
    }
    let waiting = 0
    field.oninput = () => {
      correction.corrected = field.value
      onChange("correction")
      cancelAnimationFrame(waiting)
      waiting = requestAnimationFrame(draw)
    }
    correction.original = step.written
    draw()
    return el(
      "div.correction",
      {},
      el(
        "div.correction-head",
        {},
        el("strong", {}, "It should have said"),
        el("span.quiet-text", {}, "agents can be trained on this text"),
        el("button.remove", { type: "button", "aria-label": "Remove the correction", title: "Remove", onclick: () => actions.uncorrect(step.step_id) }, "×"),
      ),
      field,
      diff,
    )
  }

  return { tools, below }
}

// The questions whose categories are given to steps.
export function categoriesOf(questions) {
  return questions.filter((one) => one.kind === "taxonomy" && one.belongs !== "trace")
}

// A question as a button on a step calls it.
export function named({ title, kind }) {
  if (title.length <= SHORT) return title
  return kind === "taxonomy" ? "Categories" : "Mark"
}

function told(question, one) {
  if (question.kind === "step") return [`⚑ ${question.title}`, question.help, ".first"]
  if (question.kind === "step_verdict") {
    const { label, sign, definition } = verdictsOf(question).find(({ value }) => value === one.value)
    return [`${sign} ${label}`, definition, ".verdict-mark"]
  }
  const option = question.options.find(({ value }) => value === one.value)
  if (question.kind === "span") return [option ? `${question.title}: ${option.label}` : question.title, option?.definition, ".words"]
  return [option?.label ?? one.value, option?.definition, ""]
}

// What an agent did can be corrected; what the person it talked to said cannot.
export function correctable(step) {
  return step.kind !== "user" && step.written !== ""
}

// What a correction begins with. Of a text that was sent in part only, nothing: half of it must not be taken for all.
export function beginning(step) {
  return [...step.written].length < LONGEST ? step.written : ""
}
