// What the rules suggest in a run: a line of jumps over the rows, and a note on each row that has one. They are a
// machine's opinion and shown as that; what is dismissed stays away until the browser is closed.

import { ask } from "./ask.js"
import { cap, el } from "./dom.js"

const ON_LINE = 6 // jumps that stand in the line at once, those around the cursor
const DISMISSED = "loopwright.dismissed"

// `place(suggestion)` -> the row it is on or -1; `changed(rows)` is told which rows are to be drawn anew.
export function createSuggestions({ keys, taking, place, jump, move, take, changed, say }) {
  const node = el("div.suggestions", { role: "group", "aria-label": "Suggestions", hidden: true })
  let found = []
  let rows = new Map()
  let total = 0
  let current = 0
  let asked = null
  const gone = new Set(JSON.parse(sessionStorage.getItem(DISMISSED) ?? "[]"))
  const name = (one) => `${one.trace}/${one.step_id}/${one.rule}`

  // undefined: none are wanted; null: they are asked for, run by run.
  function open(given, sources) {
    close()
    found = []
    total = 0
    rows = new Map()
    node.hidden = true
    if (given === undefined) return
    asked = new AbortController()
    if (given) accept(given)
    for (const { trace, count, base } of sources) if (count && given?.trace !== trace) load(trace, base, asked.signal)
  }

  async function load(trace, base, signal) {
    try {
      accept(await ask("GET", `${base}/suggestions`, undefined, { signal }))
    } catch (failure) {
      // Reading goes on without them.
      if (!signal.aborted) say(`Suggestions could not be loaded: ${failure.message}`, () => load(trace, base, signal))
    }
  }

  function accept({ trace, n, suggestions }) {
    found = [...found, ...suggestions.map((one) => ({ ...one, trace }))]
    total += n - suggestions.length
    redraw()
  }

  function redraw() {
    const before = rows
    rows = new Map()
    for (const one of found) {
      const row = gone.has(name(one)) ? -1 : place(one)
      if (row >= 0) rows.set(row, [...(rows.get(row) ?? []), one])
    }
    changed(new Set([...before.keys(), ...rows.keys()]))
    drawLine()
  }

  const at = (row) => rows.get(row) ?? []

  // ---- the line

  function show(row) {
    current = row
    drawLine()
  }

  function drawLine() {
    const places = [...rows.keys()].sort((a, b) => a - b)
    const had = node.contains(node.getRootNode().activeElement)
    node.hidden = !places.length
    if (!places.length) return
    const count = [...rows.values()].reduce((sum, some) => sum + some.length, 0)
    const here = places.findLastIndex((row) => row <= current)
    const first = Math.max(0, Math.min(here - 1, places.length - ON_LINE))
    const shown = places.slice(first, first + ON_LINE)
    const jumps = shown.map((row, index) => {
      const [one, ...more] = rows.get(row)
      const told = rows.get(row).map((each) => `${each.name}: ${each.text}`).join("\n")
      return [index > 0 && el("span", { "aria-hidden": "true" }, "·"), el("button.quiet.jump-to", { type: "button", title: told, "aria-current": row === current ? "true" : null, onclick: () => jump(row) }, `${one.name}${more.length ? ` +${more.length}` : ""} at ${row + 1}`)]
    })
    const key = (letter) => keys && cap(letter)
    node.replaceChildren(
      el("span.suggestions-title", { title: "Found by rule, not by a person: a place to look at, and no label until somebody makes it one." }, el("span.machine", { "aria-hidden": "true" }, "◇ "), count === 1 ? "1 suggestion" : `${(count + total).toLocaleString("en")} suggestions`),
      el("span.jump-list", {}, jumps),
      el("span.suggestion-moves", {}, el("button.quiet.key-button", { type: "button", title: "The suggestion before", onclick: () => move(-1) }, "Before", key("⇧N")), el("button.quiet.key-button", { type: "button", title: "The next suggestion", onclick: () => move(1) }, "Next", key("N"))),
    )
    if (had) node.querySelector("[aria-current], button").focus()
  }

  // ---- on a row

  function draw(one) {
    return el(
      "div.suggestion",
      { role: "note" },
      el("span.suggestion-word", {}, el("span.machine", { "aria-hidden": "true" }, "◇ "), "suggestion"),
      el("span.suggestion-text", {}, el("strong", {}, one.name), ` ${one.text}`),
      el(
        "span.suggestion-acts",
        {},
        taking && el("button.quiet.key-button", { type: "button", tabindex: "-1", title: "Make it a mark of yours; the record says that it was suggested", onclick: () => take(one) }, "Take over", keys && cap("⇧A")),
        el("button.quiet.key-button", { type: "button", tabindex: "-1", title: "Hide it until the browser is closed", onclick: () => hide([one]) }, "Dismiss", keys && cap("⇧X")),
      ),
    )
  }

  function hide(some) {
    for (const one of some) gone.add(name(one))
    try {
      sessionStorage.setItem(DISMISSED, JSON.stringify([...gone].slice(-2000)))
    } catch {
      // No room: it stays hidden for as long as the page is open.
    }
    redraw()
    say(rows.size ? "" : "That was the last suggestion.")
  }

  function dismiss(row) {
    if (at(row).length) hide(at(row))
    else say("This step has no suggestion to dismiss.")
  }

  function takeAt(row) {
    if (at(row).length) take(at(row)[0])
    else say("This step has no suggestion to take over: N goes to the next.")
  }

  function close() {
    asked?.abort()
    asked = null
  }

  return { node, open, redraw, at, show, draw, take: takeAt, dismiss, close }
}
