// What an annotator says about steps: points at them, chooses what went wrong, marks words, gives verdicts, corrects.
//
//   createMarking({run, beside, frame, schema, work, asked(), judged, order, all, reader(), stepName(id), changed(id, shows),
//     focus()}) -> marking
//     run, beside: where the steps and the form stand; work: {answers, marks, corrections}, which it changes;
//     asked(): the questions that are on the form now; judged: the step that the item is about, or ""; order: the ids of
//     the steps that can be judged; all: those of all steps; changed: to be called after each change
//   marking: the actions that the form and the steps offer (form_marks.js, step_work.js); pickerIsOpen(), closePicker(back)

import { createPicker } from "./picker.js"
import { selectedText, selectedWords } from "./selection.js"
import { beginning, categoriesOf, correctable } from "./step_work.js"
import { gather, judge as judgeStep, spread, verdictsOf } from "./verdicts.js"

export function createMarking({ run, beside, frame, schema, work, asked, judged, order, all, reader, stepName, changed, focus }) {
  let picker = null

  const first = (kind) => asked().find((one) => one.kind === kind)

  // ---- a step that is pointed at

  function point(question = first("step")) {
    const step = reader().current()
    if (step && question) pointAt(step, question)
  }

  // Marks of the run are one, marks that belong to steps as many as there are steps.
  function pointAt(step, question) {
    const mine = work.marks.filter((one) => one.question === question.key)
    const here = mine.find((one) => one.step_id === step.step_id)
    const gone = here ? [here] : question.belongs === "step" ? [] : mine
    for (const one of gone) work.marks.splice(work.marks.indexOf(one), 1)
    if (!here) work.marks.push({ question: question.key, step_id: step.step_id, value: "", quote: "", comment: "", impact: "" })
    for (const one of gone) reader().refresh(one.step_id)
    changed(step.step_id)
    frame.announce(here ? `${question.title}: the mark is taken back.` : `${question.title}: ${stepName(step.step_id)}.`)
  }

  // A rule's suggestion becomes the mark of a step, where that question is open, else one of the categories.
  function takeOver({ step_id: found, cause, rule }) {
    const stepId = cause || found
    const question = first("step")
    const open = question && (question.belongs === "step" || !work.marks.some((one) => one.question === question.key))
    const categories = categoriesOf(asked())
    if (open && !work.marks.some((one) => one.question === question.key && one.step_id === stepId)) {
      work.marks.push({ question: question.key, step_id: stepId, value: "", quote: "", comment: "", impact: "", suggested: rule })
      changed(stepId)
      frame.announce(`${question.title}: ${stepName(stepId)}, as suggested.`)
    } else if (categories.length && (!judged || judged === stepId)) {
      openPicker(categories, { step_id: stepId }, (choice) => addMark({ step_id: stepId }, choice, rule))
    } else frame.announce("This schema has nothing to mark it with.")
  }

  // ---- what went wrong

  function mark(question) {
    const step = judged ? stepToJudge() : reader().current()
    if (step) openPicker([question], step)
  }

  function markStep(step = judged ? stepToJudge() : reader().current()) {
    const questions = categoriesOf(asked())
    if (questions.length && step) openPicker(questions, step)
    else if (!questions.length) markRun(first("taxonomy"))
  }

  function markRun(question) {
    openPicker([question], null)
  }

  function stepToJudge() {
    if (reader().current()?.step_id === judged) return reader().current()
    reader().jumpTo(judged)
    frame.announce("Only the step to judge is marked: here it is.")
    return null
  }

  function openPicker(questions, step, taking = null) {
    closePicker(false)
    const before = run.getRootNode().activeElement
    const taken = (choice) =>
      step
        ? work.marks.some((one) => one.step_id === step.step_id && one.question === choice.question && one.value === choice.value)
        : (work.answers[choice.question] ?? []).includes(choice.value)
    const onTake = (choice) => {
      if (taking) taking(choice)
      else if (step) addMark(step, choice)
      else addToRun(choice)
    }
    const opened = createPicker({
      questions,
      title: questions.length > 1 ? "Categories" : questions[0].title,
      where: step ? stepName(step.step_id) : "the whole run",
      quoted: () => (step ? selectedText(run) : ""),
      details: step !== null,
      taken,
      onTake,
      onClose: () => closePicker(true),
    })
    picker = { ...opened, before }
    beside.append(picker.node)
    picker.focus()
  }

  function closePicker(back) {
    if (!picker) return
    const { close, before } = picker
    picker = null
    close()
    if (!back) return
    if (before?.isConnected) before.focus({ preventScroll: true })
    else focus()
  }

  function addMark(step, { question, value, impact, comment, quote }, suggested = "") {
    const same = work.marks.find((one) => one.step_id === step.step_id && one.question === question && one.value === value)
    if (same) Object.assign(same, { impact, comment: comment || same.comment, quote: quote || same.quote })
    else work.marks.push({ question, step_id: step.step_id, value, quote, comment, impact, ...(suggested && { suggested }) })
    changed(step.step_id)
    frame.announce(`Marked ${value} on ${stepName(step.step_id)}.`)
  }

  function addToRun({ question, value }) {
    work.answers[question] = [...new Set([...(work.answers[question] ?? []), value])]
    changed(null, true)
  }

  // ---- words

  function markWords(question = first("span")) {
    if (!question) return
    const words = selectedWords(run, reader().current())
    if (words.refused) return frame.announce(words.refused)
    const step = reader().current()
    if (!question.options.length) return addWords(question, step, words, "")
    openPicker([question], step, (choice) => addWords(question, step, { ...words }, choice.value, choice.comment))
  }

  function addWords(question, step, { quote, start, end }, value, comment = "") {
    const mine = work.marks.filter((one) => one.question === question.key)
    for (const one of mine) {
      const same = one.step_id === step.step_id && one.start === start && one.end === end && one.value === value
      if (same || question.belongs === "trace") work.marks.splice(work.marks.indexOf(one), 1)
    }
    work.marks.push({ question: question.key, step_id: step.step_id, value, quote, start, end, comment, impact: "" })
    for (const one of mine) reader().refresh(one.step_id)
    changed(step.step_id)
    frame.announce(`Marked the words “${quote.slice(0, 60)}”.`)
  }

  // ---- verdicts

  function judge(question, value, step = judged ? stepToJudge() : reader().current()) {
    if (!step) return
    if (!order.includes(step.step_id)) return frame.announce("Only what the agent did is judged. Shift+J goes to the next step without a verdict.")
    if (!judgeStep(work, question, order, step.step_id, value)) return frame.announce("Everything after the first −1 is −1, too. Take that one back first.")
    reader().refresh()
    changed(null, true)
    const said = work.marks.find((one) => one.question === question.key && one.step_id === step.step_id)
    const label = said && verdictsOf(question).find((one) => one.value === said.value).label
    const after = question.cascade && said?.value === "-1" ? ", and all steps after it, too" : ""
    frame.announce(said ? `${stepName(step.step_id)}: ${label}${after}.` : `${stepName(step.step_id)}: the verdict is taken back.`)
  }

  function pressVerdict(value) {
    const question = first("step_verdict")
    if (question) judge(question, value)
  }

  // The next step of the agent without a verdict, from the cursor on; round again at the end.
  function nextUnjudged(question = first("step_verdict")) {
    const said = new Set(work.marks.filter((one) => one.question === question.key).map((one) => one.step_id))
    const here = all.indexOf(reader().current()?.step_id)
    const waiting = order.filter((id) => !said.has(id))
    const next = waiting.find((id) => all.indexOf(id) > here) ?? waiting[0]
    if (next) reader().jumpTo(next)
    else frame.announce("Every step has its verdict.")
  }

  // ---- taking back

  function unmark(one) {
    const question = schema.questions.find(({ key }) => key === one.question)
    if (question?.cascade) gather(work, question)
    work.marks.splice(work.marks.indexOf(one), 1)
    if (question?.cascade) {
      spread(work, question, order)
      reader().refresh()
    }
    changed(one.step_id)
    keepFocus()
  }

  function unmarkRun(question, value) {
    work.answers[question.key] = work.answers[question.key].filter((each) => each !== value)
    changed(null, true)
    keepFocus()
  }

  // ---- correcting

  function correct() {
    const step = judged ? stepToJudge() : reader().current()
    if (step) correctStep(step)
  }

  async function correctStep(step) {
    if (!correctable(step)) return frame.announce("Only what the agent said or did can be corrected.")
    if (!work.corrections.some((one) => one.step_id === step.step_id)) {
      work.corrections.push({ step_id: step.step_id, corrected: beginning(step), original: step.written })
      changed(step.step_id)
    }
    await reader().jumpTo(step.step_id)
    run.querySelector(`[data-correction="${CSS.escape(step.step_id)}"]`)?.focus()
  }

  function uncorrect(stepId) {
    work.corrections.splice(work.corrections.findIndex((one) => one.step_id === stepId), 1)
    changed(stepId)
    keepFocus()
  }

  function keepFocus() {
    const root = run.getRootNode()
    if (!root.activeElement || !frame.host.contains(root.activeElement)) focus()
  }

  return {
    isFirst: (question) => schema.questions.find((one) => one.kind === question.kind) === question,
    currentStep: () => reader()?.current(),
    pickerIsOpen: () => picker !== null,
    ...{ point, pointAt, takeOver, mark, markStep, markRun, markWords, judge, pressVerdict, nextUnjudged, unmark, unmarkRun, correct, correctStep, uncorrect, closePicker },
  }
}
