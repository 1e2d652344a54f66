// The desks' dialogs: why an item is flagged, and what was submitted before.

import { cap, clock, el } from "./dom.js"
import { openDialog } from "./help.js"

// `discard` is what the person may do beside it: "decide" or "vote" that the item is taken out for all, or "".
// `send(reason, discard, done)` is called when it is to be flagged; `done(message)` then says what is wrong, or null.
export function openFlag(host, discard, send) {
  const reason = el("textarea", { rows: "3", "aria-label": "Why this item is flagged", placeholder: "what is wrong with this item" })
  const error = el("p.question-error", { role: "alert", hidden: true })
  const done = (message) => {
    if (message === null) return dialog.close()
    error.textContent = message
    error.hidden = false
    reason.focus()
  }
  const out = el("input", { type: "checkbox" })
  const submit = () => send(reason.value, Boolean(discard) && out.checked, done)
  const content = el(
    "div",
    {},
    el("p", {}, "The leads read this. You get the next item, and what you wrote here is kept."),
    reason,
    error,
    discard && el("label.flag-out", {}, out, discard === "decide" ? " Take it out of the queue for all" : " Vote to take it out of the queue for all"),
    el("div.row", {}, el("button.primary.key-button", { type: "button", onclick: submit }, "Flag it", cap("Ctrl+Enter"))),
  )
  const { dialog } = openDialog(host, "Flag this item", content)
  dialog.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit()
  }
  reason.focus()
}

// `submissions`: [{item, title, submitted_at}], newest first; `open(item)` is called with the one that is chosen.
export function openPrevious(host, submissions, open) {
  const choose = ({ item }) => {
    dialog.close()
    open(item)
  }
  const time = (at) => el("time", { datetime: at, title: new Date(at).toLocaleString() }, clock(at))
  const lines = submissions.map((one) =>
    el("li", {}, el("button.line", { type: "button", onclick: () => choose(one) }, el("span.line-text", {}, one.title), time(one.submitted_at))),
  )
  const content = lines.length ? el("ul.lines", {}, lines) : el("p", {}, "You have submitted nothing in this queue yet.")
  const { dialog } = openDialog(host, "What you submitted, newest first", content)
  dialog.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    const buttons = [...dialog.querySelectorAll(".line")]
    const at = buttons.indexOf(host.getRootNode().activeElement)
    buttons[Math.max(0, Math.min(buttons.length - 1, at + step))]?.focus()
    event.preventDefault()
  }
  dialog.querySelector(".line")?.focus()
}
