// Another run of the same task beside the one under review, folded to where they part: blind before submitting, and
// afterwards also the runs that passed.

import { ask } from "./ask.js"
import { cap, el } from "./dom.js"
import { openDialog } from "./help.js"
import { sharedStart } from "./parting.js"
import { createReader } from "./reader.js"

const FIRST_PAGE = 40

// `view`: the item as the desk has it; `host`: where the dialog goes.
export function openOtherRuns(host, view) {
  const choices = el("div.other-choices", { role: "radiogroup", "aria-label": "Which run" })
  const note = el("p.quiet-text.other-note", { role: "status" }, "loading …")
  const parted = el("div.other-parted")
  const mine = el("div.other-side")
  const other = el("div.other-side")
  const name = el("h3", {}, "")
  const sides = el(
    "div.other-sides",
    { hidden: true },
    el("section", { "aria-label": "The run under review" }, el("h3", {}, "The run under review"), mine),
    el("section", { "aria-label": "Another run" }, name, other),
  )
  const content = el("div.other-runs", {}, el("div.other-head", {}, choices, parted), note, sides)
  const { dialog, closed } = openDialog(host, "Other runs of this task", content, { wide: true })
  dialog.classList.add("other-dialog")
  let runs = []
  let readers = []
  let active = 1
  let chosen = -1
  let toggle = null
  let gone = false

  mine.addEventListener("focusin", () => (active = 0))
  other.addEventListener("focusin", () => (active = 1))
  dialog.addEventListener("keydown", onKey)
  closed.then(() => {
    gone = true
    for (const reader of readers) reader.destroy()
  })
  load()

  async function load() {
    try {
      const given = await ask("GET", `api/items/${view.item}/others`)
      const passed = given.submitted ? (await ask("GET", `api/items/${view.item}/passed`)).runs : []
      if (gone) return
      runs = [...passed, ...given.runs]
      draw(given.submitted, passed.length)
      if (runs.length) choose(0)
    } catch (failure) {
      note.textContent = `The other runs could not be loaded: ${failure.message}`
    }
  }

  function draw(submitted, nPassed) {
    choices.replaceChildren(
      ...runs.map((run, index) =>
        el("label.other-choice", {}, el("input", { type: "radio", name: "other-run", onchange: () => choose(index) }), el("span", {}, run.title), index < 9 && cap(String(index + 1))),
      ),
    )
    choices.hidden = !runs.length
    if (!runs.length) note.textContent = "This is the only run of its task so far."
    else if (!submitted) note.textContent = "Their order is drawn by lot. Version and outcome stay hidden here; the runs that passed are shown once you have submitted: open this item again with P."
    else note.textContent = nPassed ? "You have submitted: the runs that passed are named. Those under a letter are all other runs." : "You have submitted. No run of this task that you may know of has passed."
  }

  async function choose(index) {
    if (index === chosen || !runs[index]) return
    chosen = index
    const run = runs[index]
    choices.querySelectorAll("input")[index].checked = true
    try {
      const [outline, first] = await Promise.all([ask("GET", `${run.base}/outline`), ask("GET", `${run.base}/steps?start=0&count=${FIRST_PAGE}`)])
      if (gone || chosen !== index) return
      // Ids of their own, whatever the run is called elsewhere.
      show(run, { ...outline, trace: run.trace }, { ...first, trace: run.trace })
    } catch (failure) {
      if (gone || chosen !== index) return
      note.textContent = `${run.title} could not be loaded: ${failure.message}`
      chosen = -1
    }
  }

  function show(run, outline, first) {
    for (const reader of readers) reader.destroy()
    name.textContent = run.title
    sides.hidden = false
    const shared = { keys: false, suggestions: undefined }
    readers = [
      createReader(mine, { ...shared, segments: view.segments, outline: view.outline, first: view.first, facts: { n_errors: view.facts?.n_errors } }),
      createReader(other, { ...shared, segments: [run], outline, first, facts: run.facts ?? {} }),
    ]
    const start = Math.min(sharedStart(view.first.steps, first.steps), Math.max(0, run.n_steps - 1), Math.max(0, view.segments[0].n_steps - 1))
    let folded = start > 0
    toggle = () => {
      for (const reader of readers) reader.foldBefore(folded ? start : 0)
      const told = start === 0 ? "They part at the first step." : start === 1 ? "The first step is the same." : `The first ${start} steps are the same.`
      parted.replaceChildren(told, start > 0 && el("button", { type: "button", onclick: flip }, folded ? "Show them" : "Fold them", cap("D")) || "")
    }
    toggle()
    function flip() {
      folded = !folded
      toggle()
    }
    toggle.flip = start ? flip : null
    readers[active].focus()
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const key = event.key.toLowerCase()
    const run = {
      j: () => readers[active]?.focusNext(),
      k: () => readers[active]?.focusPrevious(),
      d: () => toggle?.flip?.(),
      a: () => turn(0),
      b: () => turn(1),
    }[key]
    if (/^[1-9]$/.test(key)) choose(Number(key) - 1)
    else if (run) run()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  function turn(side) {
    active = side
    readers[side]?.focus()
  }
}
