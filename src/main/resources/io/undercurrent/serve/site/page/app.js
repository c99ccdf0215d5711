// Requests to the app. If it wants a token, each carries it. A tab keeps its token until it is closed.

const KEPT = "undercurrent-token";
let token = kept();

/** Sends this token from now on. The tab keeps it, if the browser lets it. */
export function keepToken(given) {
  token = given;
  try {
    sessionStorage.setItem(KEPT, given);
  } catch {
    // the browser forbids storage: the token is asked for again when the page is loaded again
  }
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null; // the browser forbids storage
  }
}

/** As fetch, with the token. */
export function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  return fetch(path, { ...options, headers });
}

/**
 * Reads server-sent events until they end, or until told fails. An EventSource could send no token.
 *
 * @param lastId the id of the last event that was read; null for none
 * @param told called with the name, data and id of each event
 * @returns the status of the answer; there are events only if it is 200
 */
export async function listen(path, lastId, told) {
  const answer = await ask(path, { headers: lastId === null ? {} : { "Last-Event-ID": lastId }, cache: "no-store" });
  if (!answer.ok) return answer.status;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = {};
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return answer.status;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const [, field, value] = line.match(/^(\w+): ?(.*)$/s) ?? []; // s: a text may contain U+2028
        if (field) event[field] = value; // each of our fields is one line
        else if (line === "") {
          told(event);
          event = {};
        }
      }
    }
  } finally {
    await reader.cancel(); // ends the request, so that the app gets its stream back
  }
}
