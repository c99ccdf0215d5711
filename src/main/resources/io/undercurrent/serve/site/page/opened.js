// One conversation: its last 60 records, each piece of text tinted by how it moved the sentiment.
import { bits, element, feeling, integer, percent, signed, time, tracePath } from "./format.js";
import { course, onTheme } from "./charts.js";

const RECORDS = 60;
const RETRY_MS = 2000;
const UNMOVED = 0.06; // a smaller step of the sentiment is not tinted
const RARE_BITS = 14; // less than one in 16,384

const section = document.getElementById("opened");
const article = section.querySelector("article");
const invitation = document.getElementById("invitation");
const log = document.getElementById("log");
const mood = document.getElementById("mood");
const chart = course(document.getElementById("chart"), number => show(number));
onTheme(() => chart.redraw());

let at = null; // of the conversation that is open
let records = [];
let beginnings = 0; // what was asked for before the last one is of no use
let reading = false;
let again = false;

/** Opens a conversation by its address, or none; one that is still to come out is not asked for yet. */
export function open(address, name, toCome) {
  at = address;
  empty();
  document.body.classList.toggle("opened", at !== null);
  article.hidden = at === null;
  invitation.hidden = at !== null;
  if (at !== null) {
    document.getElementById("key").textContent = name;
    mood.textContent = "";
    note(toCome ? "On its way \u2026" : "Reading it again, word by word \u2026");
    if (!toCome) read();
  }
}

/** Looks for records that came since. */
export async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    const asked = beginnings;
    if (at === null) break;
    const after = records.length ? records.at(-1).conversation.records : 0;
    try {
      const answer = await fetch(`${tracePath(at)}&after=${after}`);
      const trace = await answer.json();
      if (asked !== beginnings) {
        again = true;
      } else if (answer.ok) {
        add(trace.records);
        again = again || !trace.complete;
      } else {
        if (answer.status === 503) setTimeout(read, RETRY_MS);
        if (!records.length) note(trace.detail);
      }
    } catch {
      setTimeout(read, RETRY_MS); // the app may be starting again
    }
  } while (again);
  reading = false;
}

/** All is read anew. */
export function restart() {
  empty();
  read();
}

/** The key was forgotten: what comes next begins anew. */
export function forget() {
  empty();
  mood.textContent = "";
  chart.setData([[], [], []]);
  note("Forgotten: a tombstone came.");
}

function empty() {
  beginnings++;
  records = [];
  log.replaceChildren();
}

function note(text) {
  log.replaceChildren(element("li", { class: "note" }, text));
}

function add(more) {
  if (!more.length) return;
  const atEnd = innerHeight + scrollY >= document.body.scrollHeight - 80
    && section.scrollHeight - section.scrollTop - section.clientHeight < 80;
  const first = !records.length;
  if (first) log.replaceChildren();
  for (const record of more) {
    records.push(record);
    log.append(item(record));
    if (records.length > RECORDS) {
      records.shift();
      log.firstElementChild.remove();
    }
  }
  const now = records.at(-1).conversation;
  mood.replaceChildren(signed(now.score),
    element("span", {}, ` after ${integer(now.records)} ${now.records === 1 ? "record" : "records"}`));
  mood.dataset.feeling = feeling(now.score);
  chart.setData([
    records.map(r => r.conversation.records),
    records.map(r => r.conversation.score),
    records.map(r => r.sentiment?.score ?? null),
  ]);
  document.getElementById("chart").setAttribute("aria-label",
    `Mood over the last ${records.length} records, now ${feeling(now.score)}, ${signed(now.score)}`);
  if (first || atEnd) log.lastElementChild.scrollIntoView({ block: "nearest" });
}

function item(record) {
  const number = record.conversation.records;
  const text = element("p", { class: "record-text" });
  const detail = element("p", { class: "detail", role: "status" });
  record.pieces.forEach((piece, i) => {
    const before = i ? record.pieces[i - 1].score : record.before;
    const [, space, word] = piece.text.match(/^(\s*)([^]*)$/);
    text.append(space, token(word, piece, piece.score - before, detail));
  });
  if (!record.pieces.length) text.append(record.text || "(no text)");
  text.addEventListener("keydown", walk);
  const first = text.querySelector("button");
  if (first) first.tabIndex = 0;
  const made = element("li", { id: `record-${number}`, "data-feeling": feeling(record.sentiment?.score ?? null) },
    meta(record, number), text, detail, ...facts(record));
  return made;
}

function token(word, piece, moved, detail) {
  const strength = Math.abs(moved) < UNMOVED ? 0 : Math.min(1, Math.abs(moved) / 0.6);
  const made = element("button", {
    type: "button",
    tabindex: "-1",
    class: "token" + (piece.bits > RARE_BITS ? " rare" : ""),
    "data-moved": strength === 0 ? "" : moved < 0 ? "down" : "up",
    "--strength": strength.toFixed(2),
    "aria-label": `${word}, moved ${signed(moved)}`,
  }, word);
  const tell = () => detail.replaceChildren(
    element("b", {}, word), ` moved it ${signed(moved)} to ${signed(piece.score)}; cost ${bits(piece.bits)}, expected at `
      + `${percent(piece.probability)}`,
    ...(piece.expected.length ? [" \u2014 likelier: ", ...words(piece.expected)] : []));
  made.addEventListener("mouseenter", tell);
  made.addEventListener("focus", tell);
  made.addEventListener("click", tell);
  return made;
}

/** Left and right walk over the words of a record. */
function walk(event) {
  const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
  const next = step && event.target[step];
  if (next) {
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

function meta(record, number) {
  const made = element("p", { class: "meta" },
    element("span", { class: "number" }, `#${integer(number)}`));
  const when = time(record.source?.timestamp ?? null);
  if (when) made.append(element("time", {}, when));
  if (record.sentiment) {
    made.append(element("span", { class: "score", "data-feeling": feeling(record.sentiment.score) },
      `${record.sentiment.label} ${signed(record.sentiment.score)}`));
    made.append(element("span", {}, `${record.surprise.bitsPerToken.toFixed(1)} bits a token`));
  }
  if (record.truncated) made.append(element("span", {}, "cut"));
  if (!record.exact) {
    made.append(element("span", {
      title: "Earlier records of this key are not at hand: its words are tinted as if it began here.",
    }, "approximate"));
  }
  return made;
}

function words(tokens) {
  return tokens.flatMap((t, i) => [i ? ", " : "", element("i", {}, t.token), ` ${percent(t.probability)}`]);
}

function facts(record) {
  const made = [];
  const rarest = record.pieces.reduce((a, b) => (a && a.bits >= b.bits ? a : b), null);
  if (rarest && rarest.expected.length) {
    made.push(element("p", { class: "fact" }, element("span", {}, "least expected"),
      element("b", {}, rarest.text.trim()), ` at ${percent(rarest.probability)}, rather than `, ...words(rarest.expected)));
  }
  if (record.next.length) {
    made.push(element("p", { class: "fact" }, element("span", {}, "next, it expects"), ...words(record.next.slice(0, 4))));
  }
  for (const past of record.attention?.records ?? []) {
    const link = element("a", { href: `#record-${past.record}` }, `#${integer(past.record)}`);
    link.addEventListener("click", event => {
      event.preventDefault();
      show(past.record);
    });
    link.addEventListener("mouseenter", () => light(past.record, past.weight, true));
    link.addEventListener("mouseleave", () => light(past.record, past.weight, false));
    link.addEventListener("focus", () => light(past.record, past.weight, true));
    link.addEventListener("blur", () => light(past.record, past.weight, false));
    made.push(element("p", { class: "fact" }, element("span", {}, "looked back at"), link,
      ` ${percent(past.weight)} `,
      element("mark", { "--strength": Math.min(1, past.weight).toFixed(2) }, past.text)));
  }
  if (record.attention?.tokens.length) {
    made.push(element("p", { class: "fact" }, element("span", {}, "repeats from"),
      ...record.attention.tokens.flatMap((t, i) => [i ? ", " : "",
        element("mark", { "--strength": Math.min(1, t.weight).toFixed(2) }, t.token), ` in #${integer(t.record)}`])));
  }
  return made;
}

function light(number, weight, on) {
  const past = document.getElementById(`record-${number}`);
  past?.classList.toggle("looked-at", on);
  past?.style.setProperty("--strength", weight.toFixed(2));
}

function show(number) {
  const past = document.getElementById(`record-${number}`);
  if (!past) return;
  past.scrollIntoView({ block: "center" });
  past.querySelector("button")?.focus({ preventScroll: true });
}
