// Two to six answers to one task beside each other, as a part of a page: texts (of two with their differing words), or
// runs (two are folded to where they part).
//
//   data: {context, answers: [{name, text} or {name, segment, outline, first, facts}]}

import { diffWords, drawDiff, likeness } from "./diff.js"
import { el } from "./dom.js"
import { sharedStart } from "./parting.js"
import { createReader } from "./reader.js"

// Below this, marking every word that differs would mark nearly all of them and hide the text.
const ALIKE = 0.3

export function mount(place, data) {
  place.classList.add("desk", "sides-page")
  let drawn = ""
  let readers = []
  const fit = () => {
    const top = place.getBoundingClientRect().top + (place.closest("[data-testid=stMain]")?.scrollTop ?? 0)
    place.style.setProperty("--reader-height", `${Math.max(window.innerHeight * 0.5, window.innerHeight - top - 12)}px`)
  }
  const watch = new ResizeObserver(fit)
  watch.observe(document.body)
  window.addEventListener("resize", fit)

  function clear() {
    for (const reader of readers) reader.destroy()
    readers = []
  }

  // As many steps as both begin with, but for the last of the shorter: something is left to read.
  function shared([one, other]) {
    return Math.max(0, Math.min(sharedStart(one.first?.steps, other.first?.steps), one.segment.n_steps - 1, other.segment.n_steps - 1))
  }

  function fold(parted, start, folded) {
    const said = start === 0 ? "They part at the first step." : start === 1 ? "The first step is the same on both sides." : `The first ${start} steps are the same on both sides.`
    const flip = el("button", { type: "button", onclick: () => fold(parted, start, !folded) }, folded ? (start === 1 ? "Show it" : "Show them") : "Fold again")
    parted.replaceChildren(said, ...(start ? [flip] : []))
    for (const reader of readers) reader.foldBefore(folded ? start : 0)
  }

  function text(parts, only, whole) {
    const page = el("div.side-text", { tabindex: "0" })
    if (parts) drawDiff(page, parts, only)
    else page.textContent = whole
    if (!whole) page.append(el("span.none", {}, "(an empty answer)"))
    return page
  }

  function draw(next) {
    const now = JSON.stringify(next)
    if (now === drawn) return
    drawn = now
    clear()
    const { answers, context } = next
    const texts = answers.length === 2 && answers.every((one) => one.segment === undefined)
    const parts = texts ? diffWords(answers[0].text, answers[1].text) : null
    const alike = parts && likeness(parts) >= ALIKE ? parts : null
    const side = (one, only) => {
      const body = el("div.side-body")
      const node = el("section.side", { "aria-label": `Answer ${one.name}` }, el("h3", {}, one.name), body)
      if (one.segment === undefined) body.append(text(alike, only, one.text))
      else queueMicrotask(() => readers.push(createReader(body, { segments: [one.segment], outline: one.outline, first: one.first, facts: one.facts, keys: false })))
      return node
    }
    const runs = answers.length === 2 && answers.every((one) => one.segment !== undefined)
    const start = runs ? shared(answers) : 0
    const parted = el("div.parted", { hidden: !runs })
    const before = context && el("section.before", {}, el("h3", {}, "What came before, on all sides"), text(null, null, context))
    place.replaceChildren(...[before, parted, el("div.beside", {}, answers.map((one, index) => side(one, index ? "new" : "gone")))].filter(Boolean))
    fit()
    if (runs) queueMicrotask(() => fold(parted, start, true)) // after the readers, which are made the same way
  }

  draw(data)
  return {
    update: draw,
    close() {
      clear()
      watch.disconnect()
      window.removeEventListener("resize", fit)
    },
  }
}
