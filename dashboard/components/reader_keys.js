// The keys of the reader: some answer wherever the focus is, unless something there takes them; some only on the rows.

import { takesText } from "./dom.js"

const BUSY = "a, button, input, select, textarea, summary, [role=button], [role=option], [role=combobox], [role=dialog], [role=tab], [role=slider], [role=grid], [role=menu]"

export const READER_KEYS = [
  { group: "Reading", keys: ["j", "arrowdown"], name: "Next step" },
  { group: "Reading", keys: ["k", "arrowup"], name: "Step before" },
  { group: "Reading", keys: ["e"], name: "Next error" },
  { group: "Reading", keys: ["shift+e"], name: "Error before" },
  { group: "Reading", keys: ["l"], name: "Next step with a label" },
  { group: "Reading", keys: ["n"], name: "Next suggestion: a step at which a rule found something" },
  { group: "Reading", keys: ["shift+n"], name: "Suggestion before" },
  { group: "Reading", keys: ["shift+x"], name: "Dismiss the suggestion of the step, until the browser is closed" },
  { group: "Reading", keys: ["g"], name: "Go to a step by its number" },
  { group: "Reading", keys: ["enter", "space"], name: "Unfold what is folded in the step" },
  { group: "Reading", keys: ["arrowleft", "arrowright"], name: "Fold or unfold the steps inside it" },
  { group: "Reading", keys: ["home", "end"], name: "First or last step" },
]

// `taken`: keys that the page has for itself; `anywhere` and `onRows`: key → what it does; `idle()`: there is nothing to
// go through. Gives the way to stop listening.
export function listenForKeys(node, { taken = [], anywhere, onRows, idle }) {
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return
    const path = event.composedPath()
    const target = path[0]
    const inside = path.includes(node)
    if (takesText(target) || path.some((one) => one instanceof HTMLDialogElement)) return
    if (!inside && target instanceof Element && target.closest(BUSY)) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    if (!event.shiftKey && taken.includes(key)) return
    const here = inside && target instanceof Element && target.closest("article, .reader-scroll, .sides") && !target.closest(BUSY)
    const run = anywhere[event.shiftKey ? `shift+${key}` : key] ?? (here ? onRows[event.key] : null)
    if (!run || idle()) return
    event.preventDefault()
    run()
  }

  window.addEventListener("keydown", onKey)
  return () => window.removeEventListener("keydown", onKey)
}
