// The rules as forms: one fieldset each, with what is wrong of a field beside it.
import { html } from "./vendor/preact.js";
import { t, word } from "./api.js";

// The problems of a path and of what lies beneath it; `own` leaves out what another field shows.
export function Problems({ problems, path, except = [] }) {
  const beneath = (p) => p.path === path || p.path.startsWith(`${path}.`) || p.path.startsWith(`${path}[`);
  const found = problems.filter((p) => beneath(p) && !except.some((key) => p.path.startsWith(`${path}.${key}`)));
  return found.map((p) => html`<p class="problem" role="alert">${p.problem}</p>`);
}

function Field({ label, name, at, problems, children }) {
  return html`<label class="field"><span>${label}</span>${children}<${Problems} problems=${problems} path=${`${at}.${name}`} /></label>`;
}

const SHOWN = ["name", "kind", "zone", "line", "classes", "dwell_s", "count", "direction", "active", "severity", "max_alarms_per_h", "notify"];

export function Rule({ rule, number, setup, draft, problems, onRule, onDelete }) {
  const at = `rule[${number}]`;
  const kind = setup.kinds[rule.kind] || {};
  const set = (key, value) => {
    const next = { ...rule, [key]: value };
    if (value === "" || value === null || (Array.isArray(value) && !value.length)) delete next[key];
    if (key === "kind") {
      // The default times and counts of another kind are others
      for (const other of ["dwell_s", "count", "announce", ...(setup.kinds[value].on_line ? ["zone"] : ["line", "direction"])]) delete next[other];
    }
    if (key === "severity") delete next.announce;
    onRule(next);
  };
  const number_ = (key) => (e) => set(key, e.target.value === "" ? null : Number(e.target.value));
  const places = kind.on_line ? draft.line : draft.zone;
  const place = kind.on_line ? "line" : "zone";
  const classes = rule.classes || ["person"];
  const toggle = (label) => set("classes", classes.includes(label) ? classes.filter((c) => c !== label) : [...classes, label]);
  const field = (name, label, input) => html`<${Field} label=${label} name=${name} at=${at} problems=${problems}>${input}<//>`;
  return html`<fieldset><legend>${rule.name || t("ui-new-rule")}</legend>
    <${Problems} problems=${problems} path=${at} except=${SHOWN} />
    <div class="fields">
      ${field("name", t("ui-name"), html`<input value=${rule.name} onInput=${(e) => onRule({ ...rule, name: e.target.value })} />`)}
      ${field("kind", t("ui-kind"), html`<select value=${rule.kind} onChange=${(e) => set("kind", e.target.value)}>${Object.keys(setup.kinds).map((k) => html`<option value=${k}>${word("kind", k)}</option>`)}</select>`)}
      ${field(place, kind.on_line ? t("ui-line") : t("ui-zone"), html`<select value=${rule[place] || ""} onChange=${(e) => set(place, e.target.value)}>
        <option value="">${kind.on_line ? "–" : t("ui-whole-picture")}</option>${places.map((z) => html`<option value=${z.name}>${z.name}</option>`)}</select>`)}
      ${kind.on_line && field("direction", t("ui-direction"), html`<select value=${rule.direction || "any"} onChange=${(e) => set("direction", e.target.value)}>
        ${["any", "forward", "backward"].map((d) => html`<option value=${d}>${t(`ui-direction-${d}`)}</option>`)}</select>`)}
      ${!kind.on_line && field("dwell_s", t("ui-dwell"), html`<input type="number" min="0" value=${rule.dwell_s ?? ""} onInput=${number_("dwell_s")} />`)}
      ${rule.kind === "crowd" && field("count", t("ui-count"), html`<input type="number" min="1" value=${rule.count ?? ""} onInput=${number_("count")} />`)}
      ${field("active", t("ui-active"), html`<input value=${rule.active || "always"} onInput=${(e) => set("active", e.target.value)} />`)}
      ${field("severity", t("ui-severity"), html`<select value=${rule.severity || "info"} onChange=${(e) => set("severity", e.target.value)}>${setup.severities.map((s) => html`<option value=${s}>${word("severity", s)}</option>`)}</select>`)}
      ${rule.severity === "alarm" && field("max_alarms_per_h", t("ui-most-an-hour"), html`<input type="number" min="1" value=${rule.max_alarms_per_h ?? 6} onInput=${number_("max_alarms_per_h")} />`)}
      ${field("notify", t("ui-notify"), html`<input value=${(rule.notify || []).join(", ")} onChange=${(e) => set("notify", e.target.value.split(",").map((w) => w.trim()).filter(Boolean))} />`)}
    </div>
    <div class="row" role="group" aria-label=${t("ui-classes")}>${setup.labels.map((label) => html`<label class="row">
      <input type="checkbox" checked=${classes.includes(label)} onChange=${() => toggle(label)} /> ${word("class", label)}</label>`)}</div>
    <${Problems} problems=${problems} path=${`${at}.classes`} />
    <div class="row">
      <label class="row"><input type="checkbox" checked=${Boolean(rule.lamp)} onChange=${(e) => set("lamp", e.target.checked ? { level: 1, hold_s: 30 } : null)} /> ${t("ui-raises-lamp")}</label>
      ${rule.lamp && html`<label class="row">${t("ui-for-seconds")} <input type="number" min="0" max="3600" value=${rule.lamp.hold_s ?? 30} onInput=${(e) => set("lamp", { ...rule.lamp, hold_s: Number(e.target.value) })} /></label>`}
      <label class="row"><input type="checkbox" checked=${Boolean(rule.drone)} onChange=${(e) => set("drone", e.target.checked || null)} /> ${t("ui-asks-for-drone")}</label>
      <span class="grow"></span><button type="button" class="danger" onClick=${onDelete}>${t("ui-delete-rule")}</button>
    </div></fieldset>`;
}
