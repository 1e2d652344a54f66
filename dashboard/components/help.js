// The keys of a screen: one table that answers them, draws them on their controls, and lists them under H.

import { cap, el, takesText } from "./dom.js"

// A command: {keys: ["m"], name: "Mark …", group: "On the step", run(event), when?(): boolean, typing?: boolean}.
// `typing` ones also answer while text is typed (they need Ctrl or Escape). A key is what KeyboardEvent.key says, in
// lower case, with "ctrl+" or "shift+" before it; `shown` are the keys as they are listed, where that is shorter.
export function createKeys(root, commands) {
  const table = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command])))

  // A text that loses its focus without being left (Streamlit's notice of a lost connection takes it) gets it back: what
  // is typed on stays text and never becomes a command.
  let leftAt = 0
  let lost = null
  const leave = () => (leftAt = Date.now())
  const onLeave = (event) => {
    const field = event.composedPath()[0]
    lost = takesText(field) && Date.now() - leftAt > 500 ? field : null
  }
  const onEnter = () => (lost = null)

  const inDialog = (node) => node instanceof Element && node.getAttribute("role") === "dialog"

  function onKey(event) {
    if (["Tab", "Escape"].includes(event.key)) leave()
    if (lost?.isConnected && event.key.length === 1 && !event.ctrlKey && !event.metaKey) return lost.focus()
    if (event.isComposing || event.altKey || root.querySelector("dialog[open]") || event.composedPath().some(inDialog)) return
    const target = event.composedPath()[0]
    const outside = target instanceof Element && target !== document.body && !event.composedPath().includes(root)
    const command = table.get(nameOf(event))
    if (!command || outside || (takesText(target) && !command.typing) || (command.when && !command.when(event))) return
    event.preventDefault()
    event.stopImmediatePropagation()
    leave()
    if (!event.repeat || command.repeats) command.run(event)
  }

  // Before Streamlit's own shortcuts (it has C and R) and before the browser's.
  window.addEventListener("keydown", onKey, true)
  window.addEventListener("pointerdown", leave, true)
  root.addEventListener("focusout", onLeave)
  root.addEventListener("focusin", onEnter)
  return () => {
    window.removeEventListener("keydown", onKey, true)
    window.removeEventListener("pointerdown", leave, true)
    root.removeEventListener("focusout", onLeave)
    root.removeEventListener("focusin", onEnter)
  }
}

function nameOf(event) {
  const ctrl = event.ctrlKey || event.metaKey ? "ctrl+" : ""
  const key = event.key === " " ? "space" : event.key.toLowerCase()
  // The digit row gives "!" or "&" on some keyboards: the key's place counts, unless it gives a digit by itself.
  const digit = /^Digit(\d)$/.exec(event.code)
  if (digit && !/\d/.test(key)) return `${ctrl}${event.shiftKey ? "shift+" : ""}${digit[1]}`
  const shift = event.shiftKey && (key.length > 1 || /[a-z]/.test(key)) ? "shift+" : ""
  return ctrl + shift + key
}

const DRAWN = { "ctrl+enter": "Ctrl+Enter", escape: "Esc", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", space: "Space", enter: "Enter" }

export function drawn(key) {
  return DRAWN[key] ?? key.split("+").map((part) => part[0].toUpperCase() + part.slice(1)).join("+")
}

// A dialog with a title and a way out; focus goes back to where it was. Resolves when it is closed.
export function openDialog(root, title, content, { wide = false } = {}) {
  const before = root.getRootNode().activeElement
  const dialog = el(
    `dialog.desk-dialog${wide ? ".wide" : ""}`,
    { "aria-label": title },
    el("div.dialog-head", {}, el("h2", {}, title), el("button.quiet", { type: "button", onclick: () => dialog.close() }, "Close", cap("Esc"))),
    content,
  )
  root.append(dialog)
  dialog.showModal()
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close())
  const closed = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove()
      if (before?.isConnected && !root.getRootNode().activeElement) before.focus()
      resolve()
    })
  })
  return { dialog, closed }
}

// Everything that the screen answers to, and what its words mean.
export function openHelp(root, commands, { terms = [], guidelines = "", others = [] } = {}) {
  const groups = new Map()
  for (const command of [...commands, ...others]) {
    if (!groups.has(command.group)) groups.set(command.group, [])
    groups.get(command.group).push(command)
  }
  const keys = [...groups].map(([group, members]) =>
    el(
      "section",
      {},
      el("h3", {}, group),
      el(
        "dl.keys",
        {},
        members.map((command) => [
          el("dt", {}, (command.shown ?? command.keys.map(drawn)).map((key) => el("kbd", {}, key))),
          el("dd", {}, command.name),
        ]),
      ),
    ),
  )
  const words = el("dl.terms", {}, terms.map(([term, meaning]) => [el("dt", {}, term), el("dd", {}, meaning)]))
  const content = el(
    "div.help",
    {},
    guidelines && el("section", {}, el("h3", {}, "How to judge"), el("p.guidelines", {}, guidelines)),
    el("div.help-keys", {}, keys),
    terms.length > 0 && el("section", {}, el("h3", {}, "Words"), words),
  )
  return openDialog(root, "Keys and words", content, { wide: true })
}
