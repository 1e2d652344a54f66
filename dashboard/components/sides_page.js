// Two to six answers to one task beside each other, as a part of a page: texts (of two with their differing words), or
// runs.
//
//   data: {context, answers: [{name, text} or {name, segment, outline, first, facts}]}

import { diffWords, drawDiff, likeness } from "./diff.js"
import { el } from "./dom.js"
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
    const before = context && el("section.before", {}, el("h3", {}, "What came before, on all sides"), text(null, null, context))
    place.replaceChildren(...[before, el("div.beside", {}, answers.map((one, index) => side(one, index ? "new" : "gone")))].filter(Boolean))
    fit()
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
