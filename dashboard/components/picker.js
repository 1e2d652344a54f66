// A searchable tree of named kinds with their definitions: type, choose with the arrows, Enter takes it.

import { cap, el } from "./dom.js"

let made = 0

const IMPACTS = [["LOW", "low"], ["MEDIUM", "medium"], ["HIGH", "high"]]

// `questions`: those to choose from; `title`: what is asked; `where`: "step 7 · agent" or "the whole run";
// `quoted()`: the words selected in the step now, or "". `details`: whether what a mark has beside its name is asked.
// `taken(choice)`: whether that is marked there. `onTake({question, value, impact, comment, quote})` is called for each
// choice; `onClose()` when the person is done. Returns {node, focus(), close()}.
export function createPicker({ questions, title, where, quoted: selected, details = true, taken, onTake, onClose }) {
  const id = `picker-${(made += 1)}`
  const choices = questions.flatMap((question) =>
    question.options.map(({ value, label, definition, group }) => ({ question: question.key, value, label, definition, path: pathOf(questions, question, group) })),
  )
  const asksImpact = details && questions.some((one) => one.impact)
  const asksEvidence = details && questions.some((one) => one.evidence)
  let shown = choices
  let at = 0
  let impact = "MEDIUM"
  let words = selected()

  const search = el("input.picker-search", {
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": `${id}-list`,
    "aria-label": `${title} on ${where}: search`,
    placeholder: "search by name or meaning",
    autocomplete: "off",
    spellcheck: "false",
  })
  const list = el("div.picker-list", { role: "listbox", id: `${id}-list`, "aria-label": title })
  const comment = el("textarea.picker-comment", { rows: "1", placeholder: "comment (optional)", "aria-label": "Comment on this mark" })
  const quoted = el("div.picker-quote")
  const impacts = el(
    "div.picker-impact",
    { role: "radiogroup", "aria-label": "How much harm it did" },
    el("span.quiet-text", {}, "Impact"),
    IMPACTS.map(([value, label]) =>
      el("label.option", {}, el("input", { type: "radio", name: `${id}-impact`, checked: value === impact, onchange: () => (impact = value) }), el("span", {}, label)),
    ),
  )

  // While nothing is searched the whole tree stands there, under its headings; else what fits, best first.
  function drawList() {
    const tree = shown === choices
    let open = []
    const nodes = shown.flatMap((choice, index) => {
      const headings = tree ? choice.path.map((name, level) => [name, level]).filter(([name, level]) => choice.path.slice(0, level + 1).join("/") !== open.slice(0, level + 1).join("/")) : []
      open = choice.path
      return [
        ...headings.map(([name, level]) => el("div.picker-group", { "data-level": String(level), "aria-hidden": "true" }, name)),
        option(choice, index, tree),
      ]
    })
    list.replaceChildren(...nodes)
    if (!shown.length) list.append(el("p.empty", {}, "Nothing is called that. Delete a few letters."))
    move(at)
  }

  function option(choice, index, tree) {
    const path = choice.path.join(", ")
    return el(
      "div.picker-option",
      {
        role: "option",
        id: `${id}-${index}`,
        "aria-selected": String(index === at),
        "aria-label": [choice.label, path].filter(Boolean).join(", in "),
        style: tree && choice.path.length ? `--level: ${choice.path.length}` : null,
        onmousemove: () => {
          if (at !== index) move(index)
        },
        onclick: () => take(choice),
      },
      el("span.picker-name", {}, choice.label, taken(choice) && el("span.picker-taken", {}, "marked"), !tree && path && el("span.picker-path", {}, path)),
      choice.definition && el("span.picker-definition", {}, choice.definition),
    )
  }

  function move(index) {
    at = Math.max(0, Math.min(index, shown.length - 1))
    const options = [...list.querySelectorAll("[role=option]")]
    options.forEach((node, i) => node.setAttribute("aria-selected", String(i === at)))
    if (!options[at]) return search.removeAttribute("aria-activedescendant")
    search.setAttribute("aria-activedescendant", options[at].id)
    if (at === 0) list.scrollTop = 0
    else options[at].scrollIntoView({ block: "nearest" })
    const asked = questions.find((one) => one.key === shown[at].question)
    impacts.hidden = !asked.impact
  }

  function drawQuote() {
    quoted.replaceChildren()
    if (!words) {
      if (asksEvidence) quoted.append(el("span.quiet-text", {}, "Select the words in the step that show it: they are kept with the mark."))
      return
    }
    const drop = () => {
      words = ""
      drawQuote()
      search.focus()
    }
    quoted.append(el("q", {}, words), el("button.quiet", { type: "button", onclick: drop }, "leave out"))
  }

  function take(choice, stay = false) {
    if (!choice) return
    const asked = questions.find((one) => one.key === choice.question)
    onTake({ question: choice.question, value: choice.value, impact: details && asked.impact ? impact : "", comment: comment.value.trim(), quote: words })
    if (!stay) return onClose()
    search.value = comment.value = ""
    filter()
    search.focus()
  }

  function filter() {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean)
    const score = (choice) => {
      const name = choice.label.toLowerCase()
      const all = `${name} ${choice.path.join(" ").toLowerCase()} ${choice.definition.toLowerCase()}`
      if (!parts.every((part) => all.includes(part))) return -1
      return parts.reduce((sum, part) => sum + (name.startsWith(part) ? 3 : name.includes(part) ? 2 : 0), 0)
    }
    const scored = choices.map((choice) => [score(choice), choice]).filter(([points]) => points >= 0)
    shown = parts.length ? scored.sort((one, two) => two[0] - one[0]).map(([, choice]) => choice) : choices
    at = 0
    drawList()
  }

  search.oninput = filter
  const node = el(
    "div.picker",
    { role: "dialog", "aria-label": `${title} on ${where}` },
    el(
      "div.picker-head",
      {},
      el("strong", {}, title),
      el("span.quiet-text", {}, where),
      el("button.quiet", { type: "button", onclick: onClose }, "Done", cap("Esc")),
    ),
    search,
    list,
    details && el("div.picker-details", {}, quoted, asksImpact && impacts, comment),
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

// Where a choice stands in the tree; of several questions each is a tree of its own.
function pathOf(questions, question, group) {
  const path = group.split("/").map((part) => part.trim()).filter(Boolean)
  return questions.length > 1 ? [question.title, ...path] : path
}
