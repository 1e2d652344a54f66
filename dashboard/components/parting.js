// Where two runs part: how many steps they have in common from their beginning.

// Two steps are the same when they are of one kind and name and show the same blocks; times and costs may differ.
export function sharedStart(one = [], two = []) {
  let count = 0
  while (count < one.length && count < two.length && told(one[count]) === told(two[count])) count += 1
  return count
}

function told(step) {
  const blocks = step.blocks.filter((block) => !block.folded)
  // a model's step is named after its model
  return JSON.stringify([step.kind, step.kind === "llm" ? "" : step.name, step.error, blocks.map((block) => [block.type, block.label, block.text, block.total])])
}
