// The path into service: one step after the other, on a phone beside the pole.
import { html, useEffect, useState } from "./vendor/preact.js";
import { get, post, t, word } from "./api.js";
import { Stage } from "./stage.js";

const MARKS = { left: ["○", "soft"], asked: ["?", "warn"], ok: ["✓", "good"], warn: ["▲", "warn"], fail: ["✗", "bad"] };

function Mark({ state }) {
  const [mark, kind] = MARKS[state] || ["·", "soft"];
  return html`<span class=${`mark ${kind}`}>${mark} ${word("ui-step", state)}</span>`;
}

function Questions({ step, onAnswer, busy }) {
  const [answers, setAnswers] = useState({});
  const whole = step.questions.every((q) => answers[q.key]);
  const send = (event) => { event.preventDefault(); onAnswer(answers); };
  return html`<form onSubmit=${send}>${step.questions.map((q) => html`<fieldset key=${q.key}><legend>${q.text}</legend>
    ${q.choices && q.choices.length ? html`<div class="row">${q.choices.map((choice) => html`<label class="row"><input type="radio" name=${q.key}
        checked=${answers[q.key] === choice} onChange=${() => setAnswers({ ...answers, [q.key]: choice })} /> ${word("choice", choice)}</label>`)}</div>`
      : html`<label class="field"><span class="hidden">${q.text}</span><input value=${answers[q.key] || ""} onInput=${(e) => setAnswers({ ...answers, [q.key]: e.target.value })} /></label>`}
  </fieldset>`)}<button class="main" disabled=${!whole || busy}>${t("ui-answer-these")}</button></form>`;
}

function Sight({ me, live, name }) {
  const camera = name.split(":")[1]?.split("/")[0];
  if (!camera || !me.pole.cameras[camera]) return null;
  const seen = live && live.cameras[camera];
  return html`<${Stage} camera=${camera} scene=${me.pole.cameras[camera]} aspect=${seen && seen.aspect} picture=${me.picture} tracks=${seen ? seen.tracks : []} />`;
}

export function Commission({ me, live }) {
  const [steps, setSteps] = useState(null);
  const [chosen, setChosen] = useState(null);
  const [step, setStep] = useState(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState({ text: "", good: true });
  const [by, setBy] = useState(me.name);
  const [despite, setDespite] = useState("");
  const [signed, setSigned] = useState(null);
  const failed = (error) => { setBusy(false); setSaid({ text: error.message, good: false }); };
  const load = () => get("/api/commission").then((found) => setSteps(found.steps), failed);
  useEffect(() => { if (me.rights.includes("setup")) load(); }, []);
  if (!me.rights.includes("setup")) return html`<section class="card"><p>${t("ui-no-right")}</p></section>`;
  const run = (name, answers = {}) => {
    setBusy(true);
    setSaid({ text: name.startsWith("walk:") ? t("ui-walk-now") : t("ui-looking"), good: true });
    post("/api/commission/step", { step: name, answers }).then((found) => { setStep(found); setBusy(false); setSaid({ text: "", good: true }); load(); }, failed);
  };
  const choose = (name) => { setChosen(name); setStep(null); setSaid({ text: "", good: true }); };
  const open = steps && steps.filter((s) => !["ok", "warn"].includes(s.state));
  const sign = (event) => { event.preventDefault(); post("/api/commission/sign-off", { by, despite }).then((found) => { setSigned(found); load(); }, failed); };
  return html`
    <section class="card narrow" aria-labelledby="path"><h2 id="path">${t("ui-commission")}</h2>
      <p>${t("ui-commission-words")}</p>
      ${!steps && html`<p class=${said.good ? "" : "problem"} role="status">${said.text || "…"}</p>`}
      ${steps && html`<ol>${steps.map((s) => html`<li key=${s.step}><button class="link" aria-pressed=${s.step === chosen} onClick=${() => choose(s.step)}>${s.title}</button> <${Mark} state=${s.state} /></li>`)}</ol>`}
    </section>
    ${chosen && steps && html`<section class="card wide" aria-labelledby="step"><h2 id="step">${steps.find((s) => s.step === chosen).title}</h2>
      <${Sight} me=${me} live=${live} name=${chosen} />
      <p>${(step || steps.find((s) => s.step === chosen)).words}</p>
      <div class="row"><button class="main" disabled=${busy} onClick=${() => run(chosen)}>${t("ui-do-step")}</button></div>
      ${step && step.questions && step.questions.length > 0 && html`<${Questions} step=${step} busy=${busy} onAnswer=${(answers) => run(chosen, answers)} key=${chosen} />`}
      ${step && html`<p><${Mark} state=${step.state} /></p>`}
      <p role="status" class=${said.good ? "" : "problem"}>${said.text}</p></section>`}
    ${steps && html`<section class="card" aria-labelledby="off"><h2 id="off">${t("ui-sign-off")}</h2>
      <p>${open.length ? t("ui-steps-open", { count: open.length }) : t("ui-steps-done")}</p>
      <form onSubmit=${sign} class="fields"><label class="field"><span>${t("ui-signed-by")}</span><input required value=${by} onInput=${(e) => setBy(e.target.value)} /></label>
        <label class="field"><span>${t("ui-despite")}</span><input value=${despite} onInput=${(e) => setDespite(e.target.value)} /></label>
        <button class="main">${t("ui-sign-off")}</button></form>
      ${signed && html`<p class="good" role="status">${t("ui-signed-off")} <a href="/api/commission/report">${t("ui-report")}</a></p>`}
      ${!chosen && html`<p role="status" class=${said.good ? "" : "problem"}>${said.text}</p>`}
    </section>`}`;
}
