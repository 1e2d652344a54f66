// What differs between two texts, word by word, and how it is drawn.

const CELLS = 2_000_000

// [{op: "same"|"gone"|"new", text}], in reading order; gone is in `before` only, new in `after` only.
// Words, runs of space and single signs are compared; past CELLS comparisons, whole lines; past that, all is replaced.
export function diffWords(before, after) {
  return diffTokens(words(before), words(after)) ?? diffTokens(lines(before), lines(after)) ?? replaced(before, after)
}

const words = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? []
const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? []

function replaced(before, after) {
  return joined([["gone", before], ["new", after]])
}

function diffTokens(before, after) {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1
  let end = 0
  const room = Math.min(before.length, after.length) - start
  while (end < room && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1
  const one = before.slice(start, before.length - end)
  const two = after.slice(start, after.length - end)
  if (one.length * two.length > CELLS) return null
  const same = (tokens) => tokens.map((token) => ["same", token])
  return joined([...same(before.slice(0, start)), ...middle(one, two), ...same(before.slice(before.length - end))])
}

// Longest common subsequence: `length[i][j]` is that of one[i:] and two[j:], in one flat table.
function middle(one, two) {
  const width = two.length + 1
  const length = new Uint32Array((one.length + 1) * width)
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = two.length - 1; j >= 0; j -= 1) {
      length[i * width + j] =
        one[i] === two[j]
          ? length[(i + 1) * width + j + 1] + 1
          : Math.max(length[(i + 1) * width + j], length[i * width + j + 1])
    }
  }
  const parts = []
  let i = 0
  let j = 0
  while (i < one.length || j < two.length) {
    if (i < one.length && j < two.length && one[i] === two[j]) {
      parts.push(["same", one[i]])
      i += 1
      j += 1
    } else if (j >= two.length || (i < one.length && length[(i + 1) * width + j] >= length[i * width + j + 1])) {
      parts.push(["gone", one[i++]])
    } else parts.push(["new", two[j++]])
  }
  return parts
}

// Neighbours of one kind as one part, what is gone before what is new. Spaces and signs between two changes belong to
// the change: a rewritten sentence is one change, not one for each word.
function joined(pairs) {
  const changed = (op) => op !== undefined && op !== "same"
  const parts = []
  let gone = ""
  let fresh = ""
  const push = (op, text) => {
    if (text && parts.at(-1)?.op === op) parts.at(-1).text += text
    else if (text) parts.push({ op, text })
  }
  pairs.forEach(([op, text], index) => {
    const bridge = op === "same" && !/[\p{L}\p{N}_]/u.test(text) && changed(pairs[index - 1]?.[0]) && changed(pairs[index + 1]?.[0])
    if (op === "gone" || bridge) gone += text
    if (op === "new" || bridge) fresh += text
    if (op !== "same" || bridge) return
    push("gone", gone)
    push("new", fresh)
    gone = fresh = ""
    push("same", text)
  })
  push("gone", gone)
  push("new", fresh)
  return parts
}

// Which part of the words stayed, from 0 to 1.
export function likeness(parts) {
  const total = (wanted) => parts.filter(({ op }) => wanted.includes(op)).reduce((sum, { text }) => sum + text.length, 0)
  const all = total(["same", "gone", "new"])
  return all ? total(["same"]) / all : 1
}

const TAGS = { same: "span", gone: "del", new: "ins" }

// Draws the parts into `box`; `only` leaves out the other side's words ("gone" for the left text, "new" for the right).
export function drawDiff(box, parts, only = null) {
  const shown = parts.filter((part) => !only || part.op === "same" || part.op === only)
  box.replaceChildren(
    ...shown.map((part) => {
      const node = document.createElement(TAGS[part.op])
      node.textContent = part.text
      return node
    }),
  )
}
