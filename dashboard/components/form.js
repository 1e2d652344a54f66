// The form beside the run: one section per question of the label schema, each answerable by key and by pointer.
//
//   createForm({schema, work, stepName, jump, actions, judged, order, onChange}) -> form
//   work: {answers, marks, corrections, lesson}; the form writes answers and lesson, and shows marks and corrections
//   judged: the step that the item is about, or ""; order: the ids of the steps that can be judged
//   form.node            the element
//   form.press(n)        answer the active question with its n-th option (from 1); false when it has none
//   form.letter(key)     choose the option that has this letter; form.hasLetter(key)
//   form.move(by)        make the next (1) or the previous (-1) question the active one, and put focus on it
//   form.show()          draw what is answered and marked now, and which questions that asks
//   form.invalid(key, message), form.clearInvalid(), form.focusOn(key)

import { askedKeys } from "./asked.js"
import { el } from "./dom.js"
import { lesson, number, options, text, yesNo } from "./form_fields.js"
import { corrections, pointer, span, stepVerdict, taxonomy } from "./form_marks.js"

const KINDS = {
  yes_no: yesNo,
  choice: options,
  scale: options,
  multi_choice: options,
  taxonomy,
  number,
  text,
  step: pointer,
  span,
  step_verdict: stepVerdict,
  correction: corrections,
  lesson,
}

let made = 0

export function createForm({ schema, work, onChange, ...rest }) {
  const id = `form-${(made += 1)}`
  const given = { id, work, ...rest, onChange: (key) => (showAsked(), onChange(key)) }
  const sections = schema.questions.map(section)
  const shown = () => sections.filter((one) => !one.node.hidden)
  // The digits answer the question that has the focus; while none has, the first one with options.
  const usual = () => (shown().find((one) => one.options) ?? shown()[0])?.key
  let active = null

  const node = el("div.form", {}, sections.map((one) => one.node))
  node.addEventListener("focusin", (event) => {
    const key = event.target.closest?.(".question")?.dataset.key
    if (key) activate(key)
  })
  node.addEventListener("focusout", (event) => {
    if (!node.contains(event.relatedTarget)) activate(usual())
  })
  show()
  activate(usual())

  function section(question) {
    const error = el("p.question-error", { role: "alert", id: `${id}-${question.key}-error`, hidden: true })
    const title = el(
      "h3",
      { id: `${id}-${question.key}` },
      question.title,
      question.required && el("span.must", { title: "needs an answer" }, " needed"),
    )
    const made = (KINDS[question.kind] ?? text)(question, given)
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

  function show() {
    for (const one of sections) one.draw()
    showAsked()
  }

  // Questions come and go with what is answered; the one with the caret, or else the active one, stays where it stands.
  function showAsked() {
    const asked = askedKeys(schema, work)
    if (sections.every((one) => one.node.hidden !== asked.has(one.key))) return
    const held = sections.find((one) => one.node.contains(node.getRootNode().activeElement)) ?? sections.find((one) => one.key === active)
    const before = held?.node.getBoundingClientRect().top
    for (const one of sections) one.node.hidden = !asked.has(one.key)
    if (held && !held.node.hidden && node.isConnected) node.scrollTop += held.node.getBoundingClientRect().top - before
    if (!asked.has(active)) activate(usual())
  }

  function clearInvalid() {
    for (const one of sections) {
      one.error.hidden = true
      one.node.classList.remove("invalid")
    }
  }

  function withLetter(key) {
    for (const one of shown()) {
      const at = one.options?.findIndex((option) => option.key === key) ?? -1
      if (at >= 0) return () => one.choose(at)
    }
    return null
  }

  function focusOn(key) {
    const one = shown().find((each) => each.key === key)
    if (!one) return false
    activate(key)
    one.focus()
    one.node.scrollIntoView({ block: "nearest" })
    return true
  }

  return {
    node,
    show,
    clearInvalid,
    focusOn,
    hasLetter: (key) => withLetter(key) !== null,
    letter: (key) => withLetter(key)?.(),
    press(number) {
      const one = shown().find((each) => each.key === active)
      if (!one?.options?.[number - 1]) return false
      one.choose(number - 1)
      return true
    },
    move(by) {
      const all = shown()
      const index = all.findIndex((one) => one.key === active)
      focusOn(all[(index + by + all.length) % all.length].key)
    },
    invalid(key, message) {
      const one = shown().find((each) => each.key === key)
      if (!one) return false
      clearInvalid()
      one.node.classList.add("invalid")
      one.error.textContent = message
      one.error.hidden = false
      return focusOn(key)
    },
  }
}
