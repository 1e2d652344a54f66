// The questions of a queue of pairs or rankings, drawn beside the verdict: options as chips with keys, texts as fields.
//
//   createReasons({free, onChange}) -> reasons
//   free: the keys that a desk leaves over, in the order in which options without a key of their own get them
//   reasons.node, reasons.draw(schema, answers), reasons.answers()
//   reasons.invalid(field, message) -> whether that question is on the screen; reasons.clear()
//   reasons.command              what the keys do, for the desk's commands

import { cap, el } from "./dom.js"

const YES_NO = [{ value: true, label: "Yes" }, { value: false, label: "No" }]
const CHOSEN = ["yes_no", "choice", "multi_choice", "scale", "taxonomy"]
const SEVERAL = ["multi_choice", "taxonomy"]
const WRITTEN = ["text", "number"]

// The digit row gives other signs on some keyboards: its places count.
const pressed = (event) => /^Digit(\d)$/.exec(event.code)?.[1] ?? event.key.toLowerCase()

export function createReasons({ free, onChange }) {
  const node = el("div.reasons")
  let given = {}
  let questions = []
  let lines = []
  let byKey = new Map()

  const optionsOf = (question) => (question.kind === "yes_no" ? YES_NO : question.options)
  const chosen = (question) => [given[question.key] ?? []].flat()

  // An option keeps the key that its schema gives it, where the desk has no other use for it.
  function assignKeys() {
    byKey = new Map()
    const all = questions.filter(({ kind }) => CHOSEN.includes(kind)).flatMap((question) => optionsOf(question).map((option) => ({ question, option })))
    const wanted = ({ option }) => option.key?.toLowerCase()
    for (const one of all) if (free.includes(wanted(one)) && !byKey.has(wanted(one))) byKey.set(wanted(one), one)
    const placed = new Set([...byKey.values()].map(({ option }) => option))
    const left = free.filter((key) => !byKey.has(key))
    for (const one of all) if (!placed.has(one.option) && left.length) byKey.set(left.shift(), one)
  }

  const keyOf = (wanted) => [...byKey].find(([, { option }]) => option === wanted)?.[0]

  function choose(question, value) {
    const before = chosen(question)
    const has = before.includes(value)
    if (SEVERAL.includes(question.kind)) given[question.key] = has ? before.filter((one) => one !== value) : [...before, value]
    else if (has) delete given[question.key]
    else given[question.key] = value
    show()
    onChange()
  }

  // A condition is about a question before it, as core.review.answers reads it.
  function asked() {
    const shown = new Set()
    for (const question of questions) {
      const condition = question.shown_if
      const said = condition && shown.has(condition.question) ? [given[condition.question] ?? []].flat().map(String) : []
      if (!condition || (condition.values.length ? said.some((value) => condition.values.includes(value)) : said.length)) shown.add(question.key)
    }
    return shown
  }

  function line(question) {
    const error = el("p.question-error", { role: "alert", hidden: true })
    const title = el("h3", { title: question.help || null }, question.title, question.required && el("span.must", {}, " needed"))
    const made = WRITTEN.includes(question.kind) ? field(question) : chips(question)
    return { question, error, ...made, node: el("div.reason", { role: "group", "aria-label": question.title, title: question.help || null }, title, made.parts, error) }
  }

  function chips(question) {
    const several = SEVERAL.includes(question.kind)
    const inputs = optionsOf(question).map((option) => {
      const key = keyOf(option)
      const input = el("input", { type: several ? "checkbox" : "radio", name: `reason-${question.key}`, "aria-keyshortcuts": key ? key.toUpperCase() : null, onclick: () => choose(question, option.value) })
      return { value: option.value, input, node: el("label.option", { title: option.definition || null }, input, el("span", {}, option.label), key && cap(key.toUpperCase())) }
    })
    const draw = () => {
      for (const one of inputs) one.input.checked = chosen(question).includes(one.value)
    }
    const ends = (text) => text && el("span.scale-end", {}, text)
    return { parts: [ends(question.low), inputs.map((one) => one.node), ends(question.high)], draw, focus: () => inputs[0]?.input.focus() }
  }

  function field(question) {
    const number = question.kind === "number"
    const input = el(number ? "input" : "textarea", { type: number ? "number" : null, step: number ? "any" : null, rows: number ? null : "1", "aria-label": question.title })
    input.oninput = () => {
      if (input.value === "") delete given[question.key]
      else given[question.key] = number ? Number(input.value) : input.value
      onChange()
    }
    const draw = () => {
      const value = String(given[question.key] ?? "")
      if (input.value !== value) input.value = value
    }
    return { parts: input, draw, focus: () => input.focus() }
  }

  function show() {
    const shown = asked()
    for (const one of lines) {
      one.node.hidden = !shown.has(one.question.key)
      one.draw()
    }
  }

  function clear() {
    for (const one of lines) {
      one.error.hidden = true
      one.node.classList.remove("invalid")
    }
  }

  return {
    node,
    clear,
    draw(schema, answers) {
      given = structuredClone(answers ?? {})
      questions = (schema?.questions ?? []).filter(({ kind }) => [...CHOSEN, ...WRITTEN].includes(kind))
      assignKeys()
      lines = questions.map(line)
      node.replaceChildren(...lines.map((one) => one.node))
      show()
    },
    answers: () => structuredClone(given),
    describe: (answers) => questions.filter(({ key }) => key in (answers ?? {})).map((question) => [question.title, [answers[question.key]].flat().map((value) => optionsOf(question).find((option) => option.value === value)?.label ?? String(value)).join(", ")]),
    invalid(name, message) {
      const one = lines.find(({ question }) => question.key === name)
      if (!one) return false
      clear()
      one.node.classList.add("invalid")
      one.error.textContent = message
      one.error.hidden = false
      one.focus()
      return true
    },
    terms: () => questions.flatMap((question) => optionsOf(question).filter(({ definition }) => definition).map(({ label, definition }) => [label, definition])),
    command: {
      keys: free,
      shown: ["its key"],
      group: "Why",
      name: "A reason: each chip shows its key",
      when: (event) => byKey.has(pressed(event)),
      run: (event) => {
        const { question, option } = byKey.get(pressed(event))
        if (asked().has(question.key)) choose(question, option.value)
      },
    },
  }
}
