// Reads runs of any length: a minimap with ways to jump, and one row per step of which only those in view are drawn.
//
//   createReader(root, options) -> reader
//   options: segments [{trace, n_steps, title, base}], outline and first (of the first segment, where already at hand),
//     facts {n_errors, seconds, cost}, labels {step_id or "trace/step_id": [{text, who, note, tone, quote, start}]},
//     recalls {"trace/step_id": [recall]} (recalled.js),
//     rowTools(step) -> what is done with the step under the cursor, rowBelow(step) -> node or null, rowWords(step) -> words
//     of it that are marked (words.js), onFocus(step), keys (false: none), taken (keys that the page has for
//     itself), link(trace, position) -> the address of a step, start: position or step id to begin at,
//     suggestions: null (asked for once the run is drawn), those of the first segment {trace, n, suggestions}, or
//     undefined for none, onTakeSuggestion(suggestion) -> it became a mark (without it there is nothing to take over)
//   reader: current() -> the step under the cursor or null, focus(), jumpTo(position or step id) -> whether it is there,
//     showWords(mark) of the step under the cursor, refresh(step id, or all), setLabels, setSource(options), foldBefore(count), focusNext, focusPrevious, nextError,
//     previousError, nextLabel, nextSuggestion, previousSuggestion, takeSuggestion, dismissSuggestion, destroy()
//   A suggestion: {trace, rule, name, text, step_id, cause}; `cause` is the step of the agent that led to it.
// A position counts from 0 over all segments.

import { cap, el } from "./dom.js"
import { createMinimap } from "./minimap.js"
import { createBar } from "./reader_bar.js"
import { listenForKeys } from "./reader_keys.js"
import { createRows } from "./rows_window.js"
import { drawStep, drawWaiting, settle, toggleFolds } from "./step_row.js"
import { createSource, fetchOutline } from "./step_source.js"
import { itemsOf, takeOutline, visibleOrder } from "./steps_tree.js"
import { createSuggestions } from "./suggestions.js"
import { paintWords, showWords, uncoverWords } from "./words.js"

const ESTIMATES = { user: 60, llm: 70, tool: 90 }
const NODES_KEPT = 40


export function createReader(root, given) {
  let options
  let items = []
  let sources = []
  let rows = null
  let current = -1
  let hiddenBefore = 0
  let generation = 0
  let sought = null // the mark of words that is to be shown once they are loaded
  const closed = new Set()
  const failures = new Map()
  const prompts = new Map() // a system prompt's key → the first row that was seen to have it
  const kept = new Map()

  const minimap = createMinimap({ describe, onJump: (index) => go(index, "start", false) })
  const message = el("div.reader-message", { role: "status", hidden: true })
  const bar = createBar({
    keyed,
    go: (id) => go(id, "start"),
    leave: focus,
    say,
    moves: { nextLabel: () => nextLabel(), previousError: () => previousError(), nextError: () => nextError(), previous: () => focusPrevious(), next: () => focusNext() },
  })
  const suggestions = createSuggestions({
    keys: given.keys !== false,
    taking: Boolean(given.onTakeSuggestion),
    place: (one) => items.findIndex((item) => item.id === one.step_id && sources[item.segment].trace === one.trace),
    jump: (id) => go(id, "start"),
    move: (by) => (by > 0 ? nextSuggestion() : previousSuggestion()),
    take: (one) => options.onTakeSuggestion(one),
    changed: drawSuggestions,
    say,
  })
  const scroller = el("div.reader-scroll", { role: "feed", "aria-label": "Steps", tabindex: "-1" })
  const dock = el("div.reader-dock", { role: "group", hidden: !given.rowTools })
  const node = el("section.reader", { "aria-label": "The run, step by step" }, minimap.node, bar.node, suggestions.node, message, scroller, dock)
  root.append(node)

  scroller.addEventListener("focusin", (event) => touch(event, false))
  scroller.addEventListener("pointerdown", (event) => touch(event, true))
  scroller.addEventListener("click", (event) => event.target.closest("button") && grown(event))
  scroller.addEventListener("grown", grown)
  // A click there must not take away what is selected in the run.
  dock.addEventListener("pointerdown", (event) => event.preventDefault())
  setSource(given)

  function keyed(key) {
    return given.keys === false || given.taken?.includes(key.toLowerCase()) ? null : cap(key)
  }

  // ---- the run

  function setSource(next) {
    options = { labels: {}, ...next }
    generation += 1
    rows?.close()
    closed.clear()
    failures.clear()
    prompts.clear()
    kept.clear()
    hiddenBefore = 0
    current = -1
    sources = options.segments.map(({ trace, n_steps: count, base }, index) => createSource(trace, count, index ? null : options.first, base))
    items = itemsOf(options.segments)
    sources.forEach((source, index) => {
      if (options.outline?.trace === source.trace) takeOutline(items, index, options.outline)
      else loadOutline(index)
    })
    say(items.length ? "" : "This run has no steps: nothing was recorded between its start and its end.")
    rows = createRows(scroller, {
      size: items.length,
      estimate: (id) => (ESTIMATES[items[id].kind] ?? 44) + (divides(id) ? 40 : 0),
      draw,
      dropped,
      moved: showWindow,
    })
    rows.setOrder(visibleOrder(items, closed, hiddenBefore))
    drawMap()
    suggestions.open(options.suggestions, sources)
    if (items.length) setCurrent(0)
    if (options.start !== undefined && options.start !== null) jumpTo(options.start, false)
  }

  async function loadOutline(index) {
    const mine = generation
    try {
      const outline = await fetchOutline(sources[index])
      if (mine !== generation) return
      takeOutline(items, index, outline)
      for (const id of [...rows.mounted()]) redraw(id)
      rows.setOrder(visibleOrder(items, closed, hiddenBefore))
      drawMap()
      suggestions.redraw()
    } catch (failure) {
      if (mine === generation) say(`The outline could not be loaded: ${failure.message}`, () => loadOutline(index))
    }
  }

  function divides(id) {
    return options.segments.length > 1 && items[id].position === 0
  }

  // ---- rows

  function labelsOf(item) {
    return options.labels[`${sources[item.segment].trace}/${item.id}`] ?? options.labels[item.id] ?? []
  }

  function draw(id) {
    if (kept.has(id)) {
      const before = kept.get(id)
      kept.delete(id)
      decorate(before, id)
      return before
    }
    const item = items[id]
    const source = sources[item.segment]
    const step = source.get(item.position)
    const about = {
      number: id + 1,
      total: items.length,
      word: item.word ?? "step",
      depth: item.depth,
      inside: item.inside,
      closed: closed.has(id),
      labels: labelsOf(item),
      recalls: options.recalls?.[`${source.trace}/${item.id}`],
      suggestions: suggestions.at(id).map((one) => suggestions.draw(one)),
      href: options.link?.(source.trace, item.position),
      foldName: (block) => nameOf(block, id),
      stepLink: (position) => stepLink(id - item.position + position),
      onTree: () => toggleTree(id),
      onNumber: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
      },
    }
    let row
    if (step) row = drawStep(step, about)
    else {
      row = drawWaiting(about, item.kind, item.name, failures.get(id), () => retry(id))
      if (!failures.has(id)) fetchStep(id)
    }
    const box = el("div.row-box", {}, divides(id) && el("h3.divider", {}, options.segments[item.segment].title || `Run ${item.segment + 1} of ${sources.length}`), row)
    decorate(box, id)
    // Measured once it stands in the page.
    queueMicrotask(() => {
      settle(box)
      uncoverWords(box)
    })
    return box
  }

  // The same system prompt is named after the step that had it first.
  function nameOf(block, id) {
    if (!block.key) return null
    const first = prompts.get(block.key) ?? id
    prompts.set(block.key, Math.min(first, id))
    return first < id ? `same system prompt as step ${first + 1}` : null
  }

  function stepLink(id) {
    return el("button.quiet.step-link", { type: "button", tabindex: "-1", onclick: () => go(id, "start") }, `step ${id + 1}`)
  }

  function decorate(box, id) {
    const item = items[id]
    const row = box.querySelector("article")
    row.tabIndex = id === current ? 0 : -1
    row.toggleAttribute("aria-current", id === current)
    const step = sources[item.segment].get(item.position)
    if (!step) return
    const below = row.querySelector(".step-below")
    const active = root.getRootNode().activeElement
    const lost = active && (dock.contains(active) || below.contains(active))
    below.replaceChildren(...[options.rowBelow?.(step)].filter(Boolean))
    drawWords(box, id)
    if (id === current) drawDock()
    if (lost && box.isConnected) row.focus({ preventScroll: true })
  }

  function drawWords(box, id, isGrown = false) {
    const step = sources[items[id].segment].get(items[id].position)
    const body = box.querySelector(".step-body")
    if (!step || !body) return
    const labelled = labelsOf(items[id]).filter((one) => one.quote)
    const words = [...labelled.map(({ quote, start, text, who }) => ({ quote, start, name: text, who })), ...(options.rowWords?.(step) ?? [])]
    paintWords(body, step, words, isGrown)
  }

  // What is done with the step under the cursor stands in one place, where it covers nothing.
  function drawDock() {
    const step = currentStep()
    dock.inert = !step
    if (!step || !options.rowTools) return
    dock.setAttribute("aria-label", `Step ${current + 1}`)
    dock.replaceChildren(el("span.quiet-text", {}, `Step ${(current + 1).toLocaleString("en")}`), options.rowTools(step))
  }

  async function fetchStep(id) {
    const mine = generation
    const { segment, position } = items[id]
    try {
      await sources[segment].load(position)
      if (mine !== generation || !sources[segment].get(position)) return
    } catch (failure) {
      if (mine !== generation) return
      failures.set(id, failure)
    }
    if (!rows.node(id)?.querySelector(".waiting")) return
    redraw(id)
    if (id !== current) return
    drawDock()
    options.onFocus?.(currentStep())
  }

  // Draws a row anew; what had the focus in it is gone, so the row has it.
  function redraw(id) {
    const had = rows.node(id)?.contains(root.getRootNode().activeElement)
    rows.redraw(id)
    if (had) rows.node(id)?.querySelector("article").focus({ preventScroll: true })
  }

  function retry(id) {
    const { segment } = items[id]
    for (const other of [...failures.keys()]) if (items[other].segment === segment) failures.delete(other)
    for (const other of [...rows.mounted()]) if (rows.node(other).querySelector(".waiting")) redraw(other)
  }

  // A row in which something was unfolded comes back as it was left.
  function dropped(id, box) {
    if (!box.querySelector("[aria-expanded=true], .long.open") || box.querySelector(".waiting")) return
    kept.set(id, box)
    if (kept.size > NODES_KEPT) kept.delete(kept.keys().next().value)
  }

  function toggleTree(id, close = !closed.has(id)) {
    if (!items[id].inside || close === closed.has(id)) return
    if (close) closed.add(id)
    else closed.delete(id)
    if (close && current > id && current <= id + items[id].inside) setCurrent(id)
    kept.delete(id)
    redraw(id)
    rows.setOrder(visibleOrder(items, closed, hiddenBefore))
  }

  // ---- the cursor

  function currentStep() {
    const item = items[current]
    return item ? (sources[item.segment].get(item.position) ?? null) : null
  }

  function setCurrent(id) {
    if (id === current) return
    const before = rows.node(current)?.querySelector("article")
    before?.removeAttribute("aria-current")
    if (before) before.tabIndex = -1
    current = id
    const row = rows.node(id)?.querySelector("article")
    row?.setAttribute("aria-current", "true")
    if (row) row.tabIndex = 0
    showPosition()
    suggestions.show(id)
    drawDock()
    const step = currentStep()
    if (step) options.onFocus?.(step)
  }

  function go(id, align = "nearest", takeFocus = true) {
    if (!items[id]) return
    if (id < hiddenBefore) foldBefore(0)
    for (const other of [...closed]) if (id > other && id <= other + items[other].inside) toggleTree(other, false)
    rows.scrollTo(id, align)
    setCurrent(id)
    say("")
    if (takeFocus) focus()
  }

  function focus() {
    const row = rows.node(current)?.querySelector("article")
    if (row) row.focus({ preventScroll: true })
    else scroller.focus({ preventScroll: true })
  }

  // True when nothing of the current step is in view: then a move starts from what is.
  function outOfView() {
    const { first, last } = rows.visible()
    return current < first || current > last
  }

  function move(by) {
    if (!items.length) return
    if (outOfView()) return go(rows.visible().whole)
    const at = rows.place(current) + by
    if (at >= 0 && at < rows.length()) go(rows.at(at))
  }

  const focusNext = () => move(1)
  const focusPrevious = () => move(-1)

  // The next or previous item of a kind, going round at the end, and saying so.
  function seek(wanted, by, what) {
    for (let count = 1; count <= items.length; count += 1) {
      const id = (((current + by * count) % items.length) + items.length) % items.length
      if (!wanted(items[id], id)) continue
      const round = by > 0 ? id <= current : id >= current
      const only = id === current
      go(id, "start")
      return say(round ? (only ? `This is the only step with ${what}.` : `Round again: the ${by > 0 ? "first" : "last"} step with ${what}.`) : "")
    }
    say(`No step has ${what}.`)
  }

  const nextSuggestion = () => seek((_, id) => suggestions.at(id).length > 0, 1, "a suggestion")
  const previousSuggestion = () => seek((_, id) => suggestions.at(id).length > 0, -1, "a suggestion")
  const takeSuggestion = () => suggestions.take(current)
  const dismissSuggestion = () => suggestions.dismiss(current)
  const nextError = () => seek((item) => item.error, 1, "an error")
  const previousError = () => seek((item) => item.error, -1, "an error")
  const nextLabel = () => seek((item) => labelsOf(item).length > 0, 1, "a label")

  async function jumpTo(target, takeFocus = true) {
    const mine = generation
    const find = () => (typeof target === "number" ? target : items.findIndex((item) => item.id === target || `${sources[item.segment].trace}/${item.id}` === target))
    const id = find()
    const item = items[id]
    if (!item) return false
    await sources[item.segment].load(item.position).catch((failure) => failures.set(id, failure))
    if (mine !== generation) return false
    go(id, "start", takeFocus)
    return true
  }

  // ---- what stands around the rows

  function describe(index) {
    const item = items[index]
    if (!item) return ""
    const name = item.kind === "user" || item.kind === "llm" ? "" : ` ${item.name}`
    return `step ${index + 1} of ${items.length}, ${item.word ?? "step"}${name}${item.error ? ", error" : ""}${labelsOf(item).length ? ", labelled" : ""}${suggestions.at(index).length ? ", suggestion" : ""}`
  }

  // Suggestions came, or one was dismissed: the rows that have or had one, and the minimap.
  function drawSuggestions(ids) {
    for (const id of ids) {
      kept.delete(id)
      if (rows.node(id)) redraw(id)
    }
    drawMap()
  }

  function drawMap() {
    minimap.draw(items.map((item, index) => ({ kind: item.kind, error: item.error, labelled: labelsOf(item).length > 0, suggested: suggestions.at(index).length > 0 })))
    bar.draw({ total: items.length, errors: items.filter((item) => item.error).length, labelled: items.some((item) => labelsOf(item).length > 0), facts: options.facts })
    showWindow()
    showPosition()
  }

  function showWindow() {
    if (!rows?.length()) return
    const { first, last } = rows.visible()
    minimap.show(first, last, Math.max(0, current))
  }

  function showPosition() {
    bar.showPosition(current)
    showWindow()
  }

  function say(text, again = null) {
    message.hidden = !text
    message.replaceChildren(text ?? "", ...(again ? [" ", el("button", { type: "button", onclick: again }, "Retry")] : []))
  }

  // ---- hands

  function touch(event, pointer) {
    const box = event.target instanceof Element ? event.target.closest("[data-row]") : null
    if (!box) return
    setCurrent(Number(box.dataset.row))
    if (pointer && !event.target.closest("a, button, input, textarea, [tabindex='0']:not(article)")) {
      box.querySelector("article").focus({ preventScroll: true })
    }
  }

  // Something was unfolded or loaded in a row: marked words may stand in it.
  function grown({ target }) {
    const box = target.closest("[data-row]")
    if (!box) return
    drawWords(box, Number(box.dataset.row), true)
    if (sought && Number(box.dataset.row) === current && showWords(box, sought)) sought = null
  }

  function unfold() {
    const row = rows.node(current)
    if (row && !toggleFolds(row)) toggleTree(current)
  }

  // ---- for those who hold it

  function refresh(stepId) {
    items.forEach((item, id) => {
      if (stepId !== undefined && item.id !== stepId) return
      const box = rows.node(id) ?? kept.get(id)
      if (box) decorate(box, id)
    })
  }

  function showMarked(mark) {
    const box = rows.node(current)
    if (!box) return
    uncoverWords(box)
    sought = showWords(box, mark) ? null : mark
    if (sought) box.querySelector("[data-more-words] .long-foot button")?.click()
  }

  function foldBefore(count) {
    hiddenBefore = Math.min(count, Math.max(0, items.length - 1))
    rows.setOrder(visibleOrder(items, closed, hiddenBefore))
    if (current < hiddenBefore) setCurrent(hiddenBefore)
  }

  function setLabels(labels) {
    options.labels = labels
    kept.clear()
    for (const id of [...rows.mounted()]) redraw(id)
    drawMap()
  }

  function destroy() {
    generation += 1
    suggestions.close()
    rows.close()
    stopKeys()
    node.remove()
  }

  const anywhere = { j: focusNext, k: focusPrevious, e: nextError, "shift+e": previousError, n: nextSuggestion, "shift+n": previousSuggestion, "shift+x": dismissSuggestion, l: nextLabel, g: bar.ask }
  const onRows = {
    ArrowDown: focusNext,
    ArrowUp: focusPrevious,
    ArrowLeft: () => toggleTree(current, true),
    ArrowRight: () => toggleTree(current, false),
    Home: () => go(rows.at(0), "start"),
    End: () => go(rows.at(rows.length() - 1), "start"),
    Enter: unfold,
    " ": unfold,
  }
  const stopKeys = given.keys === false ? () => {} : listenForKeys(node, { taken: given.taken, anywhere, onRows, idle: () => !items.length })
  return { node, current: currentStep, focus, jumpTo, showWords: showMarked, refresh, setLabels, setSource, foldBefore, focusNext, focusPrevious, nextError, previousError, nextLabel, nextSuggestion, previousSuggestion, takeSuggestion, dismissSuggestion, destroy }
}
