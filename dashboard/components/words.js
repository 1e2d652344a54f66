// Words that somebody marked, highlighted where they stand in a step's own text, with the mark's name after them.

import { el } from "./dom.js"
import { nearest } from "./selection.js"

// Where a step's words may stand: in what it said, else in what it called, else in what came back or is unfolded.
const PLACES = [".said:not(.reasoning)", ".call-line", ".payload", ".said"]
const LONGEST = 20000 // the server sends this many characters of what a step wrote
const painted = new WeakMap()

// `body`: the row's text; `words`: [{quote, start (in code points of what the step wrote) or null, name, who}];
// `grown`: something was unfolded or loaded since. What stands in a part that is not here yet is told on its button.
export function paintWords(body, { written }, words, grown = false) {
  const key = JSON.stringify(words)
  if (!grown && (painted.get(body) ?? "[]") === key) return
  if (!words.length && !painted.has(body)) return
  painted.set(body, key)
  for (const mark of body.querySelectorAll("mark.words")) mark.replaceWith(...mark.childNodes)
  body.normalize()
  const missing = words.filter((one) => !paint(body, written, one))
  body.toggleAttribute("data-more-words", missing.some(({ quote }) => written.includes(quote) || [...written].length >= LONGEST))
}

function paint(body, written, one) {
  const near = [...written].slice(0, one.start ?? 0).join("").length
  for (const place of PLACES) {
    let before = 0
    let best = null
    for (const block of body.querySelectorAll(place)) {
      const at = nearest(block.textContent, one.quote, near - before)
      const away = Math.abs(before + at - near)
      if (at >= 0 && !(best?.away <= away)) best = { block, at, away }
      before += block.textContent.length + 1
    }
    if (best) return wrap(best.block, best.at, one)
  }
  return false
}

function wrap(block, at, { quote, start, name, who }) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT)
  const end = at + quote.length
  const pieces = []
  for (let node = walker.nextNode(), seen = 0; node && seen < end; node = walker.nextNode()) {
    const [from, to] = [Math.max(0, at - seen), Math.min(node.length, end - seen)]
    if (from < to) pieces.push([node, from, to])
    seen += node.length
  }
  pieces.forEach(([node, from, to], index) => {
    const words = node.splitText(from)
    words.splitText(to - from)
    const mark = el("mark.words", { title: [name, who].filter(Boolean).join(", "), "data-start": start ?? "", "data-name": index === pieces.length - 1 ? name : null })
    words.replaceWith(mark)
    mark.append(words)
  })
  return pieces.length > 0
}

// Opens what cuts off marked words.
export function uncoverWords(node) {
  for (const mark of node.querySelectorAll("mark.words")) {
    const cut = mark.closest(".clamp:not(.open)")
    if (cut?.nextElementSibling?.matches(".clamp-toggle")) cut.nextElementSibling.click()
    else cut?.classList.add("open")
  }
}

// Brings the words into view that begin at `start`; false where they are not here yet.
export function showWords(node, { start = null }) {
  const mark = node.querySelector(`mark.words[data-start="${start ?? ""}"]`)
  mark?.scrollIntoView({ block: "nearest" })
  return Boolean(mark)
}
