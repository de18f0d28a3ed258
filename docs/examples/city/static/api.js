// What the page asks of the board, and its words.
import { words } from "./words.js";

const state = { csrf: "", language: "en" };

async function answer(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(t(body.error || "failed"));
  return body;
}

export const get = async (path) => answer(await fetch(path, { cache: "no-store" }));

export async function post(path, document) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": state.csrf };
  return answer(await fetch(path, { method: "POST", headers, body: JSON.stringify(document) }));
}

export async function whoAmI() {
  const me = await get("/api/me");
  state.csrf = me.csrf;
  return me;
}

export const language = () => state.language;

export function speak(wanted) {
  state.language = wanted in words ? wanted : "en";
  document.documentElement.lang = state.language;
  try { localStorage.setItem("language", state.language); } catch { /* private windows have no storage */ }
}

export function languageWanted() {
  let kept = null;
  try { kept = localStorage.getItem("language"); } catch { /* the same */ }
  return kept || navigator.language.slice(0, 2);
}

// The sentence of a code, with its facts; an unknown code is shown as it is.
export function t(code, facts = {}) {
  const template = words[state.language][code] ?? code;
  return template.replace(/\{(\w+)\}/g, (whole, name) => (name in facts ? facts[name] : whole));
}

export const percent = (level) => (typeof level === "number" ? `${Math.round(level * 100)}\u00a0%` : "–");
export const hours = (value) => (typeof value === "number" ? `${value.toFixed(1)} h` : "–");
export const kwh = (value) => (typeof value === "number" ? `${(value / 1000).toFixed(2)} kWh` : "–");

export function clock(text) {
  if (!text) return "–";
  const options = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(state.language, options).format(new Date(text));
}

export function ago(text, now = Date.now()) {
  if (!text) return "–";
  const seconds = Math.max(0, Math.round((now - Date.parse(text)) / 1000));
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
