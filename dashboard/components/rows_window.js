// A list of rows of any height, of which only those near the window exist. What is being read stays where it is: one
// row, the anchor, keeps its place on the screen whatever is measured, loaded or folded above it.

const BEYOND = 600

// `draw(id)` makes a row, `dropped(id, node)` is told when one goes, `moved()` when the rows in view changed.
export function createRows(scroller, { size, estimate, draw, dropped, moved }) {
  const canvas = document.createElement("div")
  canvas.className = "rows"
  canvas.setAttribute("role", "presentation")
  scroller.replaceChildren(canvas)
  const heights = new Float64Array(size)
  const measured = new Uint8Array(size)
  const place = new Int32Array(size).fill(-1)
  const nodes = new Map()
  let order = []
  let tops = new Float64Array(1)
  let anchor = { id: -1, offset: 0 }
  let put = 0
  let sound = 0 // the tops up to this place are right
  let busy = false

  const observer = new ResizeObserver((entries) => {
    let changed = false
    for (const { target } of entries) changed = (target === scroller || measure(Number(target.dataset.row), target)) || changed
    if (changed) layout()
  })
  observer.observe(scroller)
  scroller.addEventListener("scroll", onScroll, { passive: true })

  function onScroll() {
    if (Math.abs(scroller.scrollTop - put) <= 1) return
    put = scroller.scrollTop
    const at = indexAt(put)
    if (at < order.length) anchor = { id: order[at], offset: tops[at] - put }
    layout()
  }

  function measure(id, node) {
    const height = node.getBoundingClientRect().height
    if (!node.isConnected || height === 0) return false
    measured[id] = 1
    if (Math.abs(heights[id] - height) < 0.5) return false
    heights[id] = height
    sound = Math.min(sound, place[id])
    return true
  }

  function indexAt(y) {
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (tops[middle + 1] <= y) low = middle + 1
      else high = middle
    }
    return low
  }

  function setOrder(ids) {
    const held = place[anchor.id] ?? -1
    place.fill(-1)
    ids.forEach((id, at) => {
      place[id] = at
      if (!measured[id]) heights[id] = estimate(id)
    })
    sound = 0
    // The anchor was folded away: hold what stood before it.
    for (let at = held; at >= 0 && (place[anchor.id] ?? -1) < 0; at -= 1) anchor = { id: order[at], offset: Math.min(anchor.offset, 0) }
    order = ids
    tops = new Float64Array(ids.length + 1)
    for (const [id, node] of nodes) if (place[id] < 0) remove(id, node)
    layout()
  }

  function layout() {
    if (busy) return
    busy = true
    try {
      for (let round = 0; round < 6 && pass(); round += 1);
    } finally {
      busy = false
    }
    for (const [id, node] of nodes) node.style.transform = `translateY(${tops[place[id]]}px)`
    moved()
  }

  // Places, mounts and measures once; true when a measure changed the places.
  function pass() {
    for (let at = sound; at < order.length; at += 1) tops[at + 1] = tops[at] + heights[order[at]]
    sound = order.length
    canvas.style.height = `${tops[order.length]}px`
    const at = place[anchor.id] ?? -1
    if (at >= 0) {
      const wanted = Math.max(0, Math.round(tops[at] - anchor.offset))
      if (Math.abs(scroller.scrollTop - wanted) > 0.5) scroller.scrollTop = wanted
    }
    put = scroller.scrollTop
    const view = scroller.clientHeight
    const first = indexAt(put - BEYOND)
    const last = Math.min(order.length - 1, indexAt(put + view + BEYOND))
    for (const [id, node] of nodes) {
      if ((place[id] < first || place[id] > last) && !holdsFocus(node)) remove(id, node)
    }
    let changed = false
    const added = []
    for (let index = first; index <= last; index += 1) {
      if (!nodes.has(order[index])) added.push([order[index], mount(order[index])])
    }
    for (const [id, node] of added) changed = measure(id, node) || changed
    return changed
  }

  function holdsFocus(node) {
    return node.contains(scroller.getRootNode().activeElement)
  }

  function mount(id) {
    const node = draw(id)
    node.dataset.row = id
    nodes.set(id, node)
    // In reading order, for selections and screen readers.
    let next = null
    for (const [other, element] of nodes) {
      if (other !== id && place[other] > place[id] && (next === null || place[other] < place[Number(next.dataset.row)])) next = element
    }
    canvas.insertBefore(node, next)
    observer.observe(node)
    return node
  }

  function remove(id, node) {
    observer.unobserve(node)
    nodes.delete(id)
    node.remove()
    dropped(id, node)
  }

  function redraw(id) {
    const node = nodes.get(id)
    if (!node) return
    observer.unobserve(node)
    const fresh = draw(id)
    fresh.dataset.row = id
    fresh.style.transform = node.style.transform
    node.replaceWith(fresh)
    nodes.set(id, fresh)
    observer.observe(fresh)
    if (measure(id, fresh)) layout()
  }

  // "start": its top below the window's top; "nearest": as little as needed to have it in view, its top first.
  function scrollTo(id, align = "nearest") {
    const at = place[id]
    if (at === undefined || at < 0) return
    const view = scroller.clientHeight
    layout()
    const offset = tops[at] - scroller.scrollTop
    const height = tops[at + 1] - tops[at]
    if (align === "nearest" && offset >= 0 && offset + height <= view) return
    const below = align === "nearest" && offset > 0 && height < view
    anchor = { id, offset: below ? view - height - 4 : at === 0 ? 0 : Math.min(40, view / 8) }
    layout()
  }

  // The first and the last row of which something is in view, and the first that is whole.
  function visible() {
    const top = scroller.scrollTop
    const first = indexAt(top)
    const last = Math.min(order.length - 1, indexAt(top + scroller.clientHeight - 1))
    const whole = tops[first] < top - 1 && first < last ? first + 1 : first
    return { first: order[first], last: order[last], whole: order[whole] }
  }

  function close() {
    observer.disconnect()
    scroller.removeEventListener("scroll", onScroll)
  }

  return {
    setOrder,
    layout,
    redraw,
    scrollTo,
    visible,
    close,
    node: (id) => nodes.get(id),
    mounted: () => nodes.keys(),
    at: (index) => order[index],
    place: (id) => place[id],
    length: () => order.length,
  }
}
