// Answers that stand in the form itself: options to choose, texts, numbers, a lesson.
//
// Each maker takes (question, form) and gives {body, draw(), focus(), options?, choose?(index)};
// form: {id, work, onChange(key)}.

import { el } from "./dom.js"

const YES_NO = [{ value: true, label: "Yes", definition: "", key: "" }, { value: false, label: "No", definition: "", key: "" }]

export const LESSON = [
  ["when", "When", "the situation in which it applies, so that an agent can recognise it"],
  ["guidance", "do", "what to do then"],
  ["avoid", "don’t", "what not to do (optional)"],
  ["why", "why", "the reason (optional)"],
]

export function yesNo(question, form) {
  return options({ ...question, options: YES_NO }, form)
}

// Radio buttons or check boxes that look like one row of buttons; choosing the chosen one again takes it back.
export function options(question, { id, work, onChange }) {
  const several = question.kind === "multi_choice"
  const chosen = () => [work.answers[question.key] ?? []].flat()
  const inputs = question.options.map(({ value, label, definition, key }, index) => {
    const drawn = key ? key.toUpperCase() : index < 9 ? String(index + 1) : ""
    const input = el("input", {
      type: several ? "checkbox" : "radio",
      name: `${id}-${question.key}`,
      onclick: () => choose(index),
      "aria-describedby": `${id}-${question.key}-error`,
      "aria-keyshortcuts": drawn || null,
    })
    const hint = drawn && el(`kbd${key ? ".letter" : ""}`, { "aria-hidden": "true" }, drawn)
    return { value, input, key: key.toLowerCase(), label: el("label.option", { title: definition || null }, input, el("span", {}, label), hint) }
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
    // An answer that an import stored as a number is the option of that name.
    for (const one of inputs) one.input.checked = chosen().some((said) => said === one.value || String(said) === one.value)
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

export function text(question, { id, work, onChange }) {
  const field = el("textarea", { rows: "2", "aria-labelledby": `${id}-${question.key}`, "aria-describedby": `${id}-${question.key}-error` })
  field.oninput = () => {
    if (field.value === "") delete work.answers[question.key]
    else work.answers[question.key] = field.value
    onChange(question.key)
  }
  const draw = () => {
    const value = String(work.answers[question.key] ?? "")
    if (field.value !== value) field.value = value
  }
  return { body: field, draw, focus: () => field.focus() }
}

export function number(question, { id, work, onChange }) {
  const { minimum: low, maximum: high } = question
  const bounds = low === null && high === null ? "" : low === null ? `at most ${high}` : high === null ? `at least ${low}` : `${low} to ${high}`
  const hint = el("span.bounds", { id: `${id}-${question.key}-bounds` }, bounds)
  const field = el("input", {
    type: "number",
    step: "any",
    min: low,
    max: high,
    "aria-labelledby": `${id}-${question.key}`,
    "aria-describedby": `${id}-${question.key}-bounds ${id}-${question.key}-error`,
  })
  const check = () => hint.classList.toggle("wrong", field.value !== "" && !field.checkValidity())
  field.oninput = () => {
    if (field.value === "") delete work.answers[question.key]
    else work.answers[question.key] = Number(field.value)
    check()
    onChange(question.key)
  }
  const draw = () => {
    const value = String(work.answers[question.key] ?? "")
    if (field.value !== value && Number(field.value) !== work.answers[question.key]) field.value = value
    check()
  }
  return { body: el("div.number", {}, field, bounds && hint), draw, focus: () => field.focus() }
}

export function lesson(question, { id, work, onChange }) {
  const fields = LESSON.map(([name, label, hint], index) => {
    const field = el("textarea", { rows: "2", placeholder: hint, "aria-label": `Lesson: ${label}`, "aria-describedby": `${id}-${question.key}-error` })
    field.oninput = () => {
      work.lesson = Object.fromEntries(fields.map((one) => [one.name, one.field.value]))
      if (Object.values(work.lesson).every((said) => said === "")) work.lesson = null
      onChange(question.key)
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
