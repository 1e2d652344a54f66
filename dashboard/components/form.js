// The form beside the run: one section per question of the label schema, each answerable by key and by pointer.
//
//   createForm({schema, work, stepName, jump, actions, onChange}) -> form
//   work: {answers, marks, corrections, lesson}; the form writes answers and lesson, and shows marks and corrections
//   form.node        the element
//   form.press(n)    answer the active question with its n-th option (from 1); false when it has none
//   form.move(by)    make the next (1) or the previous (-1) question the active one, and put focus on it
//   form.show()      draw what marks and corrections are now
//   form.invalid(key, message), form.clearInvalid(), form.focusOn(key)

import { cap, el } from "./dom.js"
import { diffWords } from "./diff.js"

const YES_NO = [{ value: true, label: "Yes", definition: "" }, { value: false, label: "No", definition: "" }]
export const LESSON = [
  ["when", "When", "the situation in which it applies, so that an agent can recognise it"],
  ["guidance", "do", "what to do then"],
  ["avoid", "don’t", "what not to do (optional)"],
  ["why", "why", "the reason (optional)"],
]

let made = 0

export function createForm({ schema, work, stepName, jump, actions, onChange }) {
  const id = `form-${(made += 1)}`
  const KINDS = {
    yes_no: (question) => options({ ...question, options: YES_NO }),
    choice: options,
    scale: options,
    multi_choice: options,
    taxonomy,
    number: textQuestion,
    text: textQuestion,
    step: pointer,
    correction: corrections,
    lesson,
  }
  const sections = schema.questions.map(section)
  // The digits answer the question that has the focus; while none has, the first one with options.
  const usual = sections.find((one) => one.options)?.key ?? schema.questions[0]?.key
  let active = usual

  const node = el("div.form", {}, sections.map((one) => one.node))
  node.addEventListener("focusin", (event) => {
    const key = event.target.closest?.(".question")?.dataset.key
    if (key) activate(key)
  })
  node.addEventListener("focusout", (event) => {
    if (!node.contains(event.relatedTarget)) activate(usual)
  })
  activate(active)
  show()

  function section(question) {
    const error = el("p.question-error", { role: "alert", id: `${id}-${question.key}-error`, hidden: true })
    const title = el(
      "h3",
      { id: `${id}-${question.key}` },
      question.title,
      question.required && el("span.must", { title: "needs an answer" }, " needed"),
    )
    const made = (KINDS[question.kind] ?? textQuestion)(question)
    const box = el(
      "section.question",
      { "data-key": question.key, "data-kind": question.kind, role: "group", "aria-labelledby": `${id}-${question.key}` },
      el("div.question-head", {}, title, question.help && el("p.question-help", {}, question.help)),
      made.body,
      error,
    )
    return { key: question.key, node: box, error, ...made }
  }

  function activate(key) {
    active = key
    for (const one of sections) one.node.classList.toggle("active", one.key === key)
  }

  // Radio buttons or check boxes that look like one row of buttons; choosing the chosen one again takes it back.
  function options(question) {
    const several = question.kind === "multi_choice"
    const chosen = () => [work.answers[question.key] ?? []].flat()
    const inputs = question.options.map(({ value, label, definition }, index) => {
      const input = el("input", {
        type: several ? "checkbox" : "radio",
        name: `${id}-${question.key}`,
        onclick: () => choose(index),
        "aria-describedby": `${id}-${question.key}-error`,
        "aria-keyshortcuts": index < 9 ? String(index + 1) : null,
      })
      return { value, input, label: el("label.option", { title: definition }, input, el("span", {}, label), index < 9 && cap(String(index + 1))) }
    })
    function choose(index) {
      const { value } = inputs[index]
      const before = chosen()
      const has = before.includes(value)
      if (several) work.answers[question.key] = has ? before.filter((one) => one !== value) : [...before, value]
      else if (has) delete work.answers[question.key]
      else work.answers[question.key] = value
      draw()
      onChange(question.key)
    }
    function draw() {
      for (const one of inputs) one.input.checked = chosen().includes(one.value)
    }
    const long = question.options.some(({ label }) => label.length > 24)
    const body = el(
      `div.options.${question.kind}${long ? ".stacked" : ""}`,
      { role: several ? "group" : "radiogroup", "aria-labelledby": `${id}-${question.key}`, "aria-required": question.required ? "true" : null },
      question.low && el("span.scale-end", {}, question.low),
      inputs.map((one) => one.label),
      question.high && el("span.scale-end", {}, question.high),
    )
    return { body, draw, options: inputs, choose, focus: () => (inputs.find((one) => one.input.checked) ?? inputs[0]).input.focus() }
  }

  function textQuestion(question) {
    const number = question.kind === "number"
    const field = el(number ? "input" : "textarea", {
      type: number ? "number" : null,
      step: number ? "any" : null,
      rows: number ? null : "2",
      "aria-labelledby": `${id}-${question.key}`,
      "aria-describedby": `${id}-${question.key}-error`,
    })
    field.oninput = () => {
      if (field.value === "") delete work.answers[question.key]
      else work.answers[question.key] = number ? Number(field.value) : field.value
      onChange(question.key)
    }
    const draw = () => {
      const value = String(work.answers[question.key] ?? "")
      if (field.value !== value) field.value = value
    }
    return { body: field, draw, focus: () => field.focus() }
  }

  function stepButton(stepId) {
    return el("button.step-link", { type: "button", title: "Show this step", onclick: () => jump(stepId) }, stepName(stepId))
  }

  function remove(label, work) {
    return el("button.remove", { type: "button", "aria-label": `Remove ${label}`, title: "Remove", onclick: work }, "×")
  }

  function pointer(question) {
    const body = el("div.pointer")
    const set = el("button.add", { type: "button", onclick: () => actions.point(question) }, "This step", cap("M"))
    const draw = () => {
      const mark = work.marks.find((one) => one.question === question.key)
      body.replaceChildren(
        mark
          ? el("span.chip.first", {}, stepButton(mark.step_id), remove("the first mistake", () => actions.unmark(mark)))
          : el("span.none", {}, "none marked"),
        set,
      )
    }
    return { body, draw, focus: () => body.querySelector("button").focus() }
  }

  function taxonomy(question) {
    const names = new Map(question.options.map(({ value, label, definition }) => [value, [label, definition]]))
    const body = el("div.marks")
    const foot = el(
      "div.row",
      {},
      el("button.add", { type: "button", onclick: () => actions.mark(question) }, "On this step", cap("W")),
      el("button.add", { type: "button", onclick: () => actions.markRun(question) }, "On the whole run"),
    )
    const draw = () => {
      const marks = work.marks.filter((one) => one.question === question.key)
      const whole = work.answers[question.key] ?? []
      const line = (value, where, more, drop) => {
        const [label, definition] = names.get(value) ?? [value, ""]
        return el("li", {}, where, el("span.mark-name", { title: definition }, label), more, remove(label, drop))
      }
      body.replaceChildren(
        el(
          "ul.mark-list",
          {},
          marks.map((mark) =>
            line(mark.value, stepButton(mark.step_id), mark.impact && el("span.impact", { "data-impact": mark.impact }, mark.impact.toLowerCase()), () => actions.unmark(mark)),
          ),
          whole.map((value) => line(value, el("span.quiet-text", {}, "whole run"), null, () => actions.unmarkRun(question, value))),
        ),
        foot,
      )
    }
    return { body, draw, focus: () => foot.querySelector("button").focus() }
  }

  function corrections() {
    const body = el("div.corrections")
    const set = el("button.add", { type: "button", onclick: () => actions.correct() }, "Correct this step", cap("C"))
    const draw = () => {
      body.replaceChildren(
        el(
          "ul.mark-list",
          {},
          work.corrections.map((one) =>
            el("li", {}, stepButton(one.step_id), el("span.quiet-text", {}, changed(one)), remove("the correction", () => actions.uncorrect(one.step_id))),
          ),
        ),
        set,
      )
    }
    return { body, draw, focus: () => set.focus() }
  }

  function lesson() {
    const fields = LESSON.map(([name, label, hint], index) => {
      const field = el("textarea", { rows: "2", placeholder: hint, "aria-label": `Lesson: ${label}`, "aria-describedby": `${id}-lesson-error` })
      field.oninput = () => {
        work.lesson = Object.fromEntries(fields.map((one) => [one.name, one.field.value]))
        if (Object.values(work.lesson).every((text) => text === "")) work.lesson = null
        onChange("lesson")
      }
      return { name, field, row: el("label.lesson-row", { hidden: index > 1 }, el("span", {}, label), field) }
    })
    const more = el("button.add", { type: "button", onclick: () => unfold(true) }, "add don’t and why")
    function unfold(focus) {
      fields.forEach((one) => (one.row.hidden = false))
      more.hidden = true
      if (focus) fields[2].field.focus()
    }
    const draw = () => {
      for (const one of fields) {
        const value = work.lesson?.[one.name] ?? ""
        if (one.field.value !== value) one.field.value = value
      }
      if (fields[2].field.value || fields[3].field.value) unfold(false)
    }
    return { body: el("div.lesson", {}, fields.map((one) => one.row), more), draw, focus: () => fields[0].field.focus() }
  }

  function show() {
    for (const one of sections) one.draw()
  }

  function clearInvalid() {
    for (const one of sections) {
      one.error.hidden = true
      one.node.classList.remove("invalid")
    }
  }

  return {
    node,
    show,
    clearInvalid,
    press(number) {
      const one = sections.find((each) => each.key === active)
      if (!one?.options?.[number - 1]) return false
      one.choose(number - 1)
      return true
    },
    move(by) {
      const index = sections.findIndex((one) => one.key === active)
      const next = sections[(index + by + sections.length) % sections.length]
      activate(next.key)
      next.focus()
      next.node.scrollIntoView({ block: "nearest" })
    },
    focusOn(key) {
      const one = sections.find((each) => each.key === key)
      if (!one) return false
      activate(key)
      one.focus()
      one.node.scrollIntoView({ block: "nearest" })
      return true
    },
    invalid(key, message) {
      const one = sections.find((each) => each.key === key)
      if (!one) return false
      clearInvalid()
      one.node.classList.add("invalid")
      one.error.textContent = message
      one.error.hidden = false
      return this.focusOn(key)
    },
  }
}

// "12 words changed"
function changed({ original, corrected }) {
  if (original === undefined) return ""
  const count = diffWords(original, corrected)
    .filter((part) => part.op !== "same")
    .reduce((sum, part) => sum + (part.text.match(/[\p{L}\p{N}_]+/gu)?.length ?? 0), 0)
  return count === 1 ? "1 word changed" : `${count} words changed`
}
