// The buttons of a desk, and whether what was typed is saved.

import { cap, clock, el, keyButton } from "./dom.js"

// `actions`: {submit, skip, flag, undo, previous, help}
export function createFoot({ submit, skip, flag, undo, previous, help }) {
  const state = el("span.state", { role: "status" })
  const label = el("span", {}, "Submit")
  const skipButton = keyButton("Skip", "S", skip, { title: "Leave it to others; what you wrote is kept" })
  const flagButton = keyButton("Flag", "F", flag, { title: "Tell the leads that something is wrong with this item" })
  const node = el(
    "div.foot",
    {},
    el("div.foot-row", {}, el("button.primary.key-button", { type: "button", onclick: submit, "aria-keyshortcuts": "Control+Enter" }, label, cap("Ctrl+Enter")), skipButton, flagButton),
    el(
      "div.foot-row.lesser",
      {},
      state,
      keyButton("Undo", "U", undo, { class: "quiet", title: "Take back your last submission" }),
      keyButton("Previous", "P", previous, { class: "quiet", title: "What you submitted, to change it" }),
      keyButton("Help", "H", help, { class: "quiet", title: "Every key, and what the words mean" }),
    ),
  )

  // `change`: a submission is replaced; `fresh`: the item can still be skipped and flagged.
  function show({ change, fresh }) {
    label.textContent = change ? "Submit the change" : "Submit"
    skipButton.hidden = flagButton.hidden = !fresh
  }

  function drawState({ state: name, at, message }) {
    const text = {
      new: "saves as you type",
      dirty: "saving …",
      saved: at && `saved ${clock(at)}`,
      unsaved: "not saved yet: kept in this browser, trying again",
      refused: `not saved: ${message}`,
    }[name]
    state.dataset.state = name
    state.textContent = name === "dirty" && message ? `saving … (${message})` : text
  }

  return { node, show, drawState }
}
