// What a desk has to say: bars with actions, one for each name, and a line for those who listen.

import { el } from "./dom.js"

// `onLost()` is called when a message goes that had the focus.
export function createMessages(onLost) {
  const node = el("div.notices", { "aria-live": "polite" })
  const spoken = el("div.spoken", { role: "status", "aria-live": "polite" })

  function notify(name, text, { actions = [], tone = "" } = {}) {
    dismiss(name)
    const buttons = actions.map((one) => el("button", { type: "button", onclick: one.run }, one.label))
    const close = el("button.remove", { type: "button", "aria-label": "Dismiss this message", onclick: () => dismiss(name) }, "×")
    node.append(el("div.notice", { "data-name": name, "data-tone": tone }, el("p", {}, text), buttons, close))
  }

  function dismiss(name) {
    const one = node.querySelector(`[data-name="${name}"]`)
    if (!one) return
    const hadFocus = one.contains(node.getRootNode().activeElement)
    one.remove()
    if (hadFocus) onLost()
  }

  return { node, spoken, notify, dismiss, announce: (text) => (spoken.textContent = text) }
}
