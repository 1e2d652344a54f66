// Keeps an element as high as what is left of the window below the page's own head, so that the page never scrolls.

export function fitWindow(host) {
  const fit = () => {
    const top = host.getBoundingClientRect().top
    if (top >= 0) host.style.setProperty("--desk-height", `${Math.round(window.innerHeight - top - 12)}px`)
  }
  const watch = new ResizeObserver(fit)
  watch.observe(document.body)
  watch.observe(host)
  window.addEventListener("resize", fit)
  return () => {
    watch.disconnect()
    window.removeEventListener("resize", fit)
  }
}
