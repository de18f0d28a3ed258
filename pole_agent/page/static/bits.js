// Small parts that several views share.
import { html, useEffect, useState } from "./vendor/preact.js";
import { ask, word } from "./api.js";

const AGAIN_MS = 15000;

export function Level({ level }) {
  return html`<div class="level"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect width=${(level || 0) * 100} height="10" /></svg></div>`;
}

export function useAnswer(question, options, again = AGAIN_MS) {
  const [answer, setAnswer] = useState({ value: null, error: "" });
  const key = JSON.stringify(options);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let here = true;
    const load = () => ask(question, options).then(
      (value) => here && setAnswer({ value, error: "" }),
      (error) => here && setAnswer((old) => ({ ...old, error: error.message })));
    load();
    const timer = setInterval(load, again);
    return () => { here = false; clearInterval(timer); };
  }, [question, key, turn]);
  return [answer.value, answer.error, () => setTurn((n) => n + 1)];
}

export function Severity({ value }) {
  const marks = { info: ["·", "soft"], warning: ["▲", "warn"], alarm: ["■", "bad"] };
  const [mark, kind] = marks[value] || marks.info;
  return html`<span class=${kind}>${mark} ${word("severity", value)}</span>`;
}

// A wide table scrolls in itself, also with the keyboard.
export function Scroll({ label, children }) {
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${label}>${children}</div>`;
}
