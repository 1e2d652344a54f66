// Counts the seconds that a person was at it: the page was visible, and something was done in the last minute.

const AWAY_MS = 60000
const SIGNS = ["keydown", "pointermove", "pointerdown", "wheel"]

// `seconds` may be set, when another item begins.
export function createAttention() {
  let last = Date.now()
  const note = () => (last = Date.now())
  for (const sign of SIGNS) window.addEventListener(sign, note, { capture: true, passive: true })
  const timer = setInterval(() => {
    if (document.visibilityState === "visible" && Date.now() - last < AWAY_MS) attention.seconds += 1
  }, 1000)
  const attention = {
    seconds: 0,
    stop() {
      clearInterval(timer)
      for (const sign of SIGNS) window.removeEventListener(sign, note, { capture: true })
    },
  }
  return attention
}
