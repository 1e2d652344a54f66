// A table of runs. A row is a link: a click opens it here, Ctrl and click in another tab; arrow keys go from row to row.

import { el } from "./dom.js"

export function mount(place, data, trigger) {
  let drawn = ""
  const body = el("tbody")
  const head = el("tr")
  const table = el("table.runs", {}, el("thead", {}, head), body)
  place.classList.add("runs-place")
  place.append(table)
  body.onkeydown = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return
    const links = [...body.querySelectorAll("a")]
    const next = links[links.indexOf(event.target) + by]
    if (!next) return
    event.preventDefault()
    next.focus()
  }

  function draw({ columns, rows }) {
    const text = JSON.stringify([columns, rows])
    if (text === drawn) return
    drawn = text
    head.replaceChildren(...columns.map((one) => el("th", { scope: "col", title: one.title, "data-align": one.align, "data-drop": one.drop, style: one.size && `width: ${one.size}` }, one.label)))
    body.replaceChildren(...rows.map((row) => drawRow(row, columns)))
  }

  function drawRow(row, columns) {
    const open = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button > 0) return
      event.preventDefault()
      trigger("open", row.id)
    }
    const cells = row.cells.map((one, index) => {
      const content = columns[index].link ? el("a", { href: row.href, "aria-current": row.current ? "page" : null }, one.text || "(no name)") : one.text
      return el("td", { title: one.title, "data-align": columns[index].align, "data-drop": columns[index].drop, "data-tone": one.tone }, one.tone ? el("span.word", {}, content) : content)
    })
    const node = el("tr", { "aria-current": row.current ? "true" : null }, cells)
    node.onclick = (event) => {
      // Words that were selected are not a click.
      if (!document.getSelection()?.isCollapsed) return
      open(event)
    }
    return node
  }

  draw(data)
  return { update: draw, close: () => table.remove() }
}
