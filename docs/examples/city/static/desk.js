// The alarm desk: what waits, who looks after it, and what was decided.
import { html, useEffect, useState } from "./vendor/preact.js";
import { ago, clock, post, t } from "./api.js";
import { readKey, signed } from "./sign.js";

const BEEP_MS = 3000;
const UNDECIDED = ["requested", "blocked", "pending_approval"];
const ENDED = ["denied", "expired", "rejected", "timeout", "ok", "partially_done", "failed", "canceled", "suppressed"];

// A browser lets a page sound only after a click: the button is that click.
export function useSound(calling) {
  const [on, setOn] = useState(false);
  const [context, setContext] = useState(null);
  const choose = (wanted) => {
    if (wanted && !context) setContext(new AudioContext());
    setOn(wanted);
  };
  useEffect(() => {
    if (!on || !calling || !context) return undefined;
    const beep = () => {
      const tone = context.createOscillator();
      const volume = context.createGain();
      volume.gain.value = 0.2;
      tone.frequency.value = 880;
      tone.connect(volume).connect(context.destination);
      tone.start();
      tone.stop(context.currentTime + 0.4);
    };
    beep();
    const timer = setInterval(beep, BEEP_MS);
    return () => clearInterval(timer);
  }, [on, calling, context]);
  return [on, choose];
}

// The moment when it opened, in the city's own recorder; nothing of the pole goes into the address unescaped.
function recorderLink(me, facts) {
  if (!/^https?:\/\//.test(me.recorder) || !facts.camera || !facts.opened_at) return null;
  const values = { pole: facts.source.split("/").pop(), camera: facts.camera, time: facts.opened_at };
  return me.recorder.replace(/\{(pole|camera|time)\}/g, (_, name) => encodeURIComponent(values[name]));
}

function Facts({ me, row }) {
  const facts = row.facts;
  const link = recorderLink(me, facts);
  if (row.kind === "outage") return html`<p>${t("outage-row", { count: row.size })}</p>
    <details><summary>${t("members")}</summary><p>${row.members.join(", ")}${row.size > row.members.length ? " …" : ""}</p></details>`;
  return html`<p><b>${facts.rule}</b> · ${facts.source} ${facts.camera && html`· ${facts.camera} · ${facts.place} · ${facts.class}`}</p>
    ${row.count > 1 && html`<p>${t("repeats", { count: row.count, at: clock(row.last_at) })}</p>`}
    ${(facts.notify || []).length > 0 && html`<p>${t("notify")}: ${facts.notify.map((label) => html`<span class="mark">${label}${me.contacts[label] ? ` (${me.contacts[label]})` : ""} </span>`)}</p>`}
    ${link && html`<p><a href=${link} target="_blank" rel="noreferrer noopener">${t("recorder")}</a></p>`}`;
}

function Note({ row, act }) {
  const [text, setText] = useState("");
  const add = (event) => { event.preventDefault(); act("note", { text }).then((good) => good && setText("")); };
  return html`<form class="row" onSubmit=${add}><label class="field grow"><span>${t("note")}</span><input value=${text} maxlength="1000" onInput=${(e) => setText(e.target.value)} /></label>
    <button disabled=${!text.trim()}>${t("note-add")}</button></form>
    <ul class="plain notes">${row.notes.map(([by, at, said]) => html`<li>${clock(at)} · ${by}: ${said}</li>`)}</ul>`;
}

function Row({ me, row, request }) {
  const [problem, setProblem] = useState("");
  const may = me.rights.includes("act");
  const act = (what, more = {}) => post("/api/case", { id: row.id, act: what, ...more }).then(
    () => { setProblem(""); return true; }, (error) => { setProblem(error.message); return false; });
  const kind = row.severity === "alarm" && row.calls ? "case calling" : "case";
  return html`<li class=${kind} data-case=${row.kind}>
    <h3>${row.severity === "alarm" ? "■" : "▲"} ${t(`kind-${row.kind}`)} <span class="soft">${clock(row.opened_at)} · ${t("since", { age: ago(row.opened_at) })}</span>
      ${row.facts.simulation && html` <span class="badge warn">${t("simulation")}</span>`}
      ${row.level > 0 && row.calls && html` <span class="badge bad">${t(row.level > 1 ? "command-called" : "second-called")}</span>`}</h3>
    <${Facts} me=${me} row=${row} />
    ${row.late && html`<p class="soft">${t("late")}</p>`}
    ${row.ended_at && html`<p class="soft">${t("closed-again")}</p>`}
    ${row.acknowledged_by && html`<p class="good">${t("acknowledged", { by: row.acknowledged_by })}</p>`}
    ${row.kind === "request" && request && html`<${Request} me=${me} request=${request} />`}
    ${may && html`<div class="row">
      ${!row.acknowledged_by && html`<button class="main" onClick=${() => act("acknowledge")}>${t("acknowledge")}</button>`}
      ${row.kind === "incident" ? html`<button onClick=${() => act("done", { verdict: "true" })}>${t("finish-true")}</button>
        <button onClick=${() => act("done", { verdict: "false" })}>${t("finish-false")}</button>`
    : html`<button onClick=${() => act("done", { verdict: "" })}>${t("finish")}</button>`}</div><${Note} row=${row} act=${act} />`}
    <p class="problem" role="alert">${problem}</p></li>`;
}

// The request in eight lines, as `pole-agent drone show` has them.
function eightLines(request) {
  const { target } = request;
  const closed = request.gates.filter((gate) => !gate.ok);
  const decided = UNDECIDED.includes(request.state) ? t("nobody-yet") : `${request.by || ""} ${request.reason || ""}`.trim();
  const next = request.state === "pending_approval" ? "next-decide" : UNDECIDED.includes(request.state) ? "next-wait" : "next-none";
  return {
    "request-request": `${request.request_id}${request.simulation ? ` (${t("simulation")})` : ""}`,
    "request-state": `${t(`state-${request.state}`)}${request.state === "blocked" ? `: ${request.reason}` : ""}`,
    "request-asked": t("asked-words", { ...request, severity: t(`severity-${request.severity}`) }),
    "request-time": t("time-words", { asked: clock(request.created_at), until: clock(request.expires_at) }),
    "request-target": t("target-words", { ...target, radius: target.radius_m ?? target.uncertainty_m, altitude: target.altitude_agl_m }),
    "request-gates": closed.length ? t("gates-closed", { names: closed.map((gate) => `${gate.name} ${gate.value || "?"} / ${gate.limit}`).join(", ") }) : t("gates-open", { count: request.gates.length }),
    "request-decided": decided || "–",
    "request-next": t(next),
  };
}

function Request({ me, request }) {
  const [key, setKey] = useState(null);
  const [said, setSaid] = useState("");
  if (!request.target) return null;
  const decide = async (decision) => {
    try {
      const sent = { source: request.source, request_id: request.request_id, decision };
      if (decision === "approve" && key) sent.signature = await signed(key, request, me.name);
      const answer = await post("/api/drone", sent);
      setSaid(t("pole-said", { said: answer.said }));
    } catch (error) { setSaid(error.message); }
  };
  const choose = (event) => readKey(event.target.files[0]).then((found) => { setKey(found); setSaid(t("key-ready")); }, (error) => setSaid(error.message));
  const open = request.state === "pending_approval";
  return html`<dl class="lines">${Object.entries(eightLines(request)).map(([code, text]) => html`<dt>${t(code)}</dt><dd>${text}</dd>`)}</dl>
    ${me.rights.includes("act") && html`
      ${open && html`<label class="field"><span>${t("key-file")}</span><input type="file" onChange=${choose} /></label>`}
      <div class="row">
        ${open && html`<button class="main" onClick=${() => decide("approve")}>${t("approve")}</button>`}
        ${UNDECIDED.includes(request.state) && html`<button class="danger" onClick=${() => decide("deny")}>${t("deny")}</button>`}
        ${!ENDED.includes(request.state) && html`<button class="danger" onClick=${() => decide("cancel")}>${t("cancel")}</button>`}
      </div>`}<p role="status">${said}</p>`;
}

export function Desk({ me, live, sound }) {
  const [, setTick] = useState(0);
  useEffect(() => { const timer = setInterval(() => setTick((n) => n + 1), 5000); return () => clearInterval(timer); }, []);
  const of = (row) => live.requests.find((r) => r.source === row.facts.source && r.request_id === row.facts.request_id);
  const flights = live.requests.filter((r) => !UNDECIDED.includes(r.state)).slice(0, 5);
  return html`<section class="card wide" aria-labelledby="queue"><h2 id="queue">${t("queue")} (${live.cases.length})</h2>
      ${!sound && html`<p class="warn">${t("sound-none")}</p>`}
      ${!live.cases.length && html`<p>${t("queue-empty")}</p>`}
      <ul class="plain" id="cases">${live.cases.map((row) => html`<${Row} me=${me} row=${row} request=${of(row)} key=${row.id} />`)}</ul></section>
    <section class="card narrow" aria-labelledby="done"><h2 id="done">${t("done-list")}</h2>
      <ul class="plain">${live.done.map((row) => html`<li key=${row.id}>${clock(row.done_at)} · ${t(`kind-${row.kind}`)} ${row.facts.rule || ""} · ${row.done_by === "-" ? t("done-itself") : t("done-by", { by: row.done_by })}
        ${row.verdict && html` · ${t(`verdict-${row.verdict}`)}`}${row.notes.map(([by, , text]) => html`<br />${by}: ${text}`)}</li>`)}</ul>
      <h2>${t("requests")}</h2>${!flights.length && html`<p>${t("none")}</p>`}
      ${flights.map((request) => html`<details key=${request.request_id}><summary>${request.rule} · ${t(`state-${request.state}`)}</summary><${Request} me=${me} request=${request} /></details>`)}
    </section>`;
}
