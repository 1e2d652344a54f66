// Which questions are on the form, given what was answered: as core.review.answers.asked_questions reads it.

export function askedKeys(schema, work) {
  const said = new Map(Object.entries(work.answers).map(([key, value]) => [key, [value].flat().map(String)]))
  for (const { question, value } of work.marks) said.set(question, [...(said.get(question) ?? []), value])
  const asked = new Set()
  for (const { key, shown_if: condition } of schema.questions) {
    const given = condition && asked.has(condition.question) ? (said.get(condition.question) ?? []) : []
    if (!condition || (condition.values.length ? given.some((value) => condition.values.includes(value)) : given.length)) asked.add(key)
  }
  return asked
}

// What belongs to the questions that are asked, and, `aside`, to those that are not: kept in the draft, never answered.
export function parted(schema, work) {
  const asked = askedKeys(schema, work)
  const on = { answers: {}, marks: [], corrections: [], lesson: null }
  const aside = structuredClone(on)
  const kinds = new Set(schema.questions.filter((one) => asked.has(one.key)).map((one) => one.kind))
  for (const [key, value] of Object.entries(work.answers)) (asked.has(key) ? on : aside).answers[key] = value
  for (const mark of work.marks) (asked.has(mark.question) ? on : aside).marks.push({ ...mark })
  const corrected = kinds.has("correction") ? on : aside
  corrected.corrections = work.corrections.map((one) => ({ ...one }))
  const taught = kinds.has("lesson") ? on : aside
  taught.lesson = work.lesson && { ...work.lesson }
  const empty = !Object.keys(aside.answers).length && !aside.marks.length && !aside.corrections.length && !aside.lesson
  return empty ? on : { ...on, aside }
}

// The other way round: all of a body, as it was worked on.
export function together(body) {
  const { aside, ...on } = { answers: {}, marks: [], corrections: [], lesson: null, ...structuredClone(body ?? {}) }
  if (!aside) return on
  return {
    ...on,
    answers: { ...aside.answers, ...on.answers },
    marks: [...on.marks, ...aside.marks],
    corrections: [...on.corrections, ...aside.corrections],
    lesson: on.lesson ?? aside.lesson,
  }
}
