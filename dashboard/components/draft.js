// Keeps what a reviewer types: in this browser at every input, on the server within a second, and says truthfully which.
//
//   tab()                                  this browser tab's id: the same after a reload, never shared by two tabs
//   await openDraft({...}) -> draft        what was typed before, and the keeper of what is typed from now on
//     draft.body                           the body to begin with (null: nothing was typed yet)
//     draft.changed()                      call at every input
//     draft.flush()                        send now (on blur, before another item)
//     draft.close()                        the item leaves the screen: send what is unsent, keep it if that fails
//     draft.finish()                       it was submitted: nothing of it need be kept here

import { ask, Refused } from "./ask.js"

const EVERY_MS = 1000
const FIRST_MS = 300
const RETRY_MS = [1000, 2000, 4000, 8000, 15000]
const KEEPALIVE_BYTES = 60000
const PREFIX = "loopwright.draft/"

let ownTab = null
let neighbours = null

export function tab() {
  if (ownTab) return ownTab
  // A duplicated tab copies sessionStorage: the id lies there only while the page is away, so that it is never copied.
  ownTab = sessionStorage.getItem("loopwright.tab") ?? crypto.getRandomValues(new Uint32Array(3)).join("-")
  sessionStorage.removeItem("loopwright.tab")
  window.addEventListener("pagehide", () => sessionStorage.setItem("loopwright.tab", ownTab))
  window.addEventListener("pageshow", () => sessionStorage.removeItem("loopwright.tab"))
  neighbours = new BroadcastChannel("loopwright.tabs")
  neighbours.addEventListener("message", ({ data }) => {
    if (data.who === ownTab) neighbours.postMessage({ here: ownTab })
  })
  return ownTab
}

// Whether another open tab of this browser answers to that id.
function isOpen(other) {
  return new Promise((resolve) => {
    const done = (answer) => {
      neighbours.removeEventListener("message", hear)
      clearTimeout(timer)
      resolve(answer)
    }
    const hear = ({ data }) => data.here === other && done(true)
    const timer = setTimeout(() => done(false), 150)
    neighbours.addEventListener("message", hear)
    neighbours.postMessage({ who: other })
  })
}

// What this browser holds unsent for an item: this tab's, and that of tabs which are gone (a crash, a closed window).
async function unsent(person, item) {
  const start = `${PREFIX}${person}/${item}/`
  const held = []
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(start))) {
    const writer = key.slice(start.length)
    if (writer === tab() || !(await isOpen(writer))) held.push({ key, ...JSON.parse(localStorage.getItem(key)) })
  }
  return held.sort((one, two) => one.typed_at - two.typed_at)
}

// What was typed is the same whatever the clock of active seconds says.
export function sameBody(one, two) {
  return JSON.stringify({ ...one, active_seconds: 0 }) === JSON.stringify({ ...two, active_seconds: 0 })
}

// `view`: the item as the server gave it. `collect()` gives the body as it stands.
// `onState({state: "dirty"|"saved"|"unsaved"|"refused", at, message})`, `onOther({body, at, from: "tab"|"browser"})`,
// `onSubmitted({message})`: it was submitted elsewhere meanwhile.
export async function openDraft({ person, view, collect, onState, onOther, onSubmitted }) {
  const { item, draft: saved, submitted } = view
  const key = `${PREFIX}${person}/${item}/${tab()}`
  let revision = saved?.revision ?? 0
  let editing = submitted?.revision ?? null
  let body = saved?.body ?? submitted?.body ?? null
  let dirty = false
  let timer = null
  let flight = null
  let lastSent = 0
  let failures = 0
  let closed = false

  const held = await unsent(person, item)
  const newest = held.at(-1)
  if (newest && !sameBody(newest.body, body)) {
    // Typed before a submission that it did not edit, or before what another tab saved: it waits aside.
    const stale = newest.editing !== editing || (saved && newest.typed_at < Date.parse(saved.saved_at))
    if (stale) onOther({ body: newest.body, at: new Date(newest.typed_at).toISOString(), from: "browser" })
    else {
      if (saved && newest.revision < revision) onOther({ body, at: saved.saved_at, from: "tab" })
      body = newest.body
      dirty = true
      keep(newest.typed_at)
    }
    for (const one of held) if (one.key !== key && (dirty || one !== newest)) localStorage.removeItem(one.key)
  } else for (const one of held) localStorage.removeItem(one.key)
  if (dirty) schedule(0)
  else if (saved) onState({ state: "saved", at: saved.saved_at })

  function keep(typedAt = Date.now()) {
    try {
      localStorage.setItem(key, JSON.stringify({ body, revision, editing, typed_at: typedAt }))
      return true
    } catch {
      // The browser's storage is full or switched off: the server is then the only keeper, and the state line says so.
      return false
    }
  }

  function changed() {
    if (closed) return
    dirty = true
    body = collect()
    const kept = keep()
    if (failures === 0) onState({ state: "dirty", message: kept ? "" : "this browser's storage is full" })
    schedule(Math.max(FIRST_MS, lastSent + EVERY_MS - Date.now()))
  }

  function schedule(wait) {
    if (timer === null) timer = setTimeout(send, wait)
  }

  function reschedule(wait) {
    clearTimeout(timer)
    timer = null
    schedule(wait)
  }

  async function send() {
    clearTimeout(timer)
    timer = null
    if (!dirty || flight || closed) return
    flight = new AbortController()
    lastSent = Date.now()
    dirty = false
    body = collect()
    try {
      const answer = await ask("PUT", `api/drafts/${item}`, payload(), { signal: flight.signal })
      if (closed) return
      revision = answer.revision
      failures = 0
      if (answer.other && !sameBody(answer.other.body, body)) {
        onOther({ body: answer.other.body, at: answer.other.saved_at, from: "tab" })
      }
      if (dirty) keep()
      else {
        localStorage.removeItem(key)
        onState({ state: "saved", at: answer.saved_at })
      }
    } catch (failure) {
      if (closed || flight.signal.aborted) return
      if (!(failure instanceof Refused)) throw failure
      dirty = true
      refusedBy(failure)
    } finally {
      flight = null
    }
    if (dirty && !closed && failures === 0) schedule(EVERY_MS)
  }

  function refusedBy(failure) {
    if (failure.code === "submitted" || failure.field === "submitted") {
      dirty = false
      return onSubmitted(failure)
    }
    failures += 1
    if (failure.unreachable) {
      onState({ state: "unsaved" })
      reschedule(RETRY_MS[Math.min(failures, RETRY_MS.length) - 1])
    } else onState({ state: "refused", message: failure.message })
  }

  function payload() {
    return { revision, tab: tab(), body, ...(editing === null ? {} : { editing }) }
  }

  // A page that goes away cannot wait for an answer, so the text stays here until a later page has one.
  function leave() {
    if (!dirty && !flight) return
    body = collect()
    keep()
    const text = JSON.stringify(payload())
    if (text.length * 3 > KEEPALIVE_BYTES && new Blob([text]).size > KEEPALIVE_BYTES) return
    ask("PUT", `api/drafts/${item}`, payload(), { keepalive: true }).catch(() => {})
  }

  const whenHidden = () => document.visibilityState === "hidden" && send()
  const whenBack = () => dirty && reschedule(0)
  window.addEventListener("pagehide", leave)
  window.addEventListener("online", whenBack)
  document.addEventListener("visibilitychange", whenHidden)

  function stop() {
    closed = true
    clearTimeout(timer)
    window.removeEventListener("pagehide", leave)
    window.removeEventListener("online", whenBack)
    document.removeEventListener("visibilitychange", whenHidden)
  }

  return {
    body,
    changed,
    flush: send,
    // For the while of a submit: what it carries is newer than any draft on its way.
    pause() {
      clearTimeout(timer)
      timer = null
      if (flight) {
        flight.abort()
        dirty = true
      }
    },
    resume: () => dirty && reschedule(EVERY_MS),
    get editing() {
      return editing
    },
    // From now on what is typed changes the submission of that revision.
    edit(submission) {
      editing = submission
      changed()
    },
    async close() {
      const open = dirty || flight !== null
      stop()
      if (!open) return
      body = collect()
      keep()
      const typed = localStorage.getItem(key)
      try {
        await ask("PUT", `api/drafts/${item}`, payload())
        if (localStorage.getItem(key) === typed) localStorage.removeItem(key)
      } catch {
        // It stays in this browser, and goes out when the item is opened next.
      }
    },
    finish() {
      stop()
      localStorage.removeItem(key)
    },
  }
}
