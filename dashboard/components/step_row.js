// One step as a row: who, what was said, called and answered, how long it took. Content is text and stays text.

import { el } from "./dom.js"
import { drawTree, oneLine } from "./json_tree.js"
import { createLongText, size } from "./long_text.js"
import { drawRecalls } from "./recalled.js"

const CLAMP_CHARACTERS = 700
const CLAMP_LINES = 11

export function seconds(value) {
  if (value === null || value === undefined) return ""
  if (value < 10) return `${value < 0.095 && value > 0 ? value.toFixed(2) : value.toFixed(1)} s`
  return value < 120 ? `${Math.round(value)} s` : value < 7200 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`
}

export function dollars(value) {
  if (value === null || value === undefined) return ""
  return value > 0 && value < 0.1 ? `$${value.toFixed(value < 0.01 ? 4 : 3)}` : `$${value.toFixed(2)}`
}

// `about`: {number, total, word, depth, inside (steps below it), closed, labels, recalls, suggestions (nodes), href, onTree,
// onNumber, foldName(block) -> how a folded part is called, stepLink(position) -> a button that goes there}.
export function drawStep(step, about) {
  const shown = step.blocks.filter((block) => !block.folded)
  const folded = step.blocks.filter((block) => block.folded)
  const calls = shown.filter((block) => block.type === "call")
  const compact = shown.length > 0 && calls.length === shown.length
  const body = el("div.step-body")
  const folds = el("span.folds")
  const title = headline(step, shown, about.word)
  if (title) body.append(title)
  if (compact) {
    for (const block of calls) body.append(callLine(step, block, false, later(block, about)))
  } else {
    if (step.asked_at !== undefined) body.append(el("div.quiet-text.asked-at", {}, "the answer to ", about.stepLink(step.asked_at)))
    for (const node of drawShown(step, shown, about)) body.append(node)
  }
  if (!step.blocks.length && !title) body.append(el("span.quiet-text", {}, step.kind === "llm" ? "(said nothing)" : "(nothing recorded)"))
  body.append(folds)
  for (const block of folded) {
    const { button, panel } = fold(about.foldName?.(block) ?? (block.label || block.role), () => payload(step, block, false))
    folds.append(button)
    body.append(panel)
  }
  const node = row(about, step.kind, body, meta(step))
  node.classList.toggle("compact", compact || !shown.length)
  node.classList.toggle("failed", Boolean(step.error))
  return node
}

// A row whose step is on its way, or did not come.
export function drawWaiting(about, kind, name, failure, retry) {
  const body = failure
    ? el("div.step-body.step-failure", { role: "alert" }, `This step could not be loaded: ${failure.message} `, el("button", { type: "button", onclick: retry }, "Retry"))
    : el("div.step-body.quiet-text", {}, name && kind !== "user" ? name : "…")
  const node = row(about, kind, body, null)
  node.classList.add("waiting")
  return node
}

function row({ number, total, word, depth, inside, closed, labels, recalls, suggestions, href, onTree, onNumber }, kind, body, numbers) {
  const tree =
    inside > 0 &&
    el(
      "button.quiet.twig",
      { type: "button", tabindex: "-1", "aria-expanded": String(!closed), "aria-label": `${inside} steps inside`, title: `${inside} steps inside (← →)`, onclick: onTree },
      closed ? "▸" : "▾",
    )
  const count = href ? el("a.number", { href, tabindex: "-1", title: "Link to this step", onclick: onNumber }, String(number)) : el("span.number", {}, String(number))
  const marks =
    labels?.length > 0 &&
    el(
      "div.labels",
      {},
      labels.map((one) => el("div.label", { "data-tone": one.tone ?? "" }, el("span.label-text", {}, one.text), one.note && el("span.label-note", {}, one.note), el("span.quiet-text", {}, one.who))),
    )
  return el(
    `article.step.kind-${kind || "other"}`,
    { tabindex: "-1", "aria-posinset": String(number), "aria-setsize": String(total), "aria-label": `Step ${number}, ${word}`, style: `--depth: ${Math.min(depth, 9)}` },
    count,
    el("span.kind", {}, tree, el("span.word", {}, word)),
    el("div.step-main", {}, body, closed && el("button.quiet.inside", { type: "button", tabindex: "-1", onclick: onTree }, `${inside} ${inside === 1 ? "step" : "steps"} inside`), recalls && drawRecalls(recalls), marks, suggestions, el("div.step-below")),
    numbers ?? el("span.meta"),
  )
}

function headline(step, shown, word) {
  if (step.kind === "user" || step.kind === "llm" || step.name === word) return null
  if (step.kind === "tool" && shown.some((block) => block.part === "arguments")) return null
  if (step.kind === "tool") return el("div.call-line", {}, el("span.call-name", {}, step.name || "call"), el("span.call-arguments", {}, "( )"))
  return step.name ? el("div.step-name", {}, step.name) : null
}

function meta(step) {
  const tokens = step.tokens_in === null && step.tokens_out === null ? "" : `${((step.tokens_in ?? 0) + (step.tokens_out ?? 0)).toLocaleString("en")} tokens`
  const told = [
    step.model && `model ${step.model}`,
    step.name && `name ${step.name}`,
    step.at && `at ${new Date(step.at).toLocaleString()}`,
    tokens && `${count(step.tokens_in)} tokens read${parts({ "from a cache": step.tokens_cached, "put into a cache": step.tokens_cache_written })}`,
    tokens && `${count(step.tokens_out)} tokens written${parts({ "thinking": step.tokens_reasoning })}`,
    step.cost !== null && `cost ${dollars(step.cost)}, ${step.cost_from.replace(/^prices/, "by the prices")}`,
    step.unpriced && `unpriced: Settings has no price for ${step.model} on its day`,
  ]
  return el(
    "span.meta",
    { title: told.filter(Boolean).join("\n") },
    el("span.meta-tokens", {}, tokens),
    el("span.meta-cost", {}, step.unpriced ? "unpriced" : dollars(step.cost)),
    el("span.meta-seconds", {}, step.seconds ? seconds(step.seconds) : ""),
  )
}

function count(value) {
  return value === null ? "?" : value.toLocaleString("en")
}

// " (1,000 from a cache)": the parts of a number of tokens that are known.
function parts(named) {
  const told = Object.entries(named).filter(([, value]) => value).map(([name, value]) => `${count(value)} ${name}`)
  return told.length ? ` (${told.join(", ")})` : ""
}

// A call whose result came after the agent had gone on says where it is.
function later(block, about) {
  return block.late === undefined ? null : el("span.quiet-text.later", {}, "answered at ", about.stepLink(block.late))
}

function drawShown(step, shown, about) {
  const failure = shown.find((block) => block.type === "error")
  // Many tools return their error as their result: it is shown once, as the error.
  const same = failure && shown.find((block) => block !== failure && block.text.trim() === failure.text.trim())
  return shown.filter((block) => block !== same).map((block) => drawBlock(step, block, about))
}

function drawBlock(step, block, about) {
  if (block.type === "reasoning") {
    const { button, panel } = fold(`reasoning, ${size(block.total)}`, () => text(step, block, "said reasoning"))
    return el("div.reasoning-place", {}, button, panel)
  }
  if (block.type === "call") return el("div.call", {}, callLine(step, block, true, later(block, about)))
  if (block.type === "error") return el("div.error", { role: "note" }, el("strong", {}, "error"), text(step, block, "payload"))
  if (block.part === "arguments" && step.kind === "tool") return callLine(step, { ...block, label: step.name || "call" }, true)
  if (block.at !== undefined) return el("div.part", { title: "The model was sent this with its next step" }, el("span.part-name", {}, block.label), payload(step, block, true))
  if (block.label && block.type !== "text") return el("div.part", {}, el("span.part-name", {}, block.label), payload(step, block, true))
  if (block.label) return el("div.part", {}, el("span.part-name", {}, block.label), clamped(text(step, block, block.label === "result" ? "payload" : "said"), block))
  return text(step, block, "said")
}

// name(arguments): on one line where that is short, else the arguments as rows under the name.
function callLine(step, block, open = false, after = null) {
  const value = parsed(block)
  const name = el("span.call-name", {}, block.label || "call")
  if (value === undefined) return el("div.call-line", {}, name, text(step, block, "payload"), after)
  const line = oneLine(value, 2000)
  const empty = value === null || (typeof value === "object" && !Object.keys(value).length)
  if (empty) return el("div.call-line", {}, name, el("span.call-arguments", {}, "( )"), after)
  if (line.length <= 90) return el("div.call-line", {}, name, el("span.call-arguments", {}, `(${line})`), after)
  if (open) return el("div.call-line", {}, name, clamped(el("div.payload", {}, drawTree(value)), block), after)
  const { button, panel } = fold("", () => el("div.payload", {}, drawTree(value)), name, el("span.call-arguments.cut", {}, `(${line})`))
  return el("div.call-line.folding", {}, button, after, panel)
}

function payload(step, block, clamp) {
  const value = parsed(block)
  const node = value === undefined || value === null || typeof value !== "object" ? text(step, block, "payload") : el("div.payload", {}, drawTree(value))
  return clamp ? clamped(node, block) : node
}

// The server counts characters, a JavaScript string counts UTF-16 units.
function whole(block) {
  return block.text.length >= block.total && [...block.text].length >= block.total
}

// undefined where it is no JSON, or not all of it is here.
function parsed(block) {
  if (!whole(block)) return undefined
  try {
    return JSON.parse(block.text)
  } catch {
    return undefined
  }
}

function text(step, block, className) {
  const classes = className.split(" ").join(".")
  if (!block.total) return el("div.quiet-text", {}, "(empty)")
  if (whole(block)) return el(`div.${classes}`, {}, block.text)
  // What was read in a step before is not sent again: it is fetched when it is unfolded.
  const there = block.at === undefined ? step : { ...step, position: block.at }
  return createLongText(there, block, { className: className === "payload" ? "payload.clamp" : classes, now: block.text === "" })
}

// What is long is cut with a way to the rest; `settle` takes the cut away again where everything fits.
function clamped(node, block) {
  // A text that is not all here has its own way to the rest.
  if (!whole(block) || block.text.length < CLAMP_CHARACTERS && block.text.split("\n").length < CLAMP_LINES) return node
  const box = el("div.clamp", {}, node)
  const button = el("button.quiet.clamp-toggle", { type: "button", "aria-expanded": "false" }, "show more")
  button.onclick = () => {
    const open = box.classList.toggle("open")
    button.setAttribute("aria-expanded", String(open))
    button.textContent = open ? "show less" : "show more"
  }
  return el("div", {}, box, button)
}

export function settle(node) {
  for (const box of node.querySelectorAll(".clamp:not(.open, .long)")) {
    if (box.scrollHeight > box.clientHeight + 24 || !box.clientHeight) continue
    box.classList.add("open")
    box.nextElementSibling?.remove()
  }
}

function fold(label, build, ...content) {
  const panel = el("div.fold-panel", { hidden: true })
  const button = el("button.quiet.fold", { type: "button", "aria-expanded": "false" }, ...(content.length ? content : [label]))
  button.onclick = () => {
    if (!panel.firstChild) panel.append(build())
    panel.hidden = !panel.hidden
    button.setAttribute("aria-expanded", String(!panel.hidden))
  }
  return { button, panel }
}

// Opens everything that is folded in a row, or folds it again when all of it is open.
export function toggleFolds(node) {
  const buttons = [...node.querySelectorAll(".fold, .clamp-toggle")].filter((one) => one.offsetParent)
  const closed = buttons.filter((one) => one.getAttribute("aria-expanded") === "false")
  for (const one of closed.length ? closed : buttons) one.click()
  return buttons.length > 0
}

