// Marking and correcting, on the step itself: its buttons, its marks, and its correction with the live difference.

import { cap, el } from "./dom.js"
import { diffWords, drawDiff } from "./diff.js"
import { CASCADE, verdictsOf } from "./verdicts.js"

// The server sends this many characters of what a step wrote.
const LONGEST = 20000
const SHORT = 18

// `work`: {marks, corrections}; `asked()`: the questions that are on the form now; `actions`: see marking.js;
// `judged`: the step that the item is about, or ""; `order`: the ids of the steps that can be judged.
export function createStepWork({ work, schema, asked, actions, judged, order, onChange }) {
  const of = (kind) => asked().filter((one) => one.kind === kind)
  const questions = new Map(schema.questions.map((one) => [one.key, one]))

  function tools(step) {
    const button = (label, key, run, { possible = true, pressed, title }) =>
      el("button.quiet", { type: "button", title, disabled: !possible, "aria-pressed": pressed === undefined ? null : String(pressed), onclick: () => run(step) }, label, key && cap(key))
    const [pointer] = of("step")
    const [verdict] = of("step_verdict")
    const [category] = categoriesOf(asked())
    const mine = (question) => work.marks.find((one) => one.question === question?.key && one.step_id === step.step_id)
    const here = !judged || step.step_id === judged
    return el(
      "span.step-tools",
      {},
      verdict && verdictsOf(verdict).map(({ value, label, sign }) => button(label, sign, (one) => actions.judge(verdict, value, one), { possible: order.includes(step.step_id), pressed: mine(verdict)?.value === value, title: verdict.title })),
      pointer && button(named(pointer), "M", (one) => actions.pointAt(one, pointer), { pressed: Boolean(mine(pointer)), title: pointer.title }),
      category && button(named(category), "W", actions.markStep, { possible: here }),
      of("correction").length > 0 && button("Correct", "C", actions.correctStep, { possible: here && correctable(step) }),
    )
  }

  function marksOn(step) {
    const keys = new Set(asked().map((one) => one.key))
    return work.marks.filter((one) => one.step_id === step.step_id && keys.has(one.question))
  }

  // The words of the step that marks quote.
  function words(step) {
    return marksOn(step)
      .filter((one) => one.quote)
      .map(({ question, value, quote, start = null }) => {
        const { title, options } = questions.get(question)
        return { quote, start, name: options.find((one) => one.value === value)?.label ?? (value || title) }
      })
  }

  // null where nothing was said about the step.
  function below(step) {
    const marks = marksOn(step)
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

  return { tools, below, words }
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
