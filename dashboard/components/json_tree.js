// A JSON value as rows of key and value that fold; every text is a text node.

import { el } from "./dom.js"

const OPEN_UP_TO = 12
const AT_ONCE = 60

// The value on one line, for a call with few arguments; cut to `length` characters.
export function oneLine(value, length = 160) {
  const entries = value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : null
  const text = entries ? entries.map(([key, one]) => `${key}: ${plain(one)}`).join(", ") : plain(value)
  return text.length > length ? text.slice(0, length) + " …" : text
}

function plain(value) {
  return typeof value === "string" ? JSON.stringify(value) : (JSON.stringify(value) ?? "")
}

export function drawTree(value, depth = 0) {
  if (value === null || typeof value !== "object") return scalar(value)
  const list = Array.isArray(value)
  const entries = list ? value.map((one, index) => [String(index), one]) : Object.entries(value)
  if (!entries.length) return el("span.json-none", {}, list ? "[ ] empty list" : "{ } empty")
  const box = el("div.tree", { role: "group" })
  const more = (from) => {
    box.append(...entries.slice(from, from + AT_ONCE).map(([key, one]) => row(key, one, depth, entries.length)))
    const left = entries.length - from - AT_ONCE
    if (left <= 0) return
    const button = el("button.quiet.more", { type: "button" }, `show ${Math.min(left, AT_ONCE)} of ${left} more`)
    button.onclick = () => {
      button.remove()
      more(from + AT_ONCE)
    }
    box.append(button)
  }
  more(0)
  return box
}

function row(key, value, depth, siblings) {
  if (value === null || typeof value !== "object" || !Object.keys(value).length) {
    return el("div.pair", {}, el("span.key", {}, key), drawTree(value, depth + 1))
  }
  const count = Object.keys(value).length
  const names = Array.isArray(value) ? `${count} ${count === 1 ? "entry" : "entries"}` : oneLine(value, 140)
  const button = el("button.quiet.branch", { type: "button", "aria-expanded": "false" }, el("span.key", {}, key), el("span.summary", {}, names))
  const holder = el("div.nested", { hidden: true })
  const toggle = (open) => {
    if (open && !holder.firstChild) holder.append(drawTree(value, depth + 1))
    holder.hidden = !open
    button.setAttribute("aria-expanded", String(open))
  }
  button.onclick = () => toggle(holder.hidden)
  if (depth < 1 && count <= OPEN_UP_TO && siblings <= OPEN_UP_TO) toggle(true)
  return el("div.pair.nesting", {}, button, holder)
}

function scalar(value) {
  const kind = value === null ? "none" : typeof value
  return el(`span.json-${kind}`, {}, typeof value === "string" ? value || "“”" : String(value))
}
