// Talks to our own routes: JSON there and back, and one error that says what happened.

const ANSWER_WITHIN_MS = 20000

// `status` 0: no answer came (offline, the server is down or too slow); then it is not known whether it was done.
export class Refused extends Error {
  constructor(status, { code = "unreachable", message, field = null }, answer = {}) {
    super(message)
    this.status = status
    this.code = code
    this.field = field
    this.answer = answer
  }

  get unreachable() {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export async function ask(method, path, body, { signal, keepalive = false } = {}) {
  const limit = AbortSignal.timeout(ANSWER_WITHIN_MS)
  let response
  try {
    response = await fetch(new URL(path, document.baseURI), {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      keepalive,
    })
  } catch (failure) {
    if (signal?.aborted) throw failure
    throw new Refused(0, { message: "The server cannot be reached." })
  }
  const answer = await response.json().catch(() => null)
  if (response.ok && answer !== null) return answer
  const error = answer?.error ?? { code: "unreachable", message: `The server answered ${response.status} without a reason.` }
  throw new Refused(response.ok ? 502 : response.status, error, answer ?? {})
}
