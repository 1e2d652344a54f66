// The steps of a run as the reader goes through them: which stand inside which, and what each is called. Pure.

// A chat log's model is its agent; where agents are steps themselves, the model is the model.
function wordFor({ kind, name }, agents) {
  if (kind === "llm") return agents ? "model" : "agent"
  return kind === "other" ? (name && name.length < 10 ? name : "step") : kind || "step"
}

// One item for each step of all segments, until the outline says more.
export function itemsOf(segments) {
  const one = (segment, position) => ({ segment, position, depth: 0, kind: "", name: "", seconds: null, error: 0, id: "", inside: 0 })
  return segments.flatMap(({ n_steps: count }, segment) => Array.from({ length: count }, (_, position) => one(segment, position)))
}

// Tells the items of a segment what its outline says.
export function takeOutline(items, segment, { steps }) {
  const start = items.findIndex((item) => item.segment === segment)
  const open = []
  for (const [position, depth, kind, name, took, error, id] of steps) {
    const item = items[start + position]
    if (item?.segment !== segment) continue
    Object.assign(item, { depth, kind, name, seconds: took, error, id })
    open.length = Math.min(open.length, depth)
    for (const above of open) above.inside += 1
    open[depth] = item
  }
  const agents = items.some((item) => item.kind === "agent")
  for (const item of items) item.word = wordFor(item, agents)
}

// The places of the items that are shown: from `first` on, without what stands inside a closed one.
export function visibleOrder(items, closed, first) {
  const order = []
  for (let id = first; id < items.length; id += 1) {
    order.push(id)
    if (closed.has(id)) id += items[id].inside
  }
  return order
}
