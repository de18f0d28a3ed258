// What is now: the picture with boxes, the lamp, incidents of now and of the last days, traffic.
import { html, useEffect, useState } from "./vendor/preact.js";
import { clock, command, day, lasted, percent, t, word } from "./api.js";
import { Level, Severity, useAnswer } from "./bits.js";
import { Bars } from "./charts.js";
import { Stage } from "./stage.js";

const TRAIL = 40; // points
const CLASSES = ["person", "two_wheeler", "bicycle", "motorcycle", "car", "bus", "truck"];

// One incident of two events: opened and closed.
function together(events) {
  const found = new Map();
  for (const event of [...events].reverse()) {
    const id = event.data.incident_id;
    found.set(id, { ...(found.get(id) || { opened: event.at }), ...event.data, severity: event.severity,
      closed: event.kind === "incident.closed" ? event.at : null, quality: event.quality });
  }
  return [...found.values()].reverse();
}

function Timeline({ incidents, chosen, onChoose, judges }) {
  const [said, setSaid] = useState({});
  const judge = (id, verdict) => command("incident/feedback", { incident_id: id, verdict }).then(
    () => setSaid({ ...said, [id]: t(`ui-verdict-${verdict}`) }), (error) => setSaid({ ...said, [id]: error.message }));
  if (!incidents.length) return html`<p>${t("ui-no-incidents")}</p>`;
  return html`<ul class="plain">${incidents.slice(0, 100).map((one) => html`<li key=${one.incident_id}>
    <button class="link" aria-pressed=${chosen === one.incident_id} onClick=${() => onChoose(one)}>
      ${day(one.opened)} ${clock(one.opened, true)} · ${one.rule}</button>
    <${Severity} value=${one.severity} /> ${[word("kind", one.kind), word("class", one.class), one.zone || one.line, one.closed ? lasted(one.held_s) : t("ui-open-still")].join(" · ")}
    ${judges && chosen === one.incident_id && html`<div class="row">
      <button onClick=${() => judge(one.incident_id, "true")}>${t("ui-was-one")}</button>
      <button onClick=${() => judge(one.incident_id, "false")}>${t("ui-false-alarm")}</button>
      <span role="status">${said[one.incident_id] || ""}</span></div>`}
  </li>`)}</ul>`;
}

function Traffic({ events }) {
  const [label, setLabel] = useState("person");
  const slots = new Map();
  for (const event of [...events].reverse()) {
    const at = clock(Date.parse(event.at) - event.data.window_s * 1000);
    const value = event.data.zones.reduce((sum, zone) => sum + (zone.entered[label] || 0), 0);
    slots.set(at, (slots.get(at) || 0) + value);
  }
  const bars = [...slots].slice(-72).map(([name, value]) => ({ label: name, value }));
  return html`<label class="row"><span>${t("ui-class")}</span>
    <select value=${label} onChange=${(e) => setLabel(e.target.value)}>${CLASSES.map((c) => html`<option value=${c}>${word("class", c)}</option>`)}</select></label>
    ${bars.length ? html`<${Bars} bars=${bars} title=${t("ui-traffic-of", { class: word("class", label) })} />` : html`<p>${t("ui-no-traffic")}</p>`}`;
}

export function Now({ me, live }) {
  const names = Object.keys(me.pole.cameras);
  const [camera, setCamera] = useState(names[0]);
  const [trails, setTrails] = useState({});
  const [chosen, setChosen] = useState(null);
  const [lost, setLost] = useState(false);
  const [events, problem, again] = useAnswer("past.incidents", { days: 3 });
  const [traffic] = useAnswer("past.traffic", { days: 1 });
  const seen = live && live.cameras[camera];
  useEffect(() => {
    if (!seen) return;
    setTrails((old) => Object.fromEntries(seen.tracks.map(([id, , left, , right, bottom]) =>
      [id, [...(old[id] || []), [(left + right) / 2, bottom]].slice(-TRAIL)])));
  }, [live && live.at, seen && seen.frames]);
  const open = live ? live.incidents : null;
  useEffect(again, [open && open.length]);
  const lamp = live && live.lamp;
  const counts = seen ? Object.entries(seen.counts) : [];
  return html`
    <section class="card wide" aria-labelledby="street">
      <h2 id="street">${t("ui-street")}</h2>
      ${names.length > 1 && html`<label class="row"><span>${t("ui-camera")}</span>
        <select value=${camera} onChange=${(e) => { setCamera(e.target.value); setTrails({}); }}>${names.map((n) => html`<option value=${n}>${n}</option>`)}</select></label>`}
      ${!names.length && html`<p>${t("ui-no-camera")}</p>`}
      ${camera && html`<${Stage} camera=${camera} scene=${me.pole.cameras[camera]} aspect=${seen && seen.aspect} picture=${me.picture}
        tracks=${seen ? seen.tracks : []} trails=${trails} path=${chosen && chosen.camera === camera && chosen.path} onLost=${setLost} />`}
      ${lost && html`<p class="warn" role="status">${t("ui-picture-waits")}</p>`}
      ${!me.picture && html`<p class="soft">${t("ui-drawn-only")}</p>`}
      <p>${counts.map(([zone, of]) => html`<span class="badge">${zone}: ${Object.entries(of).map(([c, n]) => `${word("class", c)} ${n}`).join(", ") || t("ui-nobody")}</span> `)}
        ${seen && seen.light && html`<span class="badge">${word("ui-light", seen.light)}</span>`}</p>
    </section>
    <section class="card narrow" aria-labelledby="lamp">
      <h2 id="lamp">${t("ui-lamp")}</h2>
      ${lamp && html`<p class="big">${percent(lamp.level)}</p><${Level} level=${lamp.level} />
        <p>${word("reason", lamp.reason)}${lamp.until ? ` · ${t("ui-until", { time: clock(lamp.until) })}` : ""}</p>
        <p><a href="#tonight">${t("ui-tonight")}</a> · <a href="#health">${t("ui-why")}</a></p>`}
      <h3>${t("ui-open-incidents")}</h3>
      ${open === null ? html`<p class="warn">${t("ui-store-silent")}</p>` : open.length === 0 ? html`<p>${t("ui-none")}</p>`
        : html`<ul class="plain">${open.map((one) => html`<li key=${one.incident_id}><${Severity} value=${one.severity} /> ${one.rule} · ${word("class", one.class)} · ${one.zone || one.line}</li>`)}</ul>`}
      ${live && live.requests.length > 0 && html`<h3>${t("ui-drone")}</h3><p><a href="#drone">${t("ui-requests-waiting", { count: live.requests.length })}</a></p>`}
    </section>
    <section class="card half" aria-labelledby="last-days"><h2 id="last-days">${t("ui-last-days")}</h2>
      ${problem && html`<p class="problem">${problem}</p>`}
      <${Timeline} incidents=${together(events || [])} chosen=${chosen && chosen.incident_id} onChoose=${setChosen} judges=${me.rights.includes("judge")} /></section>
    <section class="card half" aria-labelledby="traffic"><h2 id="traffic">${t("ui-traffic")}</h2><${Traffic} events=${traffic || []} /></section>`;
}
