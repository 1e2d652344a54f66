// Answers that point into the run: a step, categories, words, verdicts, corrections. The form lists them, each with a
// way to its step and a way to take it back; they are made on the run by `actions` (marking.js).
//
// Each maker takes (question, form) and gives {body, draw(), focus()};
// form: {work, actions, stepName(id), jump(id, mark whose words are shown), judged (the step that the item is about, or ""), order (steps to judge)}.

import { cap, el } from "./dom.js"
import { diffWords } from "./diff.js"
import { CASCADE, firstBad, verdictsOf } from "./verdicts.js"

const marksOf = (work, question) => work.marks.filter((one) => one.question === question.key)

function stepButton({ jump, stepName }, stepId, mark) {
  return el("button.step-link", { type: "button", title: mark ? "Show these words" : "Show this step", onclick: () => jump(stepId, mark) }, stepName(stepId))
}

function remove(label, run) {
  return el("button.remove", { type: "button", "aria-label": `Remove ${label}`, title: "Remove", onclick: run }, "×")
}

// A click on these must not take away what is selected in the run.
function adding(label, key, run) {
  return el("button.add", { type: "button", onpointerdown: (event) => event.preventDefault(), onclick: run }, label, key && cap(key))
}

// One step of the run; where the mark belongs to the step, any number of them.
export function pointer(question, form) {
  const { work, actions } = form
  const set = adding("This step", actions.isFirst(question) ? "M" : "", () => actions.point(question))
  const body = el("div.pointer")
  const draw = () => {
    const marks = marksOf(work, question)
    const chips = marks.map((mark) => el("span.chip.first", {}, stepButton(form, mark.step_id), remove(question.title, () => actions.unmark(mark))))
    body.replaceChildren(...(chips.length ? chips : [el("span.none", {}, "none marked")]), set)
  }
  return { body, draw, focus: () => body.querySelector("button").focus() }
}

export function taxonomy(question, form) {
  const { work, actions, judged } = form
  const names = new Map(question.options.map(({ value, label, definition }) => [value, [label, definition]]))
  const body = el("div.marks")
  const foot = el(
    "div.row",
    {},
    question.belongs !== "trace" && adding(judged ? "On the step to judge" : "On this step", "W", () => actions.mark(question)),
    question.belongs !== "step" && !(judged && question.belongs === "either") && adding("On the whole run", question.belongs === "trace" ? "W" : "", () => actions.markRun(question)),
  )
  const draw = () => {
    const whole = work.answers[question.key] ?? []
    const line = (value, where, more, drop) => {
      const [label, definition] = names.get(value) ?? [value, ""]
      return el("li", {}, where, el("span.mark-name", { title: definition || null }, label), more, remove(label, drop))
    }
    body.replaceChildren(
      el(
        "ul.mark-list",
        {},
        marksOf(work, question).map((mark) =>
          line(mark.value, stepButton(form, mark.step_id), mark.impact && el("span.impact", { "data-impact": mark.impact }, mark.impact.toLowerCase()), () => actions.unmark(mark)),
        ),
        whole.map((value) => line(value, el("span.quiet-text", {}, "whole run"), null, () => actions.unmarkRun(question, value))),
      ),
      foot,
    )
  }
  return { body, draw, focus: () => foot.querySelector("button").focus() }
}

// Words of the run, each with what they are, where the schema names that.
export function span(question, form) {
  const { work, actions } = form
  const names = new Map(question.options.map(({ value, label }) => [value, label]))
  const set = adding("Mark the selected words", actions.isFirst(question) ? "Shift+W" : "", () => actions.markWords(question))
  const body = el("div.marks")
  const draw = () => {
    const lines = marksOf(work, question).map((mark) =>
      el("li", {}, stepButton(form, mark.step_id, mark), names.has(mark.value) && el("span.mark-name", {}, names.get(mark.value)), el("q", { title: mark.quote }, mark.quote), remove("the mark of these words", () => actions.unmark(mark))),
    )
    body.replaceChildren(el("ul.mark-list.words", {}, lines), set)
  }
  return { body, draw, focus: () => set.focus() }
}

// How far the steps are judged, the verdicts for the step under the cursor, and the way to the next that has none.
export function stepVerdict(question, form) {
  const { work, actions, order, judged } = form
  const count = el("span.verdict-count", { role: "status" })
  const bar = el("progress", { "aria-label": "Steps judged" })
  const first = el("span.verdict-first")
  const buttons = verdictsOf(question).map(({ value, label, definition, sign, letter, keys }) =>
    el("button.verdict-button", { type: "button", "data-verdict": value, title: definition || null, "aria-keyshortcuts": [...keys, letter.toUpperCase()].filter(Boolean).join(" "), onclick: () => actions.judge(question, value) }, label, cap(letter ? letter.toUpperCase() : sign)),
  )
  const next = el("button.quiet", { type: "button", onclick: () => actions.nextUnjudged(question) }, "Next unjudged", cap("Shift+J"))
  const body = el(
    "div.verdicts",
    {},
    !judged && el("div.verdict-head", {}, count, bar, first),
    el("div.row", { role: "group", "aria-label": judged ? "The step to judge" : "This step" }, buttons, !judged && next),
  )
  const draw = () => {
    const marks = marksOf(work, question)
    const said = new Map(marks.map((one) => [one.step_id, one]))
    const n = order.filter((id) => said.has(id)).length
    const byRule = marks.filter((one) => one.suggested === CASCADE).length
    count.textContent = order.length ? `${n} of ${order.length} steps judged` : "This run has no step of the agent to judge."
    count.title = byRule ? `${byRule} of them −1 because they come after the first −1` : ""
    Object.assign(bar, { max: Math.max(order.length, 1), value: n })
    next.hidden = n === order.length
    const at = firstBad(work, question, order)
    first.replaceChildren(...(at < 0 ? [] : ["first −1: ", stepButton(form, order[at])]))
    const here = said.get(judged || actions.currentStep()?.step_id)
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.verdict === here?.value))
  }
  return { body, draw, focus: () => buttons[0].focus() }
}

export function corrections(question, form) {
  const { work, actions } = form
  const set = el("button.add", { type: "button", onclick: () => actions.correct() }, form.judged ? "Correct the step to judge" : "Correct this step", cap("C"))
  const body = el("div.corrections")
  const draw = () => {
    const lines = work.corrections.map((one) =>
      el("li", {}, stepButton(form, one.step_id), el("span.quiet-text", {}, changed(one)), remove("the correction", () => actions.uncorrect(one.step_id))),
    )
    body.replaceChildren(el("ul.mark-list", {}, lines), set)
  }
  return { body, draw, focus: () => set.focus() }
}

// "12 words changed"
function changed({ original, corrected }) {
  if (original === undefined) return ""
  const count = diffWords(original, corrected)
    .filter((part) => part.op !== "same")
    .reduce((sum, part) => sum + (part.text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0), 0)
  return count === 1 ? "1 word changed" : `${count} words changed`
}
