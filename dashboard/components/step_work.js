// Marking and correcting, on the step itself: its buttons, its marks, and its correction with the live difference.

import { cap, el } from "./dom.js"
import { diffWords, drawDiff } from "./diff.js"

// The server sends this many characters of what a step wrote.
const LONGEST = 20000

// `work`: {marks, corrections}; `schema`: what may be marked; `actions`: what the buttons do, see desk.js.
export function createStepWork({ work, schema, actions, onChange }) {
  const pointer = schema.questions.find((one) => one.kind === "step")
  const taxonomies = schema.questions.filter((one) => one.kind === "taxonomy")
  const corrects = schema.questions.some((one) => one.kind === "correction")
  const titles = new Map(taxonomies.flatMap((one) => one.options.map(({ value, label, definition }) => [`${one.key} ${value}`, [label, definition]])))

  function tools(step) {
    const button = (label, key, run, pressed) =>
      // Not in the tab order: there are three on every row, and each has its key and its button in the form.
      el("button.quiet", { type: "button", tabindex: "-1", "aria-pressed": pressed === undefined ? null : String(pressed), onclick: () => run(step) }, label, cap(key))
    const first = work.marks.some((one) => one.question === pointer?.key && one.step_id === step.step_id)
    return el(
      "span.step-tools",
      {},
      pointer && button("First mistake", "M", actions.pointAt, first),
      taxonomies.length > 0 && button("What went wrong", "W", actions.markStep),
      corrects && correctable(step) && button("Correct", "C", actions.correctStep),
    )
  }

  // null where nothing was said about the step.
  function below(step) {
    const marks = work.marks.filter((one) => one.step_id === step.step_id)
    const correction = work.corrections.find((one) => one.step_id === step.step_id)
    if (!marks.length && !correction) return null
    return el("div.step-work", {}, marks.length > 0 && el("div.step-marks", {}, marks.map(mark)), correction && editor(step, correction))
  }

  function mark(one) {
    const first = one.question === pointer?.key
    const [label, definition] = first ? [pointer.title, pointer.help] : (titles.get(`${one.question} ${one.value}`) ?? [one.value, ""])
    return el(
      `div.step-mark${first ? ".first" : ""}`,
      {},
      el("span.mark-name", { title: definition }, first ? `⚑ ${label}` : label),
      one.impact && el("span.impact", { "data-impact": one.impact }, one.impact.toLowerCase()),
      one.quote && el("q", {}, one.quote),
      one.comment && el("span.mark-comment", {}, one.comment),
      el("button.remove", { type: "button", "aria-label": `Remove the mark ${label}`, title: "Remove", onclick: () => actions.unmark(one) }, "×"),
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

  return { tools, below, pointer, taxonomies, corrects }
}

// What an agent did can be corrected; what the person it talked to said cannot.
export function correctable(step) {
  return step.kind !== "user" && step.written !== ""
}

// What a correction begins with. Of a text that was sent in part only, nothing: half of it must not be taken for all.
export function beginning(step) {
  return [...step.written].length < LONGEST ? step.written : ""
}
