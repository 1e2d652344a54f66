// The reader as a part of a page: as high as the window allows, told about new data without being made again.

import { createComments } from "./comments.js"
import { el, takesText } from "./dom.js"
import { createReader } from "./reader.js"

export function mount(place, data) {
  place.classList.add("reader-page")
  const link = (trace, position) => `?trace=${trace}&step=${position + 1}`
  let shown = data
  // As high as what the window leaves below the page's head.
  const fit = () => {
    const top = place.getBoundingClientRect().top + (place.closest("[data-testid=stMain]")?.scrollTop ?? 0)
    place.style.setProperty("--reader-height", `${Math.max(window.innerHeight * 0.62, window.innerHeight - top - 12)}px`)
  }
  const watch = new ResizeObserver(fit)
  watch.observe(document.body)
  watch.observe(place)
  window.addEventListener("resize", fit)
  const talk = el("button.quiet.run-comments", { type: "button", title: "Comments on the run as a whole", onclick: () => comments.open(null) })
  let comments = null
  let reader = null
  reader = createReader(place, commented(data))
  reader.node.querySelector(".jumps").prepend(talk)
  window.addEventListener("keydown", onKey)

  function commented(given) {
    comments?.close()
    comments = createComments({
      host: reader?.node ?? place,
      traces: given.segments.map(({ trace }) => trace),
      onChange: (step) => {
        if (step) reader?.refresh(step)
        drawTalk()
      },
    })
    drawTalk()
    return { ...given, link, rowTools: comments.tools, rowBelow: comments.below }
  }

  function drawTalk() {
    talk.textContent = comments.summary() || "Comment on the run"
  }

  // Shift+C speaks about the step under the cursor.
  function onKey(event) {
    const path = event.composedPath()
    const elsewhere = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || takesText(path[0])
    if (elsewhere || !event.shiftKey || event.key.toLowerCase() !== "c" || path.some((one) => one instanceof HTMLDialogElement)) return
    event.preventDefault()
    comments.open(reader.current())
  }

  return {
    update(next) {
      const same = (name) => JSON.stringify(next[name]) === JSON.stringify(shown[name])
      const before = { segments: same("segments"), labels: same("labels"), start: same("start") }
      shown = next
      if (!before.segments) return reader.setSource(commented(next))
      if (!before.labels) reader.setLabels(next.labels)
      if (!before.start && next.start !== null) reader.jumpTo(next.start)
    },
    close() {
      watch.disconnect()
      window.removeEventListener("resize", fit)
      window.removeEventListener("keydown", onKey)
      comments.close()
      reader.destroy()
    },
  }
}
