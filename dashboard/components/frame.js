// What the review desk and the compare desk share: items come and go, drafts are kept, submissions are sent once.
//
//   createFrame(host, {queue, item, person, subject: "trace"|"pair"|"ranking", createSubject}) -> {update(data), close()}
//   createSubject(frame) -> subject, which draws what is decided on and how:
//     subject.node                 the element between the task line and nothing else
//     subject.draw(view, body)     another item; body is what was answered so far, or null
//     subject.collect()            the body as it stands (active_seconds is added here)
//     subject.describe(body)       [[name, text], …] of another body, to be read
//     subject.invalid(field, message) -> whether that field is on the screen; shows the message there
//     subject.aside                what stands beside the task, if anything
//     subject.focus(), subject.commands, subject.terms(), subject.otherKeys
//   frame.foot, frame.notices      the buttons with the state line, and the messages, for the subject to place
//   frame.changed()                to be called at every input
//   frame.notify(name, text, {actions, tone}), frame.dismiss(name), frame.announce(text)

import { ask, Refused } from "./ask.js"
import { createAttention } from "./attention.js"
import { openFlag, openPrevious } from "./desk_dialogs.js"
import { createFoot } from "./desk_foot.js"
import { createHead } from "./desk_head.js"
import { clock, el, keyButton } from "./dom.js"
import { openDraft, tab } from "./draft.js"
import { fitWindow } from "./fit_window.js"
import { createKeys, openDialog, openHelp } from "./help.js"
import { createMessages } from "./messages.js"

const AGAIN_MS = 3000

const ELSEWHERE = {
  trace: "a run: open it on the Review page",
  step: "a step of a run: open it on the Review page",
  pair: "a pair: open it on the Compare page",
  ranking: "a ranking: open it on the Compare page",
}
const HOLD_MS = 60000 // so often somebody who is at it says so, and keeps the item
const AHEAD_MS = 700 // after an item is drawn, the one that most likely follows is loaded

const UNREAD_MS = 3000 // so long a submit alone is taken for a second press of the one before

export function createFrame(host, { queue, item, person, subject: kind, createSubject }) {
  let view = null
  let draft = null
  let busy = false
  let handedAt = 0
  let generation = 0
  let again = null
  let ahead = null
  let aheadTimer = null
  const attention = createAttention()
  let elsewhere = false
  let given = { queue, item }
  let asked = queue

  const { node: notices, spoken, notify, dismiss, announce } = createMessages(() => subject.focus())
  const blank = el("div.blank", { hidden: true, tabindex: "-1" })
  const foot = createFoot({ submit: () => submit(), skip: () => skip(), flag: () => flag(), undo: () => undo(), previous: () => previous(), help: () => help() })

  const frame = { foot: foot.node, notices, changed, notify, dismiss, announce, host }
  const subject = createSubject(frame)
  const commands = [
    ...subject.commands.map((one) => ({ ...one, when: (event) => ready() && (one.when?.(event) ?? true) })),
    { keys: ["t"], group: "This item", name: "Whole task, or its first line", run: () => head.toggle(), when: ready },
    { keys: ["ctrl+enter"], group: "This item", name: "Submit", run: () => submit(), typing: true, when: ready },
    { keys: ["s"], group: "This item", name: "Skip: leave it to others", run: () => skip(), when: fresh },
    { keys: ["f"], group: "This item", name: "Flag: tell the leads that something is wrong with it", run: () => flag(), when: fresh },
    { keys: ["u"], group: "Other items", name: "Undo your last submission (up to ten)", run: () => undo(), when: () => !busy },
    { keys: ["p"], group: "Other items", name: "Previous submissions, to change one", run: () => previous(), when: () => !busy },
    { keys: ["h"], group: "Other items", name: "This help", run: () => help() },
  ]
  const head = createHead(subject.aside)
  const body = el("div.desk-body", { hidden: true }, subject.node)
  host.classList.add("desk")
  host.replaceChildren(
    head.node,
    head.whole,
    body,
    blank,
    spoken,
  )
  const stopKeys = createKeys(host, commands)
  const stopFit = fitWindow(host)
  const desks = new BroadcastChannel("loopwright.desks")
  desks.onmessage = ({ data }) => {
    if (view?.item === data.submitted && !busy) submittedElsewhere({ message: "This item was submitted in another tab." })
  }
  const holding = setInterval(hold, HOLD_MS)
  leaveList()
  if (item) openItem(item)
  else takeNext()

  function ready() {
    return view !== null && !busy
  }

  // Not submitted yet: what was submitted can be changed or withdrawn, not skipped.
  function fresh() {
    return ready() && !view.submitted
  }

  // ---- items

  async function show(given, rest = {}) {
    generation += 1
    const mine = generation
    clearTimeout(again)
    clearTimeout(aheadTimer)
    const next = given?.loaded ? { ...ahead, ...given } : given
    ahead = null
    draft?.close()
    draft = null
    view = null
    if (rest.progress) head.drawProgress(rest.progress)
    for (const name of ["other", "submitted", "editing", "message", "held", "passed"]) dismiss(name)
    if (!next) return showBlank(rest.empty ?? "There is nothing to do in this queue.")
    const opened = await openDraft({
      person,
      view: next,
      collect,
      onState: foot.drawState,
      onOther: otherText,
      onSubmitted: submittedElsewhere,
    })
    if (mine !== generation) return opened.close()
    draft = opened
    view = next
    elsewhere = false
    attention.seconds = opened.body?.active_seconds ?? 0
    attention.touched = false
    head.drawTask(view.task)
    blank.hidden = true
    body.hidden = false
    subject.draw(view, draft.body)
    address(next.item)
    if (!next.draft) foot.drawState({ state: "new" })
    foot.show({ change: Boolean(next.submitted), fresh: !next.submitted })
    if (next.submitted) {
      const back = { label: "Back to the queue", run: () => takeNext() }
      notify("editing", `You submitted this at ${clock(next.submitted.submitted_at)} and are changing it. The earlier answers stay in the record.`, { actions: [back] })
    }
    if (view.state === "lapsed") hold()
    if (!busyElsewhere()) subject.focus()
    if (kind !== "pair" && !next.submitted) aheadTimer = setTimeout(loadAhead, AHEAD_MS)
  }

  // Somebody who is at a control of the page around the desk keeps it.
  function busyElsewhere() {
    const at = document.activeElement
    return at instanceof HTMLElement && at !== document.body && !at.shadowRoot && !at.contains(host) && at.matches("input, textarea, [role=combobox], [contenteditable]")
  }

  // A list of the page in which this desk or this queue was chosen has done its work: the next key is the desk's.
  function leaveList() {
    const at = document.activeElement
    if (busyElsewhere() && at.matches("[role=combobox]") && at.getAttribute("aria-expanded") !== "true") at.blur()
  }

  async function loadAhead() {
    const mine = generation
    try {
      const answer = await ask("GET", `api/queues/${asked}/ahead`)
      if (mine === generation) ahead = answer.item
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure // the next item is then loaded when it is due
    }
  }

  // Says that the person is still at the item; an item that others have taken meanwhile is said to be so.
  async function hold() {
    if (!view || busy || view.submitted || (view.state !== "lapsed" && !attention.present())) return
    const { item: id } = view
    try {
      const { held, note } = await ask("POST", `api/items/${id}/hold`, {})
      if (view?.item !== id) return
      if (held) dismiss("held")
      else notify("held", note, { tone: "bad", actions: [{ label: "Go on to the next", run: () => takeNext() }] })
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure
      if (!failure.unreachable && view?.item === id) notify("held", failure.message, { tone: "bad" })
    }
  }

  // Loads something that may fail because the server is away; then says so, and tries again by itself.
  async function load(work, orElse = null) {
    const mine = (generation += 1)
    clearTimeout(again)
    try {
      return await work()
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure
      if (mine !== generation) return
      if (failure.unreachable) {
        showBlank("The server cannot be reached. This page tries again every few seconds.")
        again = setTimeout(() => load(work, orElse), AGAIN_MS)
      } else if (orElse) await orElse(failure)
      else showBlank(failure.message)
    }
  }

  function takeNext(message = null) {
    return load(async () => {
      const answer = await ask("POST", `api/queues/${asked}/next`, { tab: tab() })
      await show(answer.item, answer)
      if (message) notify("message", message)
    })
  }

  function openItem(id, message = null) {
    if (!/^\d+$/.test(id)) return takeNext(`There is no item “${id}”. The next one is shown.`)
    return load(
      async () => {
        const next = await ask("GET", `api/items/${id}`)
        if (![kind].flat().includes(next.queue.subject)) {
          return takeNext(`Item ${id} is ${ELSEWHERE[next.queue.subject]}. The next one of this queue is shown.`)
        }
        asked = next.queue.id
        await show(next)
        if (message) notify("message", message)
        head.drawProgress(await ask("GET", `api/queues/${asked}/progress`))
      },
      (failure) => takeNext(`${failure.message} The next one is shown.`),
    )
  }

  // The address names the item on the screen: a reload and a copied link show it again.
  function address(id) {
    const url = new URL(window.location)
    if (id) url.searchParams.set("item", id)
    else url.searchParams.delete("item")
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url)
  }

  function showBlank(sentence) {
    address(null)
    view = null
    body.hidden = true
    blank.hidden = false
    head.clear()
    blank.replaceChildren(
      el("p.blank-text", {}, sentence),
      el(
        "div.row",
        {},
        el("button.primary", { type: "button", onclick: () => takeNext() }, "Look again"),
        keyButton("Undo my last", "U", () => undo()),
        keyButton("What I submitted", "P", () => previous()),
      ),
      notices,
    )
    blank.focus()
  }

  // ---- what the person does

  function changed() {
    draft?.changed()
  }

  function collect() {
    return { ...subject.collect(), active_seconds: Math.round(attention.seconds) }
  }

  // One action at a time: a second press while the first is on its way does nothing.
  async function act(work, refused) {
    if (busy) return
    busy = true
    foot.node.classList.add("busy")
    try {
      await work()
    } catch (failure) {
      if (!(failure instanceof Refused)) throw failure
      if (!refused?.(failure)) notify("message", failure.message, { tone: "bad" })
    } finally {
      busy = false
      foot.node.classList.remove("busy")
    }
  }

  function submit() {
    if (!ready()) return
    if (!attention.touched && Date.now() - handedAt < UNREAD_MS) return announce("This is the next item.")
    if (elsewhere) return notices.querySelector("[data-name=submitted] button").focus()
    const { item: id } = view
    act(
      async () => {
        dismiss("message")
        draft.pause()
        const sent = { tab: tab(), body: collect(), ...(draft.editing === null ? {} : { editing: draft.editing }) }
        if (ahead) sent.ahead = { item: ahead.item, n_steps: ahead.facts.n_steps, version: ahead.schema.version }
        const answer = await ask("POST", `api/items/${id}/submit`, sent)
        draft.finish()
        draft = null
        desks.postMessage({ submitted: id })
        await show(answer.next.item, answer.next)
        handedAt = Date.now()
        const lesson = answer.lesson ? " Your lesson waits for another reviewer or a lead." : ""
        announce(`Submitted at ${clock(answer.submitted_at)}.${lesson}`)
        if (answer.lesson_refused) lessonRefused(id, answer.lesson_refused)
        else if (answer.lesson_note) notify("lesson", answer.lesson_note)
        if (answer.note) notify("message", answer.note)
        else if (answer.passed) {
          const look = { label: "Look at it", run: () => window.open(new URL(`traces?trace=${answer.passed}`, document.baseURI), "_blank", "noopener") }
          notify("passed", "Another run of the task that you just submitted passed.", { actions: [look] })
        }
      },
      (failure) => {
        draft?.resume()
        if (failure.code === "submitted") return submittedElsewhere(failure)
        if (failure.unreachable) {
          notify("message", "The server could not be reached, so it is not certain that this was submitted. Everything is kept here: press Submit again, it counts once.", { tone: "bad" })
          return true
        }
        if (failure.field === "item" || failure.status === 403) return cannotBeTaken(failure)
        return failure.field && subject.invalid(failure.field, failure.message)
      },
    )
  }

  // The answers count; the lesson's text waits in the item that it was written with.
  function lessonRefused(id, why) {
    const edit = async () => {
      dismiss("lesson")
      await openItem(id)
      const asked = view?.item === id && view.schema.questions.find((one) => one.kind === "lesson")
      if (asked) subject.invalid(asked.key, why)
    }
    notify("lesson", `Submitted, but your lesson was not taken. ${why} Its text is kept with your answers.`, { tone: "bad", actions: [{ label: "Edit the lesson", run: edit }] })
  }

  // The item or the person is gone, not the text.
  function cannotBeTaken(failure) {
    const go = { label: "Go on to the next", run: () => takeNext() }
    notify("message", `${failure.message} What you typed is still on this screen.`, { tone: "bad", actions: failure.status === 403 ? [] : [go] })
    return true
  }

  function skip() {
    if (!fresh()) return
    const { item: id } = view
    act(async () => {
      const answer = await ask("POST", `api/items/${id}/skip`, {})
      await show(answer.next.item, answer.next)
      announce("Skipped.")
    })
  }

  function flag() {
    if (!fresh()) return
    const { item: id } = view
    openFlag(host, view.queue.discard, (reason, discard, done) =>
      act(
        async () => {
          const answer = await ask("POST", `api/items/${id}/flag`, { reason, discard })
          done(null)
          await show(answer.next.item, answer.next)
          announce(answer.discarded ? "Taken out of the queue for all." : discard ? "Flagged and skipped; your vote to take it out is kept." : "Flagged, and skipped.")
        },
        (failure) => {
          done(failure.message)
          return true
        },
      ),
    )
  }

  function undo() {
    act(async () => {
      await draft?.flush()
      const answer = await ask("POST", `api/queues/${asked}/undo`, {})
      await show(answer.item)
      notify("message", "Your last submission is withdrawn; its answers are here again as a draft.")
      head.drawProgress(await ask("GET", `api/queues/${asked}/progress`))
    })
  }

  function previous() {
    act(async () => {
      const { submissions } = await ask("GET", `api/queues/${asked}/mine`)
      openPrevious(host, submissions, openItem)
    })
  }

  function help() {
    openHelp(host, commands, { others: subject.otherKeys ?? [], terms: subject.terms(), guidelines: view?.schema?.guidelines ?? "" })
  }

  // ---- two tabs, and a submission made elsewhere

  function otherText({ body: other, at, from }) {
    const whose = from === "tab" ? "This item is also open in another tab; its text" : "Text of this item that was never sent from this browser,"
    const read = () => {
      const lines = subject.describe(other).map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])
      openDialog(host, `Kept text from ${clock(at)}`, el("dl.terms", {}, lines), { wide: true })
    }
    const use = () => {
      const mine = collect()
      attention.seconds = Math.max(attention.seconds, other.active_seconds ?? 0)
      subject.draw(view, other)
      changed()
      otherText({ body: mine, at: new Date().toISOString(), from: "tab" })
    }
    notify("other", `${whose} from ${clock(at)} is kept.`, { actions: [{ label: "Show", run: read }, { label: "Use it", run: use }] })
  }

  function submittedElsewhere(failure) {
    const id = view.item
    elsewhere = true
    const edit = () =>
      act(async () => {
        const fresh = await ask("GET", `api/items/${id}`)
        elsewhere = false
        draft.edit(fresh.submitted.revision)
        foot.show({ change: true, fresh: true })
        dismiss("submitted")
        notify("editing", `Submit replaces what was submitted at ${clock(fresh.submitted.submitted_at)}; that stays in the record.`)
      })
    const go = { label: "Go on to the next", run: () => takeNext() }
    notify("submitted", `${failure.message} It is still on this screen.`, { tone: "bad", actions: [{ label: "Edit my submission with this text", run: edit }, go] })
    foot.drawState({ state: "refused", message: "submitted elsewhere" })
    return true
  }

  return {
    update(data) {
      const before = given
      given = data
      const isNew = data.item && data.item !== before.item && data.item !== String(view?.item)
      if (data.queue !== before.queue) asked = data.queue
      if (isNew) openItem(data.item)
      else if (data.queue !== before.queue) {
        leaveList()
        takeNext()
      }
    },
    close() {
      generation += 1
      clearTimeout(again)
      clearTimeout(aheadTimer)
      clearInterval(holding)
      stopKeys()
      stopFit()
      desks.close()
      attention.stop()
      draft?.close()
    },
  }
}
