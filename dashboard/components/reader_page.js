// The reader as a part of a page: as high as the window allows, told about new data without being made again.

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
  const reader = createReader(place, { ...data, link })
  return {
    update(next) {
      const same = (name) => JSON.stringify(next[name]) === JSON.stringify(shown[name])
      const before = { segments: same("segments"), labels: same("labels"), start: same("start") }
      shown = next
      if (!before.segments) return reader.setSource({ ...next, link })
      if (!before.labels) reader.setLabels(next.labels)
      if (!before.start && next.start !== null) reader.jumpTo(next.start)
    },
    close() {
      watch.disconnect()
      window.removeEventListener("resize", fit)
      reader.destroy()
    },
  }
}
