// Counts the seconds that a person was at it: the page was visible, and something was done in the last minute.

const AWAY_MS = 60000
const SIGNS = ["keydown", "input", "pointermove", "pointerdown", "wheel"]

// `seconds` may be set, when another item begins. `touched`, set to false then, says whether anything was done on it since
// (a key without Ctrl, a click outside the foot): a second press of what submitted the item before is no sign of that.
export function createAttention() {
  let last = Date.now()
  const inFoot = (event) => event.composedPath().some((node) => node.classList?.contains("foot"))
  const note = (event) => {
    last = Date.now()
    const key = event.type === "keydown" && !event.ctrlKey && !event.metaKey
    if (key || (event.type === "pointerdown" && !inFoot(event))) attention.touched = true
  }
  for (const sign of SIGNS) window.addEventListener(sign, note, { capture: true, passive: true })
  const timer = setInterval(() => {
    if (attention.present()) attention.seconds += 1
  }, 1000)
  const attention = {
    seconds: 0,
    touched: false,
    present: () => document.visibilityState === "visible" && Date.now() - last < AWAY_MS,
    stop() {
      clearInterval(timer)
      for (const sign of SIGNS) window.removeEventListener(sign, note, { capture: true })
    },
  }
  return attention
}
