// The set-up: draw zones, lines and masks, write rules, rehearse them, save. What the page may not change is
// shown with the command that does.
import { html, useEffect, useState } from "./vendor/preact.js";
import { command, get, percent, post, t, word } from "./api.js";
import { Coordinates, Editor } from "./editor.js";
import { Scroll, useAnswer } from "./bits.js";
import { Problems, Rule } from "./rules.js";

const UNDO = 50;
const SQUARE = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]];
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// What differs from pole.toml, as the overlay holds it.
function overlayOf(draft, setup) {
  const overlay = {};
  for (const key of ["zone", "line", "rule"]) if (!same(draft[key], setup.file[key])) overlay[key] = draft[key];
  const masks = Object.fromEntries(Object.entries(draft.masks).filter(([, list]) => list.length));
  if (Object.keys(masks).length) overlay.masks = masks;
  return overlay;
}

function free(name, taken) {
  let n = 1;
  while (taken.some((one) => one.name === `${name}-${n}`)) n += 1;
  return `${name}-${n}`;
}

// A draft with a history, so that every change can be taken back.
function useDraft() {
  const [history, setHistory] = useState([]);
  const draft = history[history.length - 1];
  const begin = (setup) => setHistory([{ ...setup.present, masks: setup.added }]);
  // `joined`: it belongs to the change before, as the moves of one drag do
  const change = (patch, joined = false) => setHistory((old) => [...old.slice(joined && old.length > 1 ? 0 : -UNDO, joined && old.length > 1 ? -1 : undefined), { ...old[old.length - 1], ...patch }]);
  const undo = () => setHistory((old) => (old.length > 1 ? old.slice(0, -1) : old));
  return { draft, begin, change, undo, changed: history.length > 1 };
}

function shapesOf(draft, camera, cameras) {
  const here = (one) => (one.camera || cameras[0]) === camera;
  return [
    ...draft.zone.map((z, index) => ({ kind: "zone", index, name: z.name, points: z.polygon, here: here(z) })),
    ...draft.line.map((l, index) => ({ kind: "line", index, name: l.name, points: [l.from, l.to], here: here(l) })),
    ...(draft.masks[camera] || []).map((polygon, index) => ({ kind: "mask", index, name: `${t("ui-mask")} ${index + 1}`, points: polygon, here: true })),
  ].filter((shape) => shape.here);
}

function Rehearsed({ result }) {
  const { new: after, today } = result.lamp;
  const before = (hour) => (today ? today.hours[hour].raised_min : 0);
  const brighter = after.hours.filter((h) => h.raised_min > 0 || before(h.hour) > 0);
  return html`<h3>${t("ui-rehearsed")}</h3>
    <p>${result.cameras.map((c) => `${c.name}: ${c.watched_h} h`).join(", ")}</p>
    <${Scroll} label=${t("ui-rehearsed")}><table><thead><tr><th scope="col">${t("ui-rule")}</th><th scope="col">${t("ui-alarms-new")}</th><th scope="col">${t("ui-alarms-today")}</th></tr></thead>
    <tbody>${result.rules.map((r) => html`<tr><th scope="row">${r.name}</th><td>${r.new ? `${r.new.alarms} (${r.new.a_day} ${t("ui-a-day")})` : "–"}</td><td>${r.today ? `${r.today.alarms} (${r.today.a_day} ${t("ui-a-day")})` : "–"}</td></tr>`)}</tbody></table><//>
    <p>${t("ui-light-costs", { after: after.energy_wh, before: today ? today.energy_wh : "–" })}</p>
    ${brighter.length > 0 && html`<${Scroll} label=${t("ui-lamp-raised")}><table><caption>${t("ui-lamp-raised")}</caption><thead><tr><th scope="col">${t("ui-hour")}</th><th scope="col">${t("ui-alarms-new")}</th><th scope="col">${t("ui-alarms-today")}</th></tr></thead>
      <tbody>${brighter.map((h) => html`<tr><th scope="row">${String(h.hour).padStart(2, "0")}:00</th><td>${h.raised_min}</td><td>${today ? before(h.hour) : "–"}</td></tr>`)}</tbody></table><//>`}`;
}

function Tests({ me, live }) {
  const [health] = useAnswer("health", {}, 5000);
  const [said, setSaid] = useState("");
  const shine = (level) => command("lamp/set", { level, duration_s: 30, mode: "fixed", reason: "test" }).then(() => setSaid(t("ui-lamp-test-on", { level: percent(level) })), (error) => setSaid(error.message));
  const parts = health ? health.parts : {};
  return html`<section class="card half" aria-labelledby="tests"><h2 id="tests">${t("ui-tests")}</h2>
    <h3>${t("ui-lamp")}</h3><div class="row">${[1, 0.5, 0.2].map((level) => html`<button onClick=${() => shine(level)}>${percent(level)}</button>`)}
      <button onClick=${() => command("lamp/set", { resume: true }).then(() => setSaid(t("ui-done")), (error) => setSaid(error.message))}>${t("ui-resume")}</button></div><p role="status">${said}</p>
    <h3>${t("ui-camera")}</h3>${Object.keys(me.pole.cameras).map((name) => {
      const part = parts[`camera:${name}`] || {};
      return html`<p>${name}: ${part.reason ? html`<span class="problem">${part.reason}</span>` : t("ui-camera-figures", { rate: part.rate_hz ?? "–", latency: part.latency_ms ?? "–" })} ${part.light ? word("ui-light", part.light) : ""}</p>`;
    })}
    <h3>${t("ui-model")}</h3><p>${parts.detector ? t("ui-model-figures", { runs: parts.detector.runs ?? "–", ms: parts.detector.ms ?? "–" }) : "–"}</p></section>`;
}

function Elsewhere() {
  return html`<section class="card half" aria-labelledby="elsewhere"><h2 id="elsewhere">${t("ui-elsewhere")}</h2><p>${t("ui-elsewhere-words")}</p>
    <pre>sudoedit /etc/pole-agent/pole.toml
pole-agent check --config /etc/pole-agent/pole.toml
sudo systemctl reload pole-agent</pre></section>`;
}

export function SetUp({ me, live }) {
  const cameras = Object.keys(me.pole.cameras);
  const [setup, setSetup] = useState(null);
  const [camera, setCamera] = useState(cameras[0]);
  const [chosen, setChosen] = useState(null);
  const [tool, setTool] = useState(null);
  const [problems, setProblems] = useState([]);
  const [said, setSaid] = useState({ text: "", good: true });
  const [rehearsal, setRehearsal] = useState(null);
  const [trial, setTrial] = useState("");
  const { draft, begin, change, undo, changed } = useDraft();
  const may = me.rights.includes("setup");
  const load = () => get("/api/setup").then((found) => { setSetup(found); begin(found); return found; });
  useEffect(() => { if (may) load().catch((error) => setSaid({ text: error.message, good: false })); }, []);
  useEffect(() => {
    if (!draft || !changed) return undefined;
    const timer = setTimeout(() => post("/api/setup/check", { overlay: overlayOf(draft, setup) }).then((r) => setProblems(r.problems), () => {}), 400);
    return () => clearTimeout(timer);
  }, [draft]);
  useEffect(() => {
    if (!trial) return undefined;
    const timer = setInterval(() => get("/api/setup").then((found) => {
      if (found.on_trial) return;
      const kept = found.version === trial;
      setTrial("");
      setSaid({ text: t(kept ? "ui-kept" : "ui-taken-back"), good: kept });
      setSetup(found);
      begin(found);
    }, () => {}), 2000);
    return () => clearInterval(timer);
  }, [trial]);
  useEffect(() => {
    const key = (event) => { if ((event.ctrlKey || event.metaKey) && event.key === "z" && !/INPUT|SELECT/.test(event.target.tagName)) { event.preventDefault(); undo(); } };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);
  if (!may) return html`<section class="card"><p>${t("ui-no-right")}</p></section>`;
  if (!draft) return html`<section class="card"><p class=${said.good ? "" : "problem"}>${said.text || "…"}</p></section>`;

  const shapes = shapesOf(draft, camera, cameras);
  const mine = chosen && shapes.find((s) => s.kind === chosen.kind && s.index === chosen.index);
  const list = (key, index, item) => draft[key].map((old, n) => (n === index ? item : old));
  const masks = (next) => ({ masks: { ...draft.masks, [camera]: next } });
  const onShape = (kind, index, shape, joined) => change(kind === "mask" ? masks(draft.masks[camera].map((m, n) => (n === index ? shape : m)))
    : kind === "line" ? { line: list("line", index, { ...draft.line[index], from: shape[0], to: shape[1] }) }
      : { zone: list("zone", index, { ...draft.zone[index], polygon: shape }) }, joined);
  const where = cameras.length > 1 ? { camera } : {};
  const onNew = (kind, shape) => {
    if (kind === "mask") change(masks([...(draft.masks[camera] || []), shape]));
    else if (kind === "zone") change({ zone: [...draft.zone, { name: free("zone", draft.zone), ...where, polygon: shape }] });
    else change({ line: [...draft.line, { name: free("line", draft.line), ...where, from: shape[0], to: shape[1] }] });
    setChosen({ kind, index: kind === "mask" ? (draft.masks[camera] || []).length : draft[kind].length });
  };
  const remove = () => {
    if (mine.kind === "mask") change(masks(draft.masks[camera].filter((_, n) => n !== mine.index)));
    else change({ [mine.kind]: draft[mine.kind].filter((_, n) => n !== mine.index) });
    setChosen(null);
  };
  const rename = (name) => change({
    [mine.kind]: list(mine.kind, mine.index, { ...draft[mine.kind][mine.index], name }),
    rule: draft.rule.map((r) => (r[mine.kind] === mine.name ? { ...r, [mine.kind]: name } : r)),
  });
  const send = (path, then) => post(path, { overlay: overlayOf(draft, setup), version: setup.version }).then(
    (answer) => { setProblems([]); then(answer); },
    (error) => { setProblems(error.problems || []); setSaid({ text: error.problems && error.problems.length ? t("ui-problems", { count: error.problems.length }) : error.message, good: false }); });
  const save = () => { setSaid({ text: t("ui-saving"), good: true }); send("/api/setup/save", (answer) => { setSaid({ text: t("ui-on-trial"), good: true }); setTrial(answer.version); }); };
  const rehearse = () => { setRehearsal(null); setSaid({ text: t("ui-rehearsing"), good: true }); send("/api/setup/rehearse", (answer) => { setRehearsal(answer); setSaid({ text: "", good: true }); }); };
  const scene = { zones: shapes.filter((s) => s.kind === "zone").map((s) => ({ name: s.name, polygon: s.points })),
    lines: shapes.filter((s) => s.kind === "line").map((s) => ({ name: s.name, from: s.points[0], to: s.points[1] })),
    masks: [...setup.masks[camera] || [], ...(draft.masks[camera] || [])] };
  const shownChoice = mine && { kind: mine.kind, index: mine.kind === "mask" ? (setup.masks[camera] || []).length + mine.index : shapes.filter((s) => s.kind === mine.kind).indexOf(mine) };
  const seen = live && live.cameras[camera];
  const maskBox = ([, , left, top, right, bottom]) => onNew("mask", [[left, top], [right, top], [right, bottom], [left, bottom]].map((p) => p.map((v) => Math.min(1, Math.max(0, v)))));
  const at = mine && (mine.kind === "mask" ? `camera[${cameras.indexOf(camera)}].masks[${(setup.masks[camera] || []).length + mine.index}]` : `${mine.kind}[${mine.index}]`);
  return html`
    <section class="card wide" aria-labelledby="drawing"><h2 id="drawing">${t("ui-zones-lines-masks")}</h2>
      ${cameras.length > 1 && html`<label class="row"><span>${t("ui-camera")}</span><select value=${camera} onChange=${(e) => { setCamera(e.target.value); setChosen(null); }}>${cameras.map((n) => html`<option value=${n}>${n}</option>`)}</select></label>`}
      <div class="row" role="toolbar" aria-label=${t("ui-draw")}>
        ${["zone", "line", "mask"].map((kind) => html`<button aria-pressed=${tool === kind} class=${tool === kind ? "main" : ""} onClick=${() => setTool(tool === kind ? null : kind)}>${t(`ui-draw-${kind}`)}</button>`)}
        <button onClick=${undo} disabled=${!changed}>${t("ui-undo")}</button></div>
      <${Editor} camera=${camera} scene=${scene} aspect=${seen && seen.aspect} picture=${me.picture} tracks=${seen ? seen.tracks : []} shapes=${shapes}
        chosen=${shownChoice ? { ...shownChoice, ...chosen } : null} onChoose=${setChosen} onShape=${onShape} onNew=${onNew} tool=${tool} onTool=${setTool} />
      <p class="soft">${tool ? t(tool === "line" ? "ui-draw-line-how" : "ui-draw-how") : t("ui-edit-how")}</p>
      ${seen && seen.tracks.length > 0 && html`<details><summary>${t("ui-mask-false-box")}</summary><div class="row">${seen.tracks.map((track) => html`<button onClick=${() => maskBox(track)}>${word("class", track[1])} ${track[0]}</button>`)}</div></details>`}
    </section>
    <section class="card narrow" aria-labelledby="shapes"><h2 id="shapes">${t("ui-shapes")}</h2>
      <ul class="plain">${shapes.map((s) => html`<li key=${s.kind + s.index}><button class="link" aria-pressed=${s === mine} onClick=${() => setChosen({ kind: s.kind, index: s.index })}>${s.kind === "mask" ? s.name : `${t(`ui-${s.kind}`)} ${s.name}`}</button></li>`)}</ul>
      <div class="row">${["zone", "line", "mask"].map((kind) => html`<button onClick=${() => onNew(kind, kind === "line" ? [SQUARE[0], SQUARE[2]] : SQUARE)}>+ ${t(`ui-${kind}`)}</button>`)}</div>
      ${mine && html`<h3>${mine.name}</h3><${Problems} problems=${problems} path=${at} />
        ${mine.kind !== "mask" && html`<label class="field"><span>${t("ui-name")}</span><input value=${mine.name} onInput=${(e) => rename(e.target.value)} /></label>`}
        <${Coordinates} shape=${mine} name=${mine.name} onShape=${(shape) => onShape(mine.kind, mine.index, shape)} />
        <button class="danger" onClick=${remove}>${t("ui-delete")}</button>`}
    </section>
    <section class="card" aria-labelledby="rules"><h2 id="rules">${t("ui-rules")}</h2>
      ${draft.rule.map((rule, n) => html`<${Rule} key=${n} rule=${rule} number=${n} setup=${setup} draft=${draft} problems=${problems}
        onRule=${(next) => change({ rule: list("rule", n, next) })} onDelete=${() => change({ rule: draft.rule.filter((_, k) => k !== n) })} />`)}
      <button onClick=${() => change({ rule: [...draft.rule, { name: free("rule", draft.rule), kind: "presence" }] })}>+ ${t("ui-new-rule")}</button>
    </section>
    <section class="card" aria-labelledby="save"><h2 id="save">${t("ui-save-title")}</h2>
      <${Problems} problems=${problems.filter((p) => !/^(zone|line|rule|camera|masks)\b/.test(p.path))} path="" />
      ${problems.length > 0 && html`<ul>${problems.map((p) => html`<li class="problem">${p.path}: ${p.problem}</li>`)}</ul>`}
      <div class="row"><button class="main" disabled=${!setup.saves || Boolean(trial) || problems.length > 0 || !changed} onClick=${save}>${t("ui-save")}</button>
        <button disabled=${!setup.rehearses} onClick=${rehearse}>${t("ui-rehearse")}</button>
        <button onClick=${() => change({ ...setup.file, masks: {} })}>${t("ui-back-to-file")}</button></div>
      ${!setup.rehearses && html`<p class="soft">${t("ui-no-trajectories")}</p>`}
      <p role="status" class=${said.good ? "good" : "problem"}>${said.text}</p>
      ${rehearsal && html`<${Rehearsed} result=${rehearsal} />`}
    </section>
    <section class="card" aria-labelledby="service"><h2 id="service">${t("ui-commission")}</h2><p><a href="#commission">${t("ui-commission-words")}</a></p></section>
    <${Tests} me=${me} live=${live} /><${Elsewhere} />`;
}
