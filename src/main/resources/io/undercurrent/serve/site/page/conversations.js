// The list of conversations: at most 100 conversations, each with its last 60 moods.
import { address, element, feeling, felt, signed } from "./format.js";
import { sparkline, onTheme } from "./charts.js";

const CONVERSATIONS = 100;
const MOODS = 60;
const SORT_MS = 2000;
const WIDTH = 92;
const HEIGHT = 36;

const list = document.getElementById("list");
const none = document.getElementById("none");
const order = document.getElementById("order");
const conversations = new Map(); // by address; the most recently changed one is last
const changed = new Set();
let scheduled = false;
let chosen = null;

/** Adds a summary of /v1/live. */
export function add(summary) {
  const at = address(summary);
  let conversation = conversations.get(at);
  if (summary.forgotten) {
    if (conversation) remove(at, conversation);
    return;
  }
  if (!conversation) {
    conversation = { at, key: summary.key, moods: [], numbers: [] };
    make(conversation);
  }
  conversations.delete(at);
  conversations.set(at, conversation);
  conversation.last = summary;
  if (summary.mood !== null) {
    conversation.moods.push(summary.mood);
    conversation.numbers.push(summary.record);
    if (conversation.moods.length > MOODS) {
      conversation.moods.shift();
      conversation.numbers.shift();
    }
  }
  changed.add(conversation);
  if (conversations.size > CONVERSATIONS) {
    const [oldest, it] = [...conversations].find(([at]) => at !== chosen);
    remove(oldest, it);
  }
  schedule();
}

/** Removes all conversations. */
export function clear() {
  for (const [at, conversation] of [...conversations]) remove(at, conversation);
}

/** Marks the open conversation; null for none. */
export function choose(at) {
  chosen = at;
  for (const conversation of conversations.values()) mark(conversation);
}

function make(conversation) {
  const curve = element("span", { class: "curve", "aria-hidden": "true" });
  conversation.name = element("span", { class: "name" }, conversation.key || "(empty key)");
  conversation.text = element("span", { class: "text" });
  conversation.mood = element("span", { class: "mood" });
  conversation.link = element("a", { href: "#" + conversation.at },
    element("span", { class: "words" }, conversation.name, conversation.text), curve, conversation.mood);
  conversation.row = element("li", {}, conversation.link);
  list.prepend(conversation.row);
  conversation.chart = sparkline(curve, WIDTH, HEIGHT);
  mark(conversation);
  none.hidden = true;
}

function mark(conversation) {
  if (conversation.at === chosen) conversation.link.setAttribute("aria-current", "true");
  else conversation.link.removeAttribute("aria-current");
}

function remove(at, conversation) {
  conversations.delete(at);
  changed.delete(conversation);
  conversation.chart.destroy();
  conversation.row.remove();
  none.hidden = conversations.size > 0;
}

function schedule() {
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(draw);
  }
}

function draw() {
  scheduled = false;
  for (const conversation of changed) {
    const { last, moods, numbers } = conversation;
    conversation.text.textContent = last.text;
    const labelled = last.mood === null && last.label !== null; // by a model without scores
    conversation.mood.textContent = labelled ? felt(last.label, null, last.probability) : signed(last.mood);
    conversation.mood.dataset.feeling = feeling(last.mood);
    conversation.link.classList.toggle("labelled", labelled);
    conversation.mood.title = labelled ? `latest record: ${conversation.mood.textContent}` : `mood ${feeling(last.mood)}`;
    conversation.chart.setData([numbers, moods]);
  }
  changed.clear();
}

const by = {
  latest: () => 0,
  low: (a, b) => (a.last.mood ?? 0) - (b.last.mood ?? 0),
  high: (a, b) => (b.last.mood ?? 0) - (a.last.mood ?? 0),
};

/** Sorts the rows, but not while the pointer or the keyboard focus is in the list, unless now is true. */
function sort(now) {
  if (now !== true && (list.matches(":hover") || list.contains(document.activeElement))) return;
  const sorted = [...conversations.values()].reverse().sort(by[order.value]);
  sorted.forEach((conversation, i) => {
    if (list.children[i] !== conversation.row) list.insertBefore(conversation.row, list.children[i] ?? null);
  });
}

setInterval(sort, SORT_MS);
order.addEventListener("change", () => sort(true));
onTheme(() => conversations.forEach(conversation => conversation.chart.redraw()));

list.addEventListener("keydown", event => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const row = step && event.target.closest("li")?.[step];
  if (row) {
    event.preventDefault();
    row.firstElementChild.focus();
  }
});
