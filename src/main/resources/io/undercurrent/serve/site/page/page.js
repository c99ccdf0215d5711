// The live page: shows the events of /v1/live.
import { add, choose, clear } from "./conversations.js";
import { ask, keepToken, listen } from "./app.js";
import { forget, open, read, restart } from "./opened.js";
import { address, integer, keyOf } from "./format.js";

const RECONNECT_MS = 3000;
const RETRY_MS = 5000; // after a refusal
const REREAD_MS = 10000; // while events are left out continuously
const byId = id => document.getElementById(id);
const names = new Map(); // names of the last 1,000 addresses
let connected = false;
let lastId = null; // of the last event
let sentTo = null; // address of the last message's key
let missed = 0; // number of events that were left out
let missing = false; // whether to read the open conversation again because of them
let readMs = 0; // when it was last read again

async function connect() {
  let waitMs = RECONNECT_MS;
  let why = "reconnecting";
  try {
    const status = await listen("/v1/live", lastId, heard);
    if (status === 401) {
      askForToken();
      return;
    }
    if (status !== 200) {
      waitMs = RETRY_MS;
      why = status === 503 ? "too many pages are open, trying again" : `refused (${status}), trying again`;
    }
  } catch (error) {
    console.error(error); // the app is gone or restarts, or an event cannot be shown
  }
  connected = false;
  say("waiting", why);
  setTimeout(connect, waitMs);
}

function heard({ event, data, id }) {
  lastId = id ?? lastId;
  ({ hello, records, status })[event]?.(JSON.parse(data));
}

/** Shows the form for the token. After a wrong one it says so. */
function askForToken() {
  say("waiting", "needs a token");
  byId("door").hidden = false;
  byId("wrong").hidden = byId("token").value === "";
  byId("token").value = "";
  byId("token").focus();
}

byId("door").addEventListener("submit", event => {
  event.preventDefault();
  keepToken(byId("token").value);
  byId("door").hidden = true;
  connect();
});

function hello({ returning, model, input }) {
  connected = true;
  say("live", "live");
  byId("token").value = "";
  if (!returning) {
    clear();
    if (opened()) restart();
  }
  byId("model").textContent = model.name;
  byId("model").title = `fingerprint ${model.fingerprint}`;
  byId("send").hidden = !input;
}

function records(summaries) {
  let ours = false;
  for (const summary of summaries) {
    const at = address(summary);
    names.delete(at);
    names.set(at, summary.key);
    if (names.size > 1000) names.delete(names.keys().next().value);
    add(summary);
    if (at === opened()) {
      if (summary.forgotten) forget();
      else ours = true;
    }
  }
  if (ours) read();
}

function status({ records, conversations, perSecond, leftOut, lag, state, problem }) {
  byId("records").textContent = integer(records);
  byId("count").textContent = integer(conversations);
  byId("rate").textContent = perSecond.toFixed(perSecond < 10 ? 1 : 0);
  byId("lag").textContent = lag === null ? "\u2013" : integer(lag);
  readMissed(leftOut);
  if (state !== "RUNNING") say("waiting", state.toLowerCase().replaceAll("_", " "));
  else if (problem) say("waiting", problem);
  else if (leftOut > 0) say("live", `live, ${integer(leftOut)} records left out`);
  else if (connected) say("live", "live");
}

/** Events that were left out may belong to the open conversation: reads it again once no more are left out, or every 10 s. */
function readMissed(leftOut) {
  const more = leftOut !== missed;
  missed = leftOut;
  missing ||= more;
  if (!missing || (more && performance.now() - readMs < REREAD_MS)) return;
  missing = false;
  readMs = performance.now();
  if (opened()) read();
}

function say(kind, text) {
  const connection = byId("connection");
  if (connection.textContent !== text) connection.textContent = text;
  connection.dataset.kind = kind;
}

/** The address of the open conversation, after the # of the URL; null for none. */
function opened() {
  const at = location.hash.slice(1);
  return /^(\w+:)?[\w-]+$/.test(at) && !at.startsWith("record-") ? at : null;
}

function nameOf(at) {
  return names.get(at) ?? keyOf(at);
}

function route() {
  const at = opened();
  choose(at);
  open(at, at === null ? null : nameOf(at), at === sentTo && !names.has(at));
  if (at !== null) byId("send-key").value = nameOf(at);
}

byId("send").addEventListener("submit", async event => {
  event.preventDefault();
  const key = byId("send-key").value;
  const text = byId("send-text").value;
  const sent = byId("sent");
  sent.textContent = "sending \u2026";
  try {
    const answer = await ask("/v1/messages", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ key, text }),
    });
    const told = await answer.json();
    sent.textContent = answer.ok ? `sent to ${told.topic}, offset ${integer(told.offset)}` : told.detail;
    if (answer.ok) {
      byId("send-text").value = "";
      sentTo = address(told);
      location.hash = sentTo;
    }
  } catch (error) {
    console.error(error);
    sent.textContent = "not sent: the app does not answer";
  }
});

document.addEventListener("keydown", event => {
  if (event.key === "Escape" && opened() && !event.target.matches("input, select")) location.hash = "";
});
addEventListener("hashchange", () => {
  route();
  if (opened()) byId("opened").focus({ preventScroll: true });
});
byId("send-key").value = "you";
route();
connect();
