// The compare desk: the task on top, two answers side by side, and six ways to say which is better, and why.

import { createComments } from "./comments.js"
import { cap, el } from "./dom.js"
import { diffWords, drawDiff, likeness } from "./diff.js"
import { createFrame } from "./frame.js"
import { createReader } from "./reader.js"
import { createReasons } from "./reasons.js"
import { sharedStart } from "./parting.js"

// What the desk and its frame leave over for reasons.
const FREE = [..."67890cgilmnoqrvyz"]

// Below this, marking every word that differs would mark nearly all of them and hide the text.
const ALIKE = 0.3

const CHOICES = [
  ["left_much", "A much better", "1"],
  ["left", "A better", "2"],
  ["equal", "Equal", "3"],
  ["right", "B better", "4"],
  ["right_much", "B much better", "5"],
  ["both_bad", "Both bad", "X"],
]

export function mount(root, data) {
  return createFrame(root, { ...data, subject: "pair", createSubject })
}

function createSubject(frame) {
  let given = { choice: "", reason: "", confidence: null }
  let pair = null
  let readers = []
  let active = 0
  let parts = null
  let marked = true
  let comments = null

  const left = el("div.side-body")
  const right = el("div.side-body")
  const parted = el("div.parted", { hidden: true })
  const differ = el("button.quiet.key-button", { type: "button", "aria-pressed": "true", onclick: () => toggleMarks() }, "Differing words", cap("D"))
  const talk = el("button.quiet.key-button", { type: "button", "aria-keyshortcuts": "Shift+C", title: "Say something about this pair to the others", onclick: () => comments.open(null) })
  const side = (name, box) => el("section.side", { "aria-label": `Answer ${name}` }, el("h3.side-name", {}, name), box)
  const sides = el("div.sides", { tabindex: "-1" }, side("A", left), side("B", right))

  const choices = CHOICES.map(([value, label, key]) => {
    const input = el("input", { type: "radio", name: "choice", "aria-keyshortcuts": key, onclick: () => choose(value) })
    return { value, input, node: el("label.option", {}, input, el("span", {}, label), cap(key)) }
  })
  const reason = el("textarea", { rows: "1", "aria-label": "Why?", placeholder: "why? (what decided it)" })
  reason.oninput = () => {
    given.reason = reason.value
    frame.changed()
  }
  const reasons = createReasons({ free: FREE, onChange: () => frame.changed() })
  const sure = [1, 2, 3, 4, 5].map((n) => {
    const input = el("input", { type: "radio", name: "confidence", "aria-keyshortcuts": `Shift+${n}`, onclick: () => confide(n) })
    return { n, input, node: el("label.option", {}, input, el("span", {}, String(n))) }
  })
  const error = el("p.question-error", { role: "alert", hidden: true })
  const answers = el(
    "section.verdict",
    { "aria-label": "Your answer" },
    el("div.options.choice.verdict-choices", { role: "radiogroup", "aria-label": "Which answer is better?" }, choices.map((one) => one.node)),
    error,
    reasons.node,
    el(
      "div.verdict-row",
      {},
      reason,
      el(
        "div.options.scale",
        { role: "radiogroup", "aria-label": "How sure are you?", title: "Shift and a digit" },
        el("span.scale-end", {}, "guess"),
        sure.map((one) => one.node),
        el("span.scale-end", {}, "certain"),
      ),
      frame.foot,
    ),
  )
  const beforeText = el("div.before-text", { tabindex: "0", role: "region", "aria-label": "What came before" })
  const fold = el("button.quiet.key-button", { type: "button", "aria-expanded": "true", onclick: () => toggleBefore() })
  const before = el("section.before", { hidden: true }, el("div.before-head", {}, el("h3", {}, "What came before, on both sides"), fold), beforeText)
  const node = el("div.compare", {}, el("div.side-tools", {}, parted, differ, talk), before, sides, frame.notices, answers)

  function choose(value) {
    given.choice = given.choice === value ? "" : value
    error.hidden = true
    drawAnswers()
    frame.changed()
  }

  function confide(n) {
    given.confidence = given.confidence === n ? null : n
    drawAnswers()
    frame.changed()
  }

  function drawAnswers() {
    for (const one of choices) one.input.checked = given.choice === one.value
    for (const one of sure) one.input.checked = given.confidence === one.n
    if (reason.value !== given.reason) reason.value = given.reason
  }

  function toggleBefore(open = beforeText.hidden) {
    beforeText.hidden = !open
    fold.setAttribute("aria-expanded", String(open))
    fold.replaceChildren(open ? "Fold" : "Show", cap("Shift+B"))
  }

  function drawTalk() {
    talk.replaceChildren(comments.summary() || "Comment", cap("⇧C"))
  }

  function toggleMarks() {
    marked = !marked
    drawTexts()
  }

  function drawTexts() {
    differ.setAttribute("aria-pressed", String(marked))
    for (const [box, text, only] of [[left, pair.left.text, "gone"], [right, pair.right.text, "new"]]) {
      const page = el("div.side-text", { tabindex: "0" })
      if (marked) drawDiff(page, parts, only)
      else page.textContent = text
      if (!text) page.append(el("span.none", {}, "(an empty answer)"))
      box.replaceChildren(page)
    }
  }

  function drawRuns() {
    const start = sharedStart(pair.left.first?.steps, pair.right.first?.steps)
    readers = [[left, pair.left], [right, pair.right]].map(([box, one]) => {
      box.replaceChildren()
      return createReader(box, { segments: [one.segment], outline: one.outline, first: one.first, facts: one.facts, keys: false })
    })
    const fold = (folded) => {
      parted.replaceChildren(
        start === 1 ? "The first step is the same on both sides." : `The first ${start} steps are the same on both sides.`,
        el("button", { type: "button", onclick: () => fold(!folded) }, folded ? (start === 1 ? "Show it" : "Show them") : "Fold again"),
      )
      for (const reader of readers) reader.foldBefore(folded ? start : 0)
    }
    parted.hidden = start === 0
    if (start) fold(true)
  }

  left.addEventListener("focusin", () => (active = 0))
  right.addEventListener("focusin", () => (active = 1))

  function goTo(side) {
    active = side
    if (readers.length) readers[side].focus()
    else [left, right][side].querySelector(".side-text").focus()
  }

  return {
    node,
    draw(view, body) {
      for (const reader of readers) reader.destroy()
      readers = []
      pair = view.pair
      comments?.close()
      comments = createComments({ host: frame.host, pair: pair.id, item: view.item, announce: frame.announce, onChange: () => drawTalk() })
      drawTalk()
      given = { choice: body?.choice ?? "", reason: body?.reason ?? "", confidence: body?.confidence ?? null }
      const texts = pair.left.segment === undefined && pair.right.segment === undefined
      differ.hidden = !texts
      parted.hidden = true
      if (texts) {
        parts = diffWords(pair.left.text, pair.right.text)
        marked = likeness(parts) >= ALIKE
        drawTexts()
      } else drawRuns()
      error.hidden = true
      before.hidden = !pair.context
      beforeText.textContent = pair.context
      toggleBefore(true)
      reasons.draw(view.schema, body?.answers)
      drawAnswers()
      beforeText.scrollTop = beforeText.scrollHeight
      active = 0
    },
    collect: () => ({ ...given, answers: reasons.answers() }),
    describe: (body) => [
      ["Choice", CHOICES.find(([value]) => value === body.choice)?.[1] ?? "none"],
      ...reasons.describe(body.answers),
      ["Why", body.reason || "nothing"],
      ["How sure", body.confidence ? `${body.confidence} of 5` : "not said"],
    ],
    invalid(field, message) {
      if (field !== "choice") return reasons.invalid(field, message)
      reasons.clear()
      error.textContent = message
      error.hidden = false
      choices[0].input.focus()
      return true
    },
    focus: () => goTo(active),
    terms: () => [
      ["A and B", "The two answers. Which one stands on the left is drawn by lot for you and recorded; their names are hidden until you have answered."],
      ["Much better", "You would be sorry to be given the other one."],
      ["Equal", "You could not say which one you would rather have, though both are acceptable."],
      ["Both bad", "Neither may be given to anyone; neither is taken as an example."],
      ["How sure", "1 is a guess, 5 is certain. It may be left out."],
      ...reasons.terms(),
    ],
    commands: [
      ...CHOICES.map(([value, name, key]) => ({ keys: [key.toLowerCase(), ...(value === "equal" ? ["e"] : [])], group: "Which is better", name, run: () => choose(value) })),
      ...[1, 2, 3, 4, 5].map((n) => ({ keys: [`shift+${n}`], group: "How sure", name: { 1: "1: a guess", 5: "5: certain" }[n] ?? String(n), run: () => confide(n) })),
      reasons.command,
      { keys: ["w"], group: "Why", name: "Write why", run: () => reason.focus() },
      { keys: ["escape"], group: "Why", name: "Out of the text, back to the answers", typing: true, run: () => goTo(active) },
      { keys: ["a"], group: "Reading", name: "Read A", run: () => goTo(0) },
      { keys: ["b"], group: "Reading", name: "Read B", run: () => goTo(1) },
      { keys: ["shift+b"], group: "Reading", name: "What came before two steps: fold or show", when: () => !before.hidden, run: () => toggleBefore() },
      { keys: ["j"], group: "Reading", name: "Next step of the side being read", repeats: true, when: () => readers.length > 0, run: () => readers[active].focusNext() },
      { keys: ["k"], group: "Reading", name: "Step before", repeats: true, when: () => readers.length > 0, run: () => readers[active].focusPrevious() },
      { keys: ["shift+c"], group: "Reading", name: "Comments on the pair: what others said, and what you say to them", run: () => comments.open(null) },
      { keys: ["d"], group: "Reading", name: "Differing words, on or off", when: () => !differ.hidden, run: () => toggleMarks() },
    ],
  }
}
