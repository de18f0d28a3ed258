// Drone requests: nothing flies without a person. Deny, cancel and stop ask nothing.
import { html, useEffect, useState } from "./vendor/preact.js";
import { clock, command, day, percent, t, word } from "./api.js";
import { FlightMap } from "./charts.js";
import { Scroll, Severity, useAnswer } from "./bits.js";
import { readKey, signed } from "./sign.js";

const WAITING = ["requested", "blocked", "pending_approval", "approved"];
const ORDERED = ["sent", "accepted", "in_progress", "paused"];

function Gates({ gates }) {
  if (!gates.length) return html`<p>${t("ui-gates-not-yet")}</p>`;
  const shown = (value, ok) => (value === null || value === "" ? (ok ? "–" : t("ui-unknown")) : Array.isArray(value) ? value.join(", ") : String(value));
  return html`<${Scroll} label=${t("ui-gates")}><table><caption class="hidden">${t("ui-gates")}</caption>
    <thead><tr><th scope="col">${t("ui-gate")}</th><th scope="col">${t("ui-state")}</th><th scope="col">${t("ui-value")}</th><th scope="col">${t("ui-limit")}</th></tr></thead>
    <tbody>${gates.map((gate) => html`<tr><th scope="row">${gate.name.replaceAll("_", " ")}</th>
      <td class=${gate.ok ? "good" : "bad"}>${gate.ok ? `✓ ${t("ui-gate-open")}` : `✗ ${t("ui-gate-closed")}`}</td>
      <td>${shown(gate.value, gate.ok)}</td><td>${gate.limit === null || gate.limit === "" ? "–" : shown(gate.limit)}</td></tr>`)}</tbody></table><//>`;
}

function Actions({ request, me, again }) {
  const [said, setSaid] = useState({ text: "", good: true });
  const [key, setKey] = useState(null);
  const names = me.pole.drone.signed;
  const decide = async (decision) => {
    try {
      const payload = { request_id: request.request_id, decision };
      if (decision === "approve" && names.length) payload.signature = await signed(key, request, me.name);
      await command("drone/approval", payload);
      setSaid({ text: t("ui-done"), good: true });
    } catch (error) { setSaid({ text: error.message, good: false }); }
    again();
  };
  const choose = (event) => readKey(event.target.files[0]).then(
    (found) => { setKey(found); setSaid({ text: t("ui-key-ready"), good: true }); }, (error) => setSaid({ text: error.message, good: false }));
  const may = me.rights.includes("approve");
  const open = request.state === "pending_approval";
  return html`
    ${open && may && names.length > 0 && html`<label class="field"><span>${t("ui-key-file")}</span><input type="file" onChange=${choose} /></label>
      ${!names.includes(me.name) && html`<p class="warn">${t("ui-not-an-officer", { names: names.join(", ") })}</p>`}`}
    <div class="row">
      ${open && may && html`<button class="main" disabled=${names.length > 0 && !key} onClick=${() => decide("approve")}>${t("ui-approve")}</button>`}
      ${WAITING.includes(request.state) && html`<button class="danger" onClick=${() => decide("deny")}>${t("ui-deny")}</button>`}
      ${[...WAITING, ...ORDERED].includes(request.state) && html`<button class="danger" onClick=${() => decide("cancel")}>${t("ui-cancel")}</button>`}
    </div><p role="status" class=${said.good ? "good" : "problem"}>${said.text}</p>`;
}

function Request({ request, me, again }) {
  const target = request.target;
  const radius = target.radius_m ?? target.uncertainty_m;
  return html`<article class="card wide" aria-labelledby=${request.request_id}>
    <h2 id=${request.request_id}>${request.rule} · ${word("meaning", request.state)}</h2>
    ${request.simulation && html`<p class="warn">${t("ui-simulation-nothing-flies")}</p>`}
    <p><${Severity} value=${request.severity} /> · ${request.camera} · ${request.place} · ${percent(request.score)} · ${t("ui-asked", { count: request.count })}</p>
    <p>${t("ui-valid-until", { asked: `${day(request.created_at)} ${clock(request.created_at, true)}`, until: clock(request.expires_at, true) })}</p>
    ${request.reason && html`<p>${request.reason}</p>`}
    <${Actions} request=${request} me=${me} again=${again} />
    <h3>${t("ui-gates")}</h3><${Gates} gates=${request.gates} />
    <h3>${t("ui-target")}</h3>
    <p>${target.latitude.toFixed(6)} ${target.longitude.toFixed(6)} · ${radius} m · ${target.altitude_agl_m} m ${t("ui-above-ground")}</p>
    <h3>${t("ui-history")}</h3>
    <ol>${request.history.map((step) => html`<li>${clock(step.at, true)} · ${word("meaning", step.state)}${step.by ? ` · ${step.by}` : ""}${step.reason ? ` · ${step.reason}` : ""}</li>`)}</ol>
  </article>`;
}

function Stop({ me, stopped, again }) {
  const [said, setSaid] = useState("");
  const send = (stop) => command("drone/stop", { stop }).then(() => { setSaid(t("ui-done")); again(); }, (error) => setSaid(error.message));
  return html`<div>${stopped && html`<p class="problem">${t("ui-flights-stopped", { by: stopped.by })}</p>`}
    <div class="row">${me.rights.includes("stop") && html`<button class="danger" onClick=${() => send(true)}>${t("ui-stop-all")}</button>`}
    ${stopped && me.rights.includes("approve") && html`<button onClick=${() => send(false)}>${t("ui-resume-flights")}</button>`}</div>
    <p role="status">${said}</p></div>`;
}

export function Drone({ me, live }) {
  const [requests, problem, again] = useAnswer("drone", {}, 3000);
  const [chosen, setChosen] = useState(null);
  const marks = JSON.stringify(live ? live.requests.map((r) => [r.request_id, r.state]) : []);
  useEffect(again, [marks]);
  const all = [...(requests || [])].reverse();
  const one = all.find((r) => r.request_id === chosen) || all[0];
  const drone = me.pole.drone;
  return html`
    <section class="card narrow" aria-labelledby="requests"><h2 id="requests">${t("ui-drone-requests")}</h2>
      ${!drone.enabled && html`<p>${t("ui-drone-off")}</p>`}
      <${Stop} me=${me} stopped=${live && live.stopped} again=${again} />
      ${problem && html`<p class="problem">${problem}</p>`}
      ${requests && !all.length && html`<p>${t("ui-none")}</p>`}
      <ul class="plain">${all.slice(0, 50).map((r) => html`<li key=${r.request_id}><button class="link" aria-pressed=${one === r} onClick=${() => setChosen(r.request_id)}>
        ${day(r.created_at)} ${clock(r.created_at)} · ${r.rule}</button> ${word("meaning", r.state)}</li>`)}</ul>
      <h3>${t("ui-map")}</h3>
      <${FlightMap} pole=${me.pole.place} target=${one && [one.target.latitude, one.target.longitude]} radius=${one && (one.target.radius_m ?? one.target.uncertainty_m)}
        geofence=${drone.geofence} exclusions=${drone.exclusions} />
    </section>
    ${one && html`<${Request} request=${one} me=${me} again=${again} key=${one.request_id} />`}`;
}
