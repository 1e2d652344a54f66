// The preview of a label schema: the review desk's own form, on a run that is made up, in which nothing is submitted.
//
// data: {schema, view (a made-up run as the desk is given one), kept (the schema as YAML while it is unsaved, else ""),
// name (whose schema, for what this browser keeps)}. trigger("restored", yaml): the person takes up what was kept here.

import { createSubject } from "./desk.js"
import { clock, el } from "./dom.js"
import { createKeys } from "./help.js"

const PREFIX = "loopwright.schema/"

export function mount(place, data, trigger) {
  let shown = null
  const notices = el("div")
  const foot = el("p.preview-foot", { role: "status" }, "Try it: nothing that you answer here is kept.")
  const subject = createSubject({
    host: place,
    notices,
    foot,
    changed() {},
    announce: (text) => (foot.textContent = text),
  })
  place.classList.add("desk", "preview")
  place.replaceChildren(subject.node)
  const inside = () => place.contains(place.getRootNode().activeElement)
  const stopKeys = createKeys(place, subject.commands.map((one) => ({ ...one, when: (event) => shown && inside() && (one.when?.(event) ?? true) })))
  const left = read(data.name)
  if (left && !data.kept && left.yaml !== data.saved) offer(left)
  update(data)

  function update(next) {
    const schema = JSON.stringify(next.schema)
    if (schema !== shown) {
      const body = shown === null ? null : subject.collect()
      subject.draw({ ...next.view, schema: next.schema }, body)
    }
    shown = schema
    if (next.kept) keep(next.name, next.kept)
    else if (data.kept) localStorage.removeItem(PREFIX + next.name)
    data = next
  }

  // What was typed here and not saved when the page went away.
  function offer({ yaml, at }) {
    const box = el(
      "div.notice",
      {},
      el("p", {}, `Changes from ${clock(at)} were not saved; they are kept in this browser.`),
      el("button", { type: "button", onclick: () => (trigger("restored", yaml), box.remove()) }, "Take them up"),
      el("button.quiet", { type: "button", onclick: () => (localStorage.removeItem(PREFIX + data.name), box.remove()) }, "Forget them"),
    )
    place.prepend(box)
  }

  return {
    update,
    close() {
      stopKeys()
    },
  }
}

function keep(name, yaml) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ yaml, at: new Date().toISOString() }))
  } catch {
    // The browser's storage is full or switched off: what is typed then lives as long as the page.
  }
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name))
  } catch {
    return null
  }
}
