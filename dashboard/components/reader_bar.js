// The line over the rows: how long the run is, and the ways to jump in it.

import { el } from "./dom.js"
import { dollars, seconds } from "./step_row.js"

// `keyed(key)` -> the drawing of a key, or null; `go(position)` and `leave()` lead to the rows; `say(text)`;
// `moves`: {nextLabel, previousError, nextError, previous, next}.
export function createBar({ keyed, go, leave, say, moves }) {
  let total = 0
  let here = -1
  const jump = (label, key, title, run) => el("button.quiet.key-button", { type: "button", title, "aria-keyshortcuts": key.replace("⇧", "Shift+"), onclick: run }, label, keyed(key))
  const labelButton = jump("Next label", "L", "The next step with a label", moves.nextLabel)
  const errorButtons = [jump("Error before", "⇧E", "The error before", moves.previousError), jump("Next error", "E", "The next error", moves.nextError)]
  const steps = [jump("Previous", "K", "The step before", moves.previous), jump("Next", "J", "The next step", moves.next)]
  const number = el("input", { type: "text", inputmode: "numeric", size: "5", "aria-label": "Step number", autocomplete: "off" })
  const of = el("span.of")
  const summary = el("span.summary")
  const node = el("div.reader-bar", {}, summary, el("span.jumps", {}, labelButton, errorButtons, steps, el("label.goto", { title: "Go to a step by its number" }, "Step", number, of, keyed("G"))))

  number.onkeydown = (event) => {
    if (event.key === "Escape") return leave()
    if (event.key !== "Enter") return
    event.preventDefault()
    event.stopPropagation()
    const wanted = Number(number.value)
    if (Number.isInteger(wanted) && wanted >= 1 && wanted <= total) return go(wanted - 1)
    say(`There is no step ${number.value.slice(0, 12)}: the run has ${total}.`)
  }
  number.onblur = () => showPosition(here)

  // `facts`: {seconds, cost}, where known
  function draw({ total: n, errors, labelled, facts }) {
    total = n
    const { seconds: took, cost } = facts ?? {}
    const told = [`${n.toLocaleString("en")} ${n === 1 ? "step" : "steps"}`, errors && `${errors} ${errors === 1 ? "error" : "errors"}`, seconds(took), dollars(cost)]
    summary.textContent = told.filter(Boolean).join(" · ")
    for (const button of errorButtons) button.hidden = !errors
    labelButton.hidden = !labelled
    node.hidden = !n
    of.textContent = `of ${n.toLocaleString("en")}`
  }

  function showPosition(position) {
    here = position
    if (node.getRootNode().activeElement !== number) number.value = here >= 0 ? String(here + 1) : ""
  }

  function ask() {
    number.focus()
    number.select()
  }

  return { node, draw, showPosition, ask }
}
