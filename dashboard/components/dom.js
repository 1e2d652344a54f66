// Builds elements. Text only ever becomes text nodes: what is shown comes from strangers.

// el("button.primary", {type: "button", onclick: f, "aria-label": "…"}, "text", child, …); null children are left out.
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".")
  const node = document.createElement(name)
  if (classes.length) node.className = classes.join(" ")
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (key.startsWith("on") || key === "value" || key === "checked") node[key] = value
    else node.setAttribute(key, value === true ? "" : value)
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false))
  return node
}

// A button with its key drawn on it.
export function keyButton(label, key, onclick, attributes = {}) {
  const { class: extra = "", ...rest } = attributes
  return el(`button.key-button${extra ? "." + extra : ""}`, { type: "button", "aria-keyshortcuts": key, onclick, ...rest }, label, key && cap(key))
}

// The drawing of a key; for the eye only, since a screen reader is told by aria-keyshortcuts.
export function cap(key) {
  return el("kbd", { "aria-hidden": "true" }, key)
}

// True while the element takes text: there a plain letter is text and no command.
export function takesText(node) {
  if (!(node instanceof Element)) return false
  if (node.isContentEditable || node.tagName === "TEXTAREA" || node.tagName === "SELECT") return true
  return node.tagName === "INPUT" && !["checkbox", "radio", "button", "submit", "range"].includes(node.type)
}

// "12:03:07" in the reader's own time zone; the exact moment belongs in a title.
export function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false })
}
