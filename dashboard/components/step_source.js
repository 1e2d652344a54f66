// The steps of one trace by position: fetched in pages from our own routes, forgotten again when far away.

import { ask } from "./ask.js"

const PAGE = 40
const PAGES_KEPT = 50

// `base` is the address of the run, where it is not that of its trace.
export function createSource(trace, count, first, base = `api/traces/${trace}`) {
  const steps = new Map()
  const loading = new Map()
  take(first?.steps ?? [])

  function take(page) {
    for (const step of page) steps.set(step.position, Object.assign(step, { trace, base }))
  }

  // One request for a page, however many rows wait for it; a failure is forgotten so that the next call tries again.
  function load(position) {
    if (steps.has(position)) return Promise.resolve()
    const page = Math.floor(position / PAGE)
    if (!loading.has(page)) {
      const asked = ask("GET", `${base}/steps?start=${page * PAGE}&count=${PAGE}`)
        .then((answer) => {
          take(answer.steps)
          forget(page)
        })
        .finally(() => loading.delete(page))
      loading.set(page, asked)
    }
    return loading.get(page)
  }

  function forget(near) {
    if (steps.size <= PAGES_KEPT * PAGE) return
    const far = (position) => Math.abs(Math.floor(position / PAGE) - near)
    for (const position of [...steps.keys()].sort((a, b) => far(b) - far(a)).slice(0, steps.size / 2)) steps.delete(position)
  }

  return { trace, count, base, load, get: (position) => steps.get(position) }
}

export function fetchOutline({ base }) {
  return ask("GET", `${base}/outline`)
}

// The whole text of a block, piece by piece; `onPiece(text, loaded, total)` is awaited before the next one is asked for.
export async function readWhole(step, block, onPiece, signal) {
  const COUNT = 200000
  for (let start = 0; ; start += COUNT) {
    const part = encodeURIComponent(block.part)
    const path = `${step.base}/steps/${step.position}/text?part=${part}&start=${start}&count=${COUNT}`
    const piece = await ask("GET", path, undefined, { signal })
    await onPiece(piece.text, Math.min(start + COUNT, piece.total), piece.total)
    if (start + COUNT >= piece.total) return
  }
}
