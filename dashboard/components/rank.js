// The rank desk: up to six answers side by side as cards, each given a place; equal places are a tie.

import { el } from "./dom.js"
import { createFrame } from "./frame.js"
import { createReader } from "./reader.js"
import { createReasons } from "./reasons.js"

const NAMES = "ABCDEF"

// What the desk and its frame leave over for reasons.
const FREE = [..."cgilmnoqryz"]

export function mount(root, data) {
  return createFrame(root, { ...data, subject: "ranking", createSubject })
}

function createSubject(frame) {
  let places = []
  let reason = ""
  let cards = []
  let current = 0
  let large = false

  const grid = el("div.cards")
  const order = el("p.order", { role: "status" })
  const error = el("p.question-error", { role: "alert", hidden: true })
  const reasons = createReasons({ free: FREE, onChange: () => frame.changed() })
  const why = el("textarea", { rows: "1", "aria-label": "Why?", placeholder: "why? (what decided it)" })
  why.oninput = () => {
    reason = why.value
    frame.changed()
  }
  const verdict = el("section.verdict", { "aria-label": "Your order" }, el("div.order-line", {}, order, error), reasons.node, el("div.verdict-row", {}, why, frame.foot))
  const node = el("div.rank", {}, grid, frame.notices, verdict)

  function card(one, index, count) {
    const name = NAMES[index]
    const body = el("div.side-body")
    const inputs = Array.from({ length: count }, (_, n) => {
      const input = el("input", { type: "radio", name: `place-${index}`, "aria-label": `Place ${n + 1} for ${name}`, onclick: () => place(n + 1, index) })
      return { input, node: el("label.option", {}, input, el("span", {}, String(n + 1))) }
    })
    const head = el("div.card-head", {}, el("h3", {}, name), el("span.quiet-text", { title: "1 is the best; the same place twice is a tie" }, "place"), el("div.options", { role: "radiogroup", "aria-label": `Place of ${name}` }, inputs.map((each) => each.node)))
    const made = el("section.card", { "aria-label": `Answer ${name}`, tabindex: "-1" }, head, body)
    made.addEventListener("focusin", () => select(index, false))
    made.addEventListener("pointerdown", () => select(index, false))
    let reader = null
    if (one.segment === undefined) {
      const text = el("div.side-text", { tabindex: "0" }, one.text)
      if (!one.text) text.append(el("span.none", {}, "(an empty answer)"))
      body.append(text)
    } else reader = createReader(body, { segments: [one.segment], outline: one.outline, first: one.first, facts: one.facts, keys: false })
    return { node: made, inputs, reader, focus: () => (reader ? reader.focus() : body.firstChild.focus({ preventScroll: true })) }
  }

  function select(index, focus = true) {
    current = index
    for (const [n, one] of cards.entries()) {
      one.node.classList.toggle("current", n === current)
      one.node.classList.toggle("large", large && n === current)
    }
    if (focus) cards[current].focus()
  }

  const move = (by) => select((current + by + cards.length) % cards.length)

  // A place given goes on to the next card that has none; the same place again takes it back.
  function place(number, index = current) {
    if (number > cards.length) return frame.announce(`Places go from 1 to ${cards.length}.`)
    const takenBack = number === null || places[index] === number
    places[index] = takenBack ? null : number
    error.hidden = true
    show()
    frame.changed()
    if (takenBack) return select(index)
    const next = [...cards.keys()].map((n) => (index + n) % cards.length).find((n) => !places[n])
    select(next ?? index)
  }

  function enlarge(on) {
    large = on
    select(current)
  }

  function show() {
    for (const [index, one] of cards.entries()) for (const [n, each] of one.inputs.entries()) each.input.checked = places[index] === n + 1
    order.replaceChildren(...told(places).flatMap((part) => [part, " "]))
    if (why.value !== reason) why.value = reason
  }

  // "1 C   2 A and D   without a place: B"
  function told(given) {
    const tiers = [...new Set(given.filter(Boolean))].sort()
    const named = (wanted) => [...given.keys()].filter((index) => given[index] === wanted).map((index) => NAMES[index])
    const parts = tiers.map((tier, index) => el("span", {}, el("b", {}, `${index + 1}.`), ` ${named(tier).join(" and ")}`))
    const left = [...given.keys()].filter((index) => !given[index]).map((index) => NAMES[index])
    if (left.length === given.length) parts.push(el("span.quiet-text", {}, `Put them in order, 1 is the best. Press 1 to ${given.length} for the framed answer. The same place twice is a tie; ← → frames another.`))
    else if (left.length) parts.push(el("span.quiet-text", {}, `without a place: ${left.join(", ")}`))
    return parts
  }

  return {
    node,
    draw(view, body) {
      for (const one of cards) one.reader?.destroy()
      const shown = view.ranking.cards
      places = shown.map((_, index) => body?.places?.[index] ?? null)
      reason = body?.reason ?? ""
      large = false
      cards = shown.map((one, index) => card(one, index, shown.length))
      grid.style.setProperty("--columns", shown.length === 4 ? 2 : Math.min(3, shown.length))
      grid.replaceChildren(...cards.map((one) => one.node))
      error.hidden = true
      reasons.draw(view.schema, body?.answers)
      current = Math.max(0, places.indexOf(null))
      select(current, false)
      show()
    },
    collect: () => ({ places: [...places], reason, answers: reasons.answers() }),
    describe: (body) => [
      ["Order", told(body.places ?? []).map((part) => part.textContent).join("   ") || "none"],
      ...reasons.describe(body.answers),
      ["Why", body.reason || "nothing"],
    ],
    invalid(field, message) {
      if (field !== "places") return reasons.invalid(field, message)
      reasons.clear()
      error.textContent = message
      error.hidden = false
      select(Math.max(0, places.indexOf(null)))
      return true
    },
    focus: () => cards[current].focus(),
    terms: () => [
      ["A to F", "The answers. In which order they stand is drawn by lot for you and recorded; their names are hidden until you have answered."],
      ["Place", "1 is the best. Two answers with the same place are a tie: you could not say which you would rather have."],
      ["What it counts as", "Each two of the answers count as a pair that you have decided so."],
      ...reasons.terms(),
    ],
    commands: [
      { keys: ["1", "2", "3", "4", "5", "6"], shown: ["1", "6"], group: "The order", name: "Give the chosen answer this place; again, take it back", run: (event) => place(Number(/\d/.exec(event.code)?.[0] ?? event.key)) },
      { keys: ["backspace", "0"], shown: ["Backspace"], group: "The order", name: "Take its place back", run: () => place(null) },
      { keys: ["arrowright"], group: "The order", name: "Next answer", repeats: true, run: () => move(1) },
      { keys: ["arrowleft"], group: "The order", name: "Answer before", repeats: true, run: () => move(-1) },
      reasons.command,
      { keys: ["w"], group: "Why", name: "Write why", run: () => why.focus() },
      { keys: ["escape"], group: "Why", name: "Out of the text, or out of the large view", typing: true, run: () => enlarge(false) },
      { keys: ["v"], group: "Reading", name: "View the chosen answer large, or all beside each other", run: () => enlarge(!large) },
      { keys: ["j"], group: "Reading", name: "Next step of the chosen run", repeats: true, when: () => Boolean(cards[current]?.reader), run: () => cards[current].reader.focusNext() },
      { keys: ["k"], group: "Reading", name: "Step before", repeats: true, when: () => Boolean(cards[current]?.reader), run: () => cards[current].reader.focusPrevious() },
    ],
  }
}
