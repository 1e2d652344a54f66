// The whole run as a strip: a lane each for people, agents and machines, errors above, labels and
// suggestions below, and the window.

import { el } from "./dom.js"

const NS = "http://www.w3.org/2000/svg"
const LANES = { user: 5, llm: 10.5, agent: 10.5, tool: 16, retriever: 16, memory: 16 }
const THIN = { y: 12, height: 2 }

// `items`: {kind, error, labelled, suggested} in reading order; `describe(index)` for the tooltip; `onJump(index)`.
export function createMinimap({ describe, onJump }) {
  const svg = document.createElementNS(NS, "svg")
  svg.setAttribute("preserveAspectRatio", "none")
  svg.setAttribute("aria-hidden", "true")
  const view = el("div.minimap-view")
  const here = el("div.minimap-here")
  const node = el("div.minimap", { role: "slider", tabindex: "0", "aria-label": "Position in the run", "aria-valuemin": "1" }, svg, view, here)
  let count = 0
  let at = 0

  const indexAt = (event) => {
    const box = node.getBoundingClientRect()
    return Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count)))
  }
  node.onpointerdown = (event) => {
    if (event.button !== 0 || !count) return
    node.setPointerCapture(event.pointerId)
    onJump(indexAt(event))
  }
  node.onpointermove = (event) => {
    if (!count) return
    node.title = describe(indexAt(event))
    if (event.buttons & 1 && node.hasPointerCapture(event.pointerId) && indexAt(event) !== at) onJump(indexAt(event))
  }
  node.onkeydown = (event) => {
    const page = Math.max(10, Math.round(count / 20))
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - page, PageDown: at + page, Home: 0, End: count - 1 }[event.key]
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    onJump(Math.max(0, Math.min(count - 1, to)))
  }

  function draw(items) {
    count = items.length
    node.hidden = count < 2
    node.setAttribute("aria-valuemax", String(count))
    svg.setAttribute("viewBox", `0 0 ${Math.max(count, 1)} 26`)
    const paths = new Map()
    const add = (name, piece) => paths.set(name, (paths.get(name) ?? "") + piece)
    const gap = count < 300 ? 0.86 : 1
    const least = Math.max(gap, count / 350)
    items.forEach(({ kind, error, labelled, suggested }, index) => {
      const y = LANES[kind] ?? THIN.y
      add(`kind-${kind || "other"}`, `M${index} ${y}h${gap}v${LANES[kind] ? 5 : THIN.height}h${-gap}z`)
      if (error) add("is-error", `M${index} 0h${least}v4h${-least}z`)
      // two ends of a bracket, so that it is told from a label without its colour
      if (suggested && !labelled) add("is-suggested", `M${index} 22h${least}v1.4h${-least}zM${index} 24.6h${least}v1.4h${-least}z`)
      if (labelled) add("is-labelled", `M${index} 22h${least}v4h${-least}z`)
    })
    svg.replaceChildren(
      ...[...paths].map(([name, d]) => {
        const path = document.createElementNS(NS, "path")
        path.setAttribute("class", name)
        path.setAttribute("d", d)
        return path
      }),
    )
  }

  function show(first, last, current) {
    if (!count) return
    at = current
    view.style.left = `${(first / count) * 100}%`
    view.style.width = `${((last - first + 1) / count) * 100}%`
    here.style.left = `${((current + 0.5) / count) * 100}%`
    node.setAttribute("aria-valuenow", String(current + 1))
    node.setAttribute("aria-valuetext", describe(current))
  }

  return { node, draw, show }
}
