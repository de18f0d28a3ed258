// The night: what is planned, what really happened, and an override for a while.
import { html, useState } from "./vendor/preact.js";
import { command, percent, t, word } from "./api.js";
import { NightChart } from "./charts.js";
import { Level, useAnswer } from "./bits.js";

const HOUR_MS = 3600000;

function energy(night) {
  const hours = (s) => (Date.parse(s.to) - Date.parse(s.from)) / HOUR_MS;
  return night.planned.reduce((sum, s) => sum + s.level * hours(s) * night.rated_w, 0) / 1000;
}

function Override({ lamp, onDone }) {
  const [level, setLevel] = useState(80);
  const [minutes, setMinutes] = useState(60);
  const [fixed, setFixed] = useState(false);
  const [said, setSaid] = useState({ text: "", good: true });
  const send = (payload) => command("lamp/set", payload).then(
    () => { setSaid({ text: t("ui-done"), good: true }); onDone(); }, (error) => setSaid({ text: error.message, good: false }));
  const set = (event) => {
    event.preventDefault();
    send({ level: level / 100, duration_s: minutes * 60, ...(fixed ? { mode: "fixed" } : {}) });
  };
  return html`<form onSubmit=${set}>
    <label class="field"><span>${t("ui-level")}: ${level} %</span>
      <input type="range" min="0" max="100" step="5" value=${level} onInput=${(e) => setLevel(Number(e.target.value))} /></label>
    <div class="row"><label class="field"><span>${t("ui-minutes")}</span>
      <input type="number" min="1" max="720" value=${minutes} onInput=${(e) => setMinutes(Number(e.target.value))} /></label>
    <label class="row"><input type="checkbox" checked=${fixed} onChange=${(e) => setFixed(e.target.checked)} /> ${t("ui-fixed")}</label></div>
    <div class="row"><button class="main">${t("ui-set")}</button>
      <button type="button" onClick=${() => send({ resume: true })} disabled=${!lamp || !lamp.override}>${t("ui-resume")}</button></div>
    <p role="status" class=${said.good ? "good" : "problem"}>${said.text}</p></form>`;
}

export function Tonight({ me, live }) {
  const [night, problem, again] = useAnswer("past.night", {});
  const lamp = live && live.lamp;
  return html`
    <section class="card wide" aria-labelledby="night"><h2 id="night">${t("ui-tonight")}</h2>
      ${problem && html`<p class="problem">${problem}</p>`}
      ${night && html`<${NightChart} night=${night} />
        <p>${t("ui-program-tonight", { program: night.program, floor: percent(night.floor) })}
        ${night.rated_w ? ` ${t("ui-energy-planned", { kwh: energy(night).toFixed(2), watts: night.rated_w })}` : ""}</p>`}
    </section>
    <section class="card narrow" aria-labelledby="override"><h2 id="override">${t("ui-override")}</h2>
      ${lamp && html`<p class="big">${percent(lamp.level)}</p><${Level} level=${lamp.level} /><p>${word("reason", lamp.reason)}</p>`}
      ${me.rights.includes("light") ? html`<${Override} lamp=${lamp} onDone=${again} />` : html`<p class="soft">${t("ui-no-right")}</p>`}
    </section>`;
}
