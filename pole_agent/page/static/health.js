// How the pole is: its parts, the doctor, what is waiting, what was commanded, and why the lamp is as it is.
import { html, useState } from "./vendor/preact.js";
import { ask, clock, day, lasted, percent, t, word } from "./api.js";
import { Scroll, useAnswer } from "./bits.js";

const MARKS = { ok: ["✓", "good"], warn: ["▲", "warn"], fail: ["✗", "bad"], degraded: ["✗", "bad"], unknown: ["?", "soft"] };
function Mark({ state }) {
  const [mark, kind] = MARKS[state] || MARKS.unknown;
  return html`<span class=${`mark ${kind}`}>${mark} ${word("ui-part", state)}</span>`;
}

function Parts({ parts }) {
  const facts = (part) => Object.entries(part).filter(([k, v]) => !["state", "reason", "faults"].includes(k) && typeof v !== "object")
    .map(([k, v]) => `${k} ${v}`).join(", ");
  return html`<${Scroll} label=${t("ui-parts")}><table><caption class="hidden">${t("ui-parts")}</caption><tbody>
    ${Object.entries(parts).map(([name, part]) => html`<tr><th scope="row">${name}</th><td><${Mark} state=${part.state} /></td><td>${part.reason || facts(part)}</td></tr>`)}
  </tbody></table><//>`;
}

function Doctor() {
  const [found, setFound] = useState(null);
  const [said, setSaid] = useState("");
  const examine = () => { setSaid(t("ui-examining")); ask("doctor").then((all) => { setFound(all); setSaid(""); }, (error) => setSaid(error.message)); };
  return html`<button onClick=${examine}>${t("ui-examine")}</button><p role="status">${said}</p>
    ${found && html`<ul class="plain">${found.map((one) => html`<li><${Mark} state=${one.state} /> <strong>${one.check}</strong>: ${one.words}${one.fix ? html`<p class="soft">${one.fix}</p>` : ""}</li>`)}</ul>`}`;
}

function WhyLamp() {
  const [why] = useAnswer("why.light", {}, 5000);
  if (!why) return html`<p>${t("ui-nothing-kept")}</p>`;
  return html`<p>${percent(why.level)} · ${word("reason", why.reason)} · ${t("ui-since", { time: clock(why.since, true) })}</p>
    <table><caption class="hidden">${t("ui-why-lamp")}</caption><tbody>${why.chain.map((link) => html`<tr><th scope="row">${word("chain", link.name)}</th><td>${link.words}</td></tr>`)}</tbody></table>`;
}

function Commands() {
  const [events] = useAnswer("past.commands", {});
  const what = (e) => e.kind === "drone.changed" ? `${e.data.rule}: ${word("meaning", e.data.state)}` : [e.data.path || e.data.camera || e.data.state, e.data.error || e.data.reason].filter(Boolean).join(": ");
  if (!events || !events.length) return html`<p>${t("ui-none")}</p>`;
  return html`<${Scroll} label=${t("ui-log")}><table><caption class="hidden">${t("ui-log")}</caption><tbody>${events.slice(0, 100).map((e) => html`<tr>
    <td>${day(e.at)} ${clock(e.at, true)}</td><td>${e.kind}</td><td>${e.data.by || ""}</td><td>${what(e)}</td></tr>`)}</tbody></table><//>`;
}

export function Health({ me, live }) {
  const [health, problem] = useAnswer("health", {}, 5000);
  const box = health && health.outbox;
  const row = (name, value) => value !== null && value !== undefined && html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
  return html`
    <section class="card half" aria-labelledby="parts"><h2 id="parts">${t("ui-parts")}</h2>
      ${problem && html`<p class="problem">${problem}</p>`}${health && html`<${Parts} parts=${health.parts} />`}</section>
    <section class="card half" aria-labelledby="vitals"><h2 id="vitals">${t("ui-vitals")}</h2>
      ${health && html`<table><caption class="hidden">${t("ui-vitals")}</caption><tbody>
        ${row(t("ui-clock"), live && live.clock ? live.clock : t("ui-trusted"))}
        ${row(t("ui-uplink"), live && live.online === null ? t("ui-no-broker") : live && live.online ? t("ui-online") : t("ui-offline"))}
        ${row(t("ui-waiting"), Object.values(box.waiting || {}).reduce((a, b) => a + b, 0))}
        ${row(t("ui-last-number"), box.last_sequence)}${row(t("ui-dropped"), box.dropped)}
        ${row(t("ui-uptime"), lasted(health.uptime_s))}${row(t("ui-memory"), `${health.memory_mb} MB`)}
        ${row(t("ui-disk"), `${Math.round(health.disk_free_mb)} MB`)}${row(t("ui-temperature"), health.temperature_c && `${health.temperature_c} °C`)}
        ${row(t("ui-version"), health.versions.agent)}</tbody></table>`}</section>
    <section class="card half" aria-labelledby="why"><h2 id="why">${t("ui-why-lamp")}</h2><${WhyLamp} /></section>
    <section class="card half" aria-labelledby="doctor"><h2 id="doctor">${t("ui-doctor")}</h2><${Doctor} /></section>
    <section class="card" aria-labelledby="log"><h2 id="log">${t("ui-log")}</h2><${Commands} /></section>`;
}
