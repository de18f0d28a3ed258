// Poles, incidents, the proof of completeness, and who did what.
import { html, useEffect, useState } from "./vendor/preact.js";
import { ago, clock, get, hours, kwh, percent, t } from "./api.js";

function Table({ label, heads, rows }) {
  return html`<div class="scroll" role="region" tabindex="0" aria-label=${label}><table><caption class="hidden">${label}</caption>
    <thead><tr>${heads.map((head) => html`<th scope="col">${t(head)}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

const MARKS = { online: "good", offline: "bad", silent: "bad", unknown: "warn" };

export function Poles({ live }) {
  const rows = live.poles.map((p) => [p.name, html`<span class=${MARKS[p.presence]}>${t(`presence-${p.presence}`)}</span>`, ago(p.heard), percent(p.level),
    hours(p.burn_h), kwh(p.energy_wh), kwh(p.saved_wh), p.degraded.join(", ") || "–", p.waiting]);
  return html`<section class="card" aria-labelledby="poles"><h2 id="poles">${t("poles")} (${live.poles.length})</h2>
    <${Table} label=${t("poles")} heads=${["pole", "state", "heard", "lamp", "light-hours", "energy", "saved", "degraded", "waiting"]} rows=${rows} /></section>`;
}

export function Incidents({ live }) {
  const rows = [...live.open, ...live.closed].map((i) => [html`<span class=${i.severity === "alarm" ? "bad" : i.severity === "warning" ? "warn" : "soft"}>${t(`severity-${i.severity}`)}</span>`,
    i.source, i.rule, i.class, i.place, clock(i.opened_at), i.closed_at ? clock(i.closed_at) : html`<b>${t("open")}</b>`]);
  return html`<section class="card" aria-labelledby="incidents"><h2 id="incidents">${t("incidents")} (${live.open.length} ${t("open")})</h2>
    <${Table} label=${t("incidents")} heads=${["severity", "pole", "rule", "class", "place", "opened", "closed"]} rows=${rows} /></section>`;
}

export function Proof({ live }) {
  const said = (s) => (s.missing ? html`<span class="bad">${t("gaps", { count: s.missing, gaps: s.gaps.map(([a, b]) => (a === b ? a : `${a}–${b}`)).join(", ") })}</span>`
    : html`<span class="good">✓ ${t("complete")}</span>`);
  const rows = live.stores.map((s) => [s.source, s.store, `1–${s.last}`, html`${said(s)} ${s.ended ? t("ended", { why: s.ended }) : ""}`]);
  return html`<section class="card" aria-labelledby="proof"><h2 id="proof">${t("proof")}</h2>
    <${Table} label=${t("proof")} heads=${["pole", "store", "numbers", "missing"]} rows=${rows} />
    ${live.aside.length > 0 && html`<h3>${t("aside")}</h3><${Table} label=${t("aside")} heads=${["when", "topic", "reason"]} rows=${live.aside.map((a) => [clock(a.came), a.topic, a.reason])} />`}</section>`;
}

export function Audit({ me }) {
  const [rows, setRows] = useState([]);
  const [problem, setProblem] = useState("");
  useEffect(() => { get("/api/audit").then((found) => setRows(found.audit), (error) => setProblem(error.message)); }, [me.name]);
  return html`<section class="card" aria-labelledby="audit"><h2 id="audit">${t("audit")}</h2><p class="problem">${problem}</p>
    <${Table} label=${t("audit")} heads=${["when", "who", "what", "about"]} rows=${rows.map((r) => [clock(r.at), r.who, r.what, r.about])} /></section>`;
}
