// The opened conversation: its last 60 records, with each piece of text tinted by how it changed the sentiment.
import { bits, element, feeling, felt, integer, percent, signed, time, tracePath } from "./format.js";
import { ask } from "./app.js";
import { course, onTheme } from "./charts.js";

const RECORDS = 60;
const RETRY_MS = 2000;
const UNMOVED = 0.06; // a smaller change of the sentiment is not tinted
const RARE_BITS = 14; // a probability below 1 in 16,384

const section = document.getElementById("opened");
const article = section.querySelector("article");
const invitation = document.getElementById("invitation");
const log = document.getElementById("log");
const mood = document.getElementById("mood");
const chart = course(document.getElementById("chart"), number => show(number));
onTheme(() => chart.redraw());

let at = null; // address of the open conversation; null for none
let records = [];
let generation = 0; // counts openings and restarts; answers of an earlier one are ignored
let reading = false;
let again = false;

/** Opens a conversation by its address; null closes it. If toCome, its first record is not enriched yet and not requested. */
export function open(address, name, toCome) {
  at = address;
  empty();
  document.body.classList.toggle("opened", at !== null);
  article.hidden = at === null;
  invitation.hidden = at !== null;
  if (at !== null) {
    document.getElementById("key").textContent = name;
    mood.textContent = "";
    note(toCome ? "Waiting for the enriched record \u2026" : "Computing the effect of each word \u2026");
    if (!toCome) read();
  }
}

/** Requests records that are newer than those shown. */
export async function read() {
  if (reading) {
    again = true;
    return;
  }
  reading = true;
  do {
    again = false;
    const asked = generation;
    if (at === null) break;
    const after = records.length ? records.at(-1).conversation.records : 0;
    try {
      const answer = await ask(`${tracePath(at)}&after=${after}`);
      const trace = await answer.json();
      if (asked !== generation) {
        again = true;
      } else if (answer.ok) {
        add(trace.records);
        again = again || !trace.complete;
      } else {
        if (answer.status === 503) setTimeout(read, RETRY_MS);
        if (!records.length) note(trace.detail);
      }
    } catch (error) {
      console.error(error);
      setTimeout(read, RETRY_MS); // the app may be restarting
    }
  } while (again);
  reading = false;
}

/** Requests all records again. */
export function restart() {
  empty();
  read();
}

/** Shows that the key was forgotten. Later records start a new conversation. */
export function forget() {
  empty();
  mood.textContent = "";
  chart.setData([[], [], []]);
  note("A tombstone was received: this key is forgotten.");
}

function empty() {
  generation++;
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
  const latest = records.at(-1);
  const now = latest.conversation;
  const unscored = records.some(r => r.sentiment && r.sentiment.score === null); // labels without valences
  mood.replaceChildren(unscored && latest.sentiment ? feels(latest.sentiment) : signed(now.score),
    element("span", {}, ` after ${integer(now.records)} ${now.records === 1 ? "record" : "records"}`));
  mood.dataset.feeling = feeling(now.score);
  article.classList.toggle("unscored", unscored);
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
    text.append(space, token(word, piece, piece.score === null ? null : piece.score - before, detail));
  });
  if (!record.pieces.length) text.append(record.text || "(no text)");
  text.addEventListener("keydown", walk);
  const first = text.querySelector("button");
  if (first) first.tabIndex = 0;
  const made = element("li", { id: `record-${number}`, "data-feeling": feeling(record.sentiment?.score ?? null) },
    meta(record, number), text, detail, ...facts(record));
  return made;
}

const feels = sentiment => felt(sentiment.label, sentiment.score, sentiment.probabilities[sentiment.label]);

/** A piece of text. moved is by how much it changed the sentiment; null for labels without a score. */
function token(word, piece, moved, detail) {
  const change = moved === null ? "" : `changed the sentiment by ${signed(moved)}`;
  const strength = moved === null ? 0 : Math.abs(moved) < UNMOVED ? 0 : Math.min(1, Math.abs(moved) / 0.6);
  const made = element("button", {
    type: "button",
    tabindex: "-1",
    class: "token" + (piece.bits > RARE_BITS ? " rare" : ""),
    "data-moved": strength === 0 ? "" : moved < 0 ? "down" : "up",
    "--strength": strength.toFixed(2),
    "aria-label": change ? `${word}, ${change}` : word,
  }, word);
  const tell = () => detail.replaceChildren(
    element("b", {}, word), (change ? ` ${change} to ${signed(piece.score)}; ` : " ")
      + `surprise ${bits(piece.bits)}, probability ${percent(piece.probability)}`,
    ...(piece.expected.length ? ["; likelier: ", ...words(piece.expected)] : []));
  made.addEventListener("mouseenter", tell);
  made.addEventListener("focus", tell);
  made.addEventListener("click", tell);
  return made;
}

/** The left and right arrow keys move between the words of a record. */
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
      feels(record.sentiment)));
    if (record.sentiment.uncertain) {
      made.append(element("span", {
        title: `The network does not know ${integer(record.surprise.unknown)} of the ${integer(record.surprise.tokens)} words and signs, so the sentiment says little.`,
      }, "uncertain"));
    }
    made.append(element("span", {}, `${record.surprise.bitsPerToken.toFixed(1)} bits per token`));
  }
  if (record.truncated) made.append(element("span", {}, "text cut"));
  if (!record.exact) {
    made.append(element("span", {
      title: "Earlier records of this key are not available, so the words are tinted as if the conversation started here.",
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
    made.push(element("p", { class: "fact" }, element("span", {}, "least expected word"),
      element("b", {}, rarest.text.trim()), ` (${percent(rarest.probability)}), likelier: `, ...words(rarest.expected)));
  }
  if (record.endProbability !== undefined) {
    made.push(element("p", { class: "fact" }, element("span", {}, "probability that the text ends here"), percent(record.endProbability)));
  }
  if (record.next.length) {
    made.push(element("p", { class: "fact" }, element("span", {}, "next message likely starts with"), ...words(record.next.slice(0, 4))));
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
