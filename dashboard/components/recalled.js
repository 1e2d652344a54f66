// What an agent was given from the memory at a step: the lessons, each a link, and how many others fitted.

import { el } from "./dom.js"

// `recalls`: [{title, lessons: [{when, guidance, score, more, href}], others}]
export function drawRecalls(recalls) {
  return el("div.recalls", {}, recalls.map((one) => el("div.recall", { role: "group", "aria-label": one.title }, el("div.recall-title", {}, one.title, one.others && el("span.quiet-text", {}, ` · ${one.others}`)), one.lessons.map(lesson))))
}

function lesson({ when, guidance, score, more, href }) {
  return el(
    "div.recall-lesson",
    {},
    el("span.recall-score", { title: "Similarity, 0 to 1" }, score.toFixed(2)),
    el("span", {}, href ? el("a", { href, title: "Open the lesson" }, when) : when, el("span.quiet-text", {}, ` → ${guidance}`, more && ` (${more})`)),
  )
}
