// Comments on a run, its steps or a pair: a count where there are some, and a panel of threads to read, answer, settle.
//
//   createComments({host, traces | pair, item, onChange, announce}) -> comments
//     traces: the ids of the runs that are read; pair: the id of the pair instead; item: the one on the desk, or null
//     onChange(step id or null): its count is another; host: where the panel opens
//   comments: tools(step) -> the button for a step, below(step) -> what stands under it or null, open(step or null),
//     summary() -> "2 comments" of what is about no step, close()
// What is typed is kept in this browser at every input until the server has answered that it is stored.

import { ask, Refused } from "./ask.js"
import { cap, el } from "./dom.js"
import { openDialog } from "./help.js"

export const COMMENT_KEY = "shift+c"

const PREFIX = "loopwright.comment/"
const LONGEST = 10000

export function createComments({ host, traces = [], pair = null, item = null, onChange = () => {}, announce = () => {} }) {
  const places = pair === null ? traces.map((id) => `traces/${id}`) : [`pairs/${pair}`]
  const query = item === null ? "" : `?item=${item}`
  const said = new Map(places.map((place) => [place, []]))
  let me = null
  let failure = null
  let panel = null
  let closed = false

  for (const place of places) load(place)

  async function load(place) {
    try {
      const answer = await ask("GET", `api/${place}/comments${query}`)
      failure = null
      take(place, answer)
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem
      failure = problem.message
      panel?.draw()
    }
  }

  function take(place, answer) {
    if (closed) return
    const before = new Set(said.get(place).map((one) => one.step_id))
    me = answer.me
    said.set(place, answer.threads)
    for (const step of new Set([...before, ...answer.threads.map((one) => one.step_id)])) onChange(step || null)
    panel?.draw()
  }

  const placeOf = (step) => (step?.trace !== undefined && pair === null ? `traces/${step.trace}` : places[0])
  const threadsOf = (step) => (said.get(placeOf(step)) ?? []).filter((one) => one.step_id === (step?.step_id ?? ""))

  // ---- what is typed and not stored yet

  // Before the server has said who is here, what is typed stands under no name and is found again under any.
  const keyOf = (what, who = me ?? "?") => `${PREFIX}${who}/${what}`
  const aboutOf = (step) => `${placeOf(step)}/${step?.step_id ?? ""}`

  function kept(what) {
    try {
      return localStorage.getItem(keyOf(what)) ?? localStorage.getItem(keyOf(what, "?")) ?? ""
    } catch {
      return ""
    }
  }

  // Whether the browser took it.
  function keep(what, text) {
    try {
      localStorage.removeItem(keyOf(what, "?"))
      if (text) localStorage.setItem(keyOf(what), text)
      else localStorage.removeItem(keyOf(what))
      return true
    } catch {
      return false
    }
  }

  const unsent = (step) => [aboutOf(step), ...threadsOf(step).map((one) => `reply/${one.id}`)].some((what) => kept(what).trim())

  // ---- on the steps

  function counted(step) {
    const threads = threadsOf(step)
    const open = threads.filter((one) => !one.resolved_by).length
    const n = threads.length
    const told = n ? `${n} ${n === 1 ? "comment" : "comments"}${open === n ? "" : open ? `, ${open} open` : n === 1 ? ", settled" : ", all settled"}` : ""
    return [told, unsent(step) ? "not sent yet" : ""].filter(Boolean).join(" · ")
  }

  function tools(step) {
    return el("button.quiet", { type: "button", title: "Say something about this step to the others", onclick: () => open(step) }, "Comment", cap("⇧C"))
  }

  function below(step) {
    const told = counted(step)
    return told ? el("button.quiet.comment-count", { type: "button", "data-unsent": unsent(step) || null, onclick: () => open(step) }, told) : null
  }

  // ---- the panel

  function open(step) {
    if (panel || closed) return
    const list = el("div.comment-threads", { role: "log", "aria-label": "What was said" })
    const writing = editor({ what: aboutOf(step), label: "Your comment", button: "Send", send: (text) => post(step, text) })
    const whole = step && places.length === 1 && el("button.quiet", { type: "button", onclick: () => turn(null) }, `The whole run: ${counted(null) || "no comments"}`)
    const content = el("div.comments", {}, list, writing.node, whole && el("div.row", {}, whole))
    const about = pair !== null ? "this pair" : step ? `step ${step.position + 1}` : "the whole run"
    const opened = openDialog(host, `Comments on ${about}`, content)
    opened.dialog.classList.add("comments-dialog")
    // what is pressed here is no key of the page below
    opened.dialog.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation())
    const editors = new Map()
    const draw = () => {
      const threads = threadsOf(step)
      const focused = list.getRootNode().activeElement
      list.replaceChildren(
        ...(failure && !threads.length ? [el("p.comment-problem", { role: "alert" }, `The comments could not be loaded: ${failure} `, el("button", { type: "button", onclick: () => load(placeOf(step)) }, "Retry"))] : []),
        ...threads.map((one) => thread(one, step, editors)),
        ...(threads.length || failure ? [] : [el("p.quiet-text", {}, "Nothing has been said here yet.")]),
      )
      if (focused?.isConnected && list.contains(focused)) focused.focus()
      writing.restore()
    }
    const turn = (to) => {
      opened.closed.then(() => open(to))
      opened.dialog.close()
    }
    panel = { draw }
    draw()
    writing.field.focus()
    opened.closed.then(() => {
      panel = null
      onChange(step?.step_id ?? null)
    })
  }

  function thread(one, step, editors) {
    const settled = Boolean(one.resolved_by)
    const replying = editors.get(one.id) ?? editor({ what: `reply/${one.id}`, label: `Your reply to ${one.person}`, button: "Reply", send: (text) => act(one, step, "reply", { text }), folded: true })
    editors.set(one.id, replying)
    const settle = el("button.quiet", { type: "button", onclick: (event) => settling(event.target, one, step, settled ? "reopen" : "resolve") }, settled ? "Open again" : "Settled")
    const inner = el(
      "div.comment-thread",
      { "data-settled": settled || null },
      words(one),
      one.replies.map((reply) => el("div.comment-reply", {}, words(reply))),
      settled && el("p.quiet-text", {}, `Settled by ${one.resolved_by}, ${when(one.resolved_at)}.`),
      el("div.comment-acts", {}, replying.node, one.may_resolve && settle),
    )
    return inner
  }

  const words = (one) => el("div.comment", {}, el("p.comment-who", {}, el("strong", {}, one.person), " ", el("time", { datetime: one.created_at }, when(one.created_at))), el("p.comment-text", {}, one.text))

  const post = async (step, text) => take(placeOf(step), await ask("POST", `api/${placeOf(step)}/comments${query}`, { text, step_id: step?.step_id ?? "" }))
  const act = async (one, step, what, body = {}) => take(placeOf(step), await ask("POST", `api/comments/${one.id}/${what}${query}`, body))

  async function settling(button, one, step, what) {
    button.disabled = true
    try {
      await act(one, step, what)
      announce(what === "resolve" ? "Settled." : "Open again.")
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem
      button.after(el("span.comment-problem", { role: "alert" }, problem.message))
    } finally {
      button.disabled = false
    }
  }

  // A text that is kept here at every input, until it is stored.
  function editor({ what, label, button, send, folded = false }) {
    const field = el("textarea", { rows: "2", "aria-label": label, placeholder: label, maxlength: String(LONGEST) })
    const problem = el("p.comment-problem", { role: "alert", hidden: true })
    const sender = el("button.primary.key-button", { type: "button", onclick: () => deliver() }, button, cap("Ctrl+Enter"))
    const state = el("span.quiet-text", { role: "status" })
    const body = el("div.comment-editor", {}, field, problem, el("div.row", {}, sender, state))
    const unfold = el("button.quiet", { type: "button", onclick: () => show(true) }, "Reply")
    const node = folded ? el("div.comment-fold", {}, unfold, body) : body
    const show = (open) => {
      if (!folded) return
      body.hidden = !open
      unfold.hidden = open
      if (open) field.focus()
    }
    let sending = false

    field.oninput = () => {
      const taken = keep(what, field.value)
      state.textContent = !field.value.trim() ? "" : taken ? "kept in this browser until you send it" : "this browser's storage is full: send it before you leave"
    }
    field.onkeydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        deliver()
      }
    }

    async function deliver() {
      const text = field.value
      if (sending) return
      if (!text.trim()) return field.focus()
      sending = true
      sender.disabled = true
      problem.hidden = true
      try {
        await send(text)
        // what was typed on while it was on its way is the beginning of another one
        if (field.value === text) {
          field.value = ""
          keep(what, "")
          state.textContent = ""
          show(false)
        }
        announce("Sent.")
        if (!closed && node.isConnected && !folded) field.focus()
      } catch (refusal) {
        if (!(refusal instanceof Refused)) throw refusal
        problem.textContent = refusal.unreachable ? "The server could not be reached, so it is not certain that this was stored. The text is kept here: send it again, it counts once." : refusal.message
        problem.hidden = false
      } finally {
        sending = false
        sender.disabled = false
      }
    }

    const restore = () => {
      if (!field.value && kept(what)) {
        field.value = kept(what)
        state.textContent = "kept from before, not sent yet"
        if (folded) {
          body.hidden = false
          unfold.hidden = true
        }
      }
    }
    if (folded) body.hidden = true
    restore()
    return { node, field, restore }
  }

  return {
    tools,
    below,
    open,
    summary: () => counted(null),
    close() {
      closed = true
    },
  }
}

// Several nodes, of which some may be missing, as one; null for none.
export function joined(...nodes) {
  const there = nodes.filter(Boolean)
  if (!there.length) return null
  const all = document.createDocumentFragment()
  all.append(...there)
  return all
}

function when(iso) {
  return new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })
}
