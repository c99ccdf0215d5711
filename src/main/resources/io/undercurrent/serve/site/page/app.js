// Requests to the app. If it wants a token, each carries it. A tab keeps its token until it is closed.

const KEPT = "undercurrent-token";

export const keepToken = token => sessionStorage.setItem(KEPT, token);

/** As fetch, with the token. */
export function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  const token = sessionStorage.getItem(KEPT);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  return fetch(path, { ...options, headers });
}

/**
 * Reads server-sent events until they end. An EventSource could send no token.
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
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return answer.status;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const [, field, value] = line.match(/^(\w+): ?(.*)$/) ?? [];
      if (field) event[field] = value; // each of our fields is one line
      else if (line === "") {
        told(event);
        event = {};
      }
    }
  }
}
