// The line over a desk: the task, which unfolds, and how far the queue is.

import { el, keyButton } from "./dom.js"

// `aside` stands beside the task, if anything does. `whole` is the unfolded task, for the desk to place under `node`.
export function createHead(aside) {
  const title = el("h2.task-title")
  const whole = el("div.task-whole", { hidden: true, tabindex: "0" })
  const unfold = keyButton("Whole task", "T", () => toggle(), { class: "quiet", "aria-expanded": "false" })
  const task = el("div.task", {}, title, unfold, aside)
  const progress = el("div.progress")

  function drawTask({ title: name, text, key }) {
    task.hidden = false
    title.textContent = name || text || "No task is recorded for this run"
    title.title = key
    whole.textContent = text
    unfold.hidden = !text
    toggle(false)
  }

  function toggle(open = whole.hidden) {
    if (unfold.hidden) return
    whole.hidden = !open
    unfold.setAttribute("aria-expanded", String(open))
    unfold.firstChild.textContent = open ? "First line" : "Whole task"
  }

  function drawProgress({ done, total, per_hour: perHour }) {
    progress.replaceChildren(
      el("span", {}, `${done} of ${total}`),
      el("progress", { max: String(Math.max(total, 1)), value: done, "aria-label": `${done} of ${total} items done` }),
      perHour === null ? "" : el("span", { title: "your submissions an hour" }, `${perHour.toFixed(1)}/h`),
    )
  }

  function clear() {
    task.hidden = whole.hidden = true
  }

  return { node: el("header.desk-top", {}, task, progress), whole, drawTask, toggle, drawProgress, clear }
}
