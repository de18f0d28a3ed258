// What the page asks of the pole, and its words.
const state = { csrf: "", language: "en", words: {} };

export class Refused extends Error {
  constructor(status, body) {
    super(body.error || `HTTP ${status}`);
    this.status = status;
    this.problems = body.problems || [];
  }
}

async function answer(response) {
  const body = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

export async function get(path) {
  return answer(await fetch(path, { headers: { "X-Language": state.language }, cache: "no-store" }));
}

export async function post(path, document) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": state.csrf, "X-Language": state.language };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(document) }));
}

export const ask = (question, options = {}) => get(`/api/ask/${question}?${new URLSearchParams(options)}`);
export const command = (path, payload) => post("/api/command", { path, payload });

export async function whoAmI() {
  const me = await get("/api/me");
  state.csrf = me.csrf;
  return me;
}

export const languages = { en: "English", id: "Indonesia" };

export async function speak(language) {
  state.words = await get(`/words/${language}.json`);
  state.language = language;
  document.documentElement.lang = language;
  try { localStorage.setItem("language", language); } catch { /* private windows have no storage */ }
}

export function languageWanted() {
  let kept = null;
  try { kept = localStorage.getItem("language"); } catch { /* the same */ }
  const wanted = kept || navigator.language.slice(0, 2);
  return wanted in languages ? wanted : "en";
}

export const language = () => state.language;

// The sentence of a code, with its facts; an unknown code is shown as it is.
export function t(code, facts = {}) {
  const template = state.words[code] ?? code;
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
}

// A word of the wire (a class, a severity, a state) in the language of the reader.
export function word(family, value) {
  const code = `${family}-${String(value).replaceAll("_", "-")}`;
  return state.words[code] ?? String(value);
}

export const percent = (level) => (level === null || level === undefined ? "–" : `${Math.round(level * 100)} %`);

let zone = "UTC";
export const setZone = (name) => { zone = name; };
export function clock(text, seconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", timeZone: zone, hourCycle: "h23" };
  if (seconds) options.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(text));
}
export function day(text) {
  return new Intl.DateTimeFormat(state.language, { day: "numeric", month: "short", timeZone: zone }).format(new Date(text));
}
export function lasted(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
