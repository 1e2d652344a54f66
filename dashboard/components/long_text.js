// A text of which only the beginning was sent: the rest is loaded on request, into a box that scrolls by itself.

import { el } from "./dom.js"
import { drawTree } from "./json_tree.js"
import { readWhole } from "./step_source.js"

const CHUNK = 16000

export function size(characters) {
  if (characters < 10000) return `${characters.toLocaleString("en")} characters`
  return characters < 1e6 ? `${Math.round(characters / 1000)} kB` : `${(characters / 1e6).toFixed(1)} MB`
}

// `now`: nothing of it was sent yet, so it is loaded at once.
export function createLongText(step, block, { className, now = false }) {
  const box = el(`div.long.${className}`, {}, el("div.chunk", {}, block.text))
  const state = el("span.quiet-text", { role: "status" })
  const button = el("button", { type: "button" }, `Show all ${size(block.total)}`)
  const node = el("div", {}, box, el("div.long-foot", {}, button, state))
  let loading = null

  const grow = (...nodes) => {
    box.append(...nodes)
    box.dispatchEvent(new Event("grown", { bubbles: true }))
  }

  button.onclick = async () => {
    if (loading) return loading.abort()
    loading = new AbortController()
    button.textContent = "Stop"
    state.textContent = "loading …"
    try {
      let fresh = true
      let cut = "" // a line of which the next piece has the rest
      await readWhole(step, block, async (text, loaded, total) => {
        const tree = fresh && loaded >= total ? structured(block, text) : null
        if (fresh) {
          box.replaceChildren()
          box.classList.remove("clamp")
          box.classList.add("open")
          box.tabIndex = 0
          fresh = false
        }
        if (tree) return grow(tree)
        const pieces = chunks(cut + text)
        cut = loaded < total && !pieces.at(-1).endsWith("\n") ? pieces.pop() : ""
        grow(...pieces.map(chunk))
        state.textContent = `${size(loaded)} of ${size(total)}`
        await new Promise((done) => setTimeout(done))
      }, loading.signal)
      button.remove()
      state.textContent = `all ${size(block.total)}`
    } catch (failure) {
      const stopped = loading.signal.aborted
      button.textContent = stopped ? `Show all ${size(block.total)}` : "Try again"
      state.textContent = stopped ? "stopped" : failure.message
    } finally {
      loading = null
    }
  }
  if (now) button.click()
  return node
}

// JSON that came in one piece as a tree of it; null for anything else, which is read as text.
function structured(block, text) {
  if (block.type !== "json" && block.type !== "call") return null
  try {
    const value = JSON.parse(text)
    return value !== null && typeof value === "object" ? drawTree(value) : null
  } catch {
    return null
  }
}

// Pieces that a browser lays out only when they come into view; cut after a line where there is one.
function chunks(text) {
  const found = []
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + CHUNK)
    const line = text.lastIndexOf("\n", end - 1)
    if (end < text.length && line > start) end = line + 1
    else if (end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1])) end -= 1
    found.push(text.slice(start, end))
    start = end
  }
  return found
}

function chunk(text) {
  const lines = text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 90)), 0)
  return el("div.chunk", { style: `contain-intrinsic-size: auto ${lines * 1.5}em` }, text.endsWith("\n") ? text.slice(0, -1) : text)
}
