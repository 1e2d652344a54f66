// Verdicts on steps: one a step, none until somebody judges it; with cascade, all steps after the first −1 are −1, too.

export const CASCADE = "cascade"

export const VERDICTS = [
  { value: "1", label: "Good", sign: "+", keys: ["+"] },
  { value: "0", label: "Neutral", sign: "0", keys: ["0", "="] },
  { value: "-1", label: "Bad", sign: "−", keys: ["-"] },
]

// What a question calls its verdicts, with the keys that give them.
export function verdictsOf(question) {
  return VERDICTS.map((verdict) => {
    const option = question.options.find(({ value }) => value === verdict.value)
    return { ...verdict, ...(option && { label: option.label, definition: option.definition }), letter: option?.key ?? "" }
  })
}

// Judges a step, or takes the same verdict back. `order`: the ids of the steps that can be judged, as they are read.
// Returns whether it was done: after the first −1 of a cascade nothing else can be said.
export function judge(work, question, order, stepId, value) {
  const first = firstBad(work, question, order)
  if (question.cascade && first >= 0 && order.indexOf(stepId) > first) return false
  gather(work, question)
  const mine = work.marks.findIndex((one) => one.question === question.key && one.step_id === stepId)
  const same = mine >= 0 && work.marks[mine].value === value
  if (mine >= 0) work.marks.splice(mine, 1)
  if (!same) work.marks.push(mark(question, stepId, value))
  spread(work, question, order)
  return true
}

// Takes back what a cascade said by itself; what a person had said of these steps stands again.
export function gather(work, question) {
  for (let at = work.marks.length - 1; at >= 0; at -= 1) {
    const one = work.marks[at]
    if (one.question !== question.key || one.suggested !== CASCADE) continue
    if (one.was === undefined) work.marks.splice(at, 1)
    else Object.assign(one, { value: one.was, suggested: "", was: undefined })
  }
}

export function spread(work, question, order) {
  const first = firstBad(work, question, order)
  if (!question.cascade || first < 0) return
  for (const id of order.slice(first + 1)) {
    const said = work.marks.find((one) => one.question === question.key && one.step_id === id)
    if (!said) work.marks.push({ ...mark(question, id, "-1"), suggested: CASCADE })
    else if (said.suggested !== CASCADE) Object.assign(said, { was: said.value, value: "-1", suggested: CASCADE })
  }
}

export function firstBad(work, question, order) {
  const bad = new Set(work.marks.filter((one) => one.question === question.key && one.value === "-1").map((one) => one.step_id))
  return order.findIndex((id) => bad.has(id))
}

function mark({ key }, stepId, value) {
  return { question: key, step_id: stepId, value, quote: "", comment: "", impact: "" }
}
