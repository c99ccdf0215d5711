// Formats numbers for people, and keys for addresses.

const whole = new Intl.NumberFormat("en");

export const integer = n => whole.format(n);

/** A sentiment from -1 to 1 with its sign, two digits: +0.41, −0.05. */
export const signed = x =>
  x === null ? "–" : (x < -0.005 ? "−" : x > 0.005 ? "+" : "±") + Math.abs(x).toFixed(2);

/** A probability: 14 %, 0.3 %, 0.02 %, with spaces that do not break. */
export const percent = p =>
  (p >= 0.0995 ? Math.round(p * 100) : p >= 0.00095 ? (p * 100).toFixed(1) : p >= 0.0001 ? (p * 100).toFixed(2) : "< 0.01")
  + "\u00a0%";

export const bits = b => `${b.toFixed(1)} bits`;

export const time = ms =>
  ms === null ? "" : new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** A mood in a word, for people who cannot see colours. */
export const feeling = x => (x === null ? "no mood" : x < -0.15 ? "negative" : x > 0.15 ? "positive" : "neutral");

/** A sentiment for the list: its label, and the score or, for labels without valences, the probability. */
export const felt = (label, score, probability) =>
  `${label} ${score === null ? percent(probability) : signed(score)}`;

/** The address of a key: URL-safe base64 for a text, otherwise encoding:key. */
export function address({ key, keyEncoding }) {
  if (keyEncoding) return `${keyEncoding}:${keyEncoding === "base64" ? urlSafe(key) : key}`;
  return urlSafe(btoa(String.fromCharCode(...new TextEncoder().encode(key))));
}

const urlSafe = base64 => base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

/** The key of an address as records write it; the address itself if it is of no key. */
export function keyOf(address) {
  const [key, encoding] = address.split(":").reverse();
  if (encoding && encoding !== "base64") return key;
  const base64 = key.replaceAll("-", "+").replaceAll("_", "/");
  if (encoding) return base64.padEnd(Math.ceil(base64.length / 4) * 4, "=");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(base64), c => c.charCodeAt(0)));
  } catch {
    return address;
  }
}

/** Where the server says more of a key: the path of its trace, with how the path writes the key. */
export function tracePath(address) {
  const [key, encoding = "base64"] = address.split(":").reverse();
  return `/v1/keys/${key}/trace?keyEncoding=${encoding}`;
}

/** Makes an element. Children are elements or texts; texts are never parsed as HTML. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (attribute === "class") made.className = value;
    else if (attribute.startsWith("--")) made.style.setProperty(attribute, value);
    else made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}
