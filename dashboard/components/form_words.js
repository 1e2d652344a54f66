// Keeps what is typed in a form of Streamlit's in the browser until it is sent: a form tells the server nothing before.

const WAITS_MS = 5000

export function mount(place, data, trigger) {
  const name = `loopwright:words:${data.person}:${data.form}`
  let turn = data.turn
  let sent = false

  const boxOf = (field) => document.querySelector(`.st-key-${field} textarea, .st-key-${field} input`)
  const inForm = (node) => data.fields.some((field) => node.closest?.(`.st-key-${field}`))

  function write(box, words) {
    const kind = box instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement
    Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(box, words)
    box.dispatchEvent(new Event("input", { bubbles: true }))
  }

  function forget() {
    localStorage.removeItem(name)
  }

  function keep(event) {
    if (!inForm(event.target)) return
    sent = false
    const words = {}
    for (const field of data.fields) {
      const typed = boxOf(field)?.value ?? ""
      if (typed !== (data.had[field] ?? "")) words[field] = typed
    }
    try {
      if (Object.keys(words).length) localStorage.setItem(name, JSON.stringify(words))
      else forget()
    } catch {
      // the browser keeps nothing (private window, full): the form works without
    }
  }

  // The boxes are drawn beside this, soon. What stands in one already, typed or drawn otherwise, is never written over.
  const until = Date.now() + WAITS_MS
  const timer = setInterval(() => {
    const words = JSON.parse(localStorage.getItem(name) ?? "{}")
    const waiting = Object.keys(words).filter((field) => data.fields.includes(field) && !boxOf(field))
    if (waiting.length && Date.now() < until) return
    clearInterval(timer)
    for (const [field, typed] of Object.entries(words)) {
      const box = boxOf(field)
      if (box && box.value === (data.had[field] ?? "")) write(box, typed)
    }
  }, 50)

  // A form that goes away right after its button was pressed was sent or cancelled; one that is drawn again was not.
  const pressed = (event) => {
    const button = event.target.closest?.("[data-testid=stFormSubmitButton]")
    if (button && inForm(button.closest("form, [data-testid=stForm]")?.querySelector("textarea") ?? button)) sent = true
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && inForm(event.target)) sent = true
  }
  document.addEventListener("input", keep, true)
  document.addEventListener("click", pressed, true)
  document.addEventListener("keydown", pressed, true)

  return {
    update(next) {
      sent = false
      data = next
      if (next.turn !== turn) forget()
      turn = next.turn
    },
    close() {
      clearInterval(timer)
      document.removeEventListener("input", keep, true)
      document.removeEventListener("click", pressed, true)
      document.removeEventListener("keydown", pressed, true)
      if (sent) forget()
    },
  }
}
