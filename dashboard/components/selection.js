// Words that are selected in a step of the run, and where they stand in its written text.

// The selected text within `run`, or "".
export function selectedText(run) {
  const range = selectedRange(run)
  return range ? range.toString().trim().slice(0, 2000) : ""
}

// {quote, start, end} in code points of what the step wrote, or {refused: why}. `step` is the one under the cursor.
export function selectedWords(run, step) {
  const range = selectedRange(run)
  const quote = range?.toString().trim() ?? ""
  const row = range && rowOf(range.startContainer)
  if (!quote || !row || !step) return { refused: "Select the words in a step first, then mark them." }
  if (row !== rowOf(range.endContainer) || !row.hasAttribute("aria-current")) return { refused: "The words have to stand in one step." }
  const { written } = step
  const near = offset(row, range) + range.toString().search(/\S/)
  const at = written.startsWith(quote, near) ? near : nearest(written, quote, near)
  if (at < 0) return { refused: "Only what the step itself said or called can be marked, as it stands there." }
  const start = [...written.slice(0, at)].length
  return { quote, start, end: start + [...quote].length }
}

function selectedRange(run) {
  const root = run.getRootNode()
  const selection = root.getSelection ? root.getSelection() : document.getSelection()
  if (!selection || selection.isCollapsed || !selection.rangeCount || !run.contains(selection.anchorNode)) return null
  return selection.getRangeAt(0)
}

function rowOf(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest("article.step") ?? null
}

// Where a selection begins in what the step said: its messages, one below the other.
function offset(row, range) {
  let before = 0
  for (const block of row.querySelectorAll(".said:not(.reasoning)")) {
    if (block.contains(range.startContainer)) {
      const until = document.createRange()
      until.setStart(block, 0)
      until.setEnd(range.startContainer, range.startOffset)
      return before + until.toString().length
    }
    before += block.textContent.length + 1
  }
  return 0
}

// The place of `words` in `text` that is nearest to `near`, or -1.
export function nearest(text, words, near) {
  const after = text.indexOf(words, near)
  const before = text.lastIndexOf(words, near)
  if (after < 0 || before < 0) return Math.max(after, before)
  return after - near < near - before ? after : before
}
