// A searchable list of named failures with their definitions: type, choose with the arrows, Enter takes it.

import { cap, el } from "./dom.js"

let made = 0

const IMPACTS = [["LOW", "low"], ["MEDIUM", "medium"], ["HIGH", "high"]]

// `questions`: the taxonomy questions; `where`: "step 7 · agent" or "the whole run"; `quoted()`: the words
// selected in the step now, or "". `details`: whether impact, quote and comment are asked. `onTake({question, value, impact, comment, quote})` is called
// for each choice; `onClose()` when the person is done. Returns {node, focus(), close()}.
export function createPicker({ questions, where, quoted: selected, details = true, taken, onTake, onClose }) {
  const id = `picker-${(made += 1)}`
  const choices = questions.flatMap((question) =>
    question.options.map(({ value, label, definition }) => ({ question: question.key, value, label, definition })),
  )
  let shown = choices
  let at = 0
  let impact = "MEDIUM"
  let words = selected()

  const search = el("input.picker-search", {
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": `${id}-list`,
    "aria-label": `What went wrong on ${where}: search`,
    placeholder: "search by name or meaning",
    autocomplete: "off",
    spellcheck: "false",
  })
  const list = el("div.picker-list", { role: "listbox", id: `${id}-list`, "aria-label": "What went wrong" })
  const comment = el("textarea.picker-comment", { rows: "1", placeholder: "comment (optional)", "aria-label": "Comment on this mark" })
  const quoted = el("div.picker-quote")

  function drawList() {
    list.replaceChildren(
      ...shown.map((choice, index) =>
        el(
          "div.picker-option",
          {
            role: "option",
            id: `${id}-${index}`,
            "aria-selected": String(index === at),
            onmousemove: () => {
              if (at !== index) move(index)
            },
            onclick: () => take(choice),
          },
          el("span.picker-name", {}, choice.label, taken(choice) && el("span.picker-taken", {}, "marked")),
          choice.definition && el("span.picker-definition", {}, choice.definition),
        ),
      ),
    )
    if (!shown.length) list.append(el("p.empty", {}, "Nothing is called that. Delete a few letters."))
    move(at)
  }

  function move(index) {
    at = Math.max(0, Math.min(index, shown.length - 1))
    ;[...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)))
    const node = list.children[at]
    if (shown.length) search.setAttribute("aria-activedescendant", node.id)
    if (shown.length) node.scrollIntoView({ block: "nearest" })
  }

  function drawQuote() {
    quoted.replaceChildren()
    if (!words) return
    const drop = () => {
      words = ""
      drawQuote()
      search.focus()
    }
    quoted.append(el("q", {}, words), el("button.quiet", { type: "button", onclick: drop }, "leave out"))
  }

  function take(choice, stay = false) {
    if (!choice) return
    onTake({ question: choice.question, value: choice.value, impact: details ? impact : "", comment: comment.value.trim(), quote: words })
    if (!stay) return onClose()
    search.value = comment.value = ""
    filter()
    search.focus()
  }

  function filter() {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean)
    const score = (choice) => {
      const name = choice.label.toLowerCase()
      const all = `${name} ${choice.definition.toLowerCase()}`
      if (!parts.every((part) => all.includes(part))) return -1
      return parts.every((part) => name.includes(part)) ? 1 : 0
    }
    const scored = choices.map((choice) => [score(choice), choice]).filter(([points]) => points >= 0)
    shown = scored.sort((one, two) => two[0] - one[0]).map(([, choice]) => choice)
    at = 0
    drawList()
  }

  search.oninput = filter
  const node = el(
    "div.picker",
    { role: "dialog", "aria-label": `What went wrong on ${where}` },
    el(
      "div.picker-head",
      {},
      el("strong", {}, "What went wrong"),
      el("span.quiet-text", {}, where),
      el("button.quiet", { type: "button", onclick: onClose }, "Done", cap("Esc")),
    ),
    search,
    list,
    details &&
      el(
        "div.picker-details",
        {},
        quoted,
        el(
          "div.picker-impact",
          { role: "radiogroup", "aria-label": "How much harm it did" },
          el("span.quiet-text", {}, "Impact"),
          IMPACTS.map(([value, label]) =>
            el(
              "label.option",
              {},
              el("input", { type: "radio", name: `${id}-impact`, checked: value === impact, onchange: () => (impact = value) }),
              el("span", {}, label),
            ),
          ),
        ),
        comment,
      ),
    el(
      "div.picker-foot",
      {},
      el("button.primary", { type: "button", onclick: () => take(shown[at]) }, "Mark it", cap("Enter")),
      el("button.quiet", { type: "button", onclick: () => take(shown[at], true) }, "Mark, and another", cap("Shift+Enter")),
    ),
  )
  node.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key]
    const listening = event.target === search || event.target === comment
    if (event.key === "Escape") onClose()
    else if (event.target === search && step) move(at + step)
    else if (event.key === "Enter" && (listening || event.target.type === "radio")) {
      take(shown[at], event.shiftKey)
    } else return event.stopPropagation()
    event.preventDefault()
    event.stopPropagation()
  })
  const onSelect = () => {
    const now = selected()
    if (!now || now === words) return
    words = now
    drawQuote()
  }
  document.addEventListener("selectionchange", onSelect)
  drawList()
  drawQuote()
  return {
    node,
    focus: () => search.focus(),
    close() {
      document.removeEventListener("selectionchange", onSelect)
      node.remove()
    },
  }
}
