// Charts as SVG. Each has its numbers as a table beneath it, for who cannot see them.
import { html } from "./vendor/preact.js";
import { clock, percent, t } from "./api.js";
import { Scroll } from "./bits.js";

const HOUR_MS = 3600000;
const [W, H, LEFT, BASE] = [900, 240, 46, 200];

// `planned`: [{from, to, level}], `happened`: [{at, level, ended}]; times as text.
export function NightChart({ night }) {
  // From an hour before sunset to an hour after sunrise; where the sun does neither, from noon to noon
  const start = Math.min(Date.parse(night.sun.sunset ?? night.from) - HOUR_MS, Date.parse(night.now) - HOUR_MS);
  const end = Math.max(Date.parse(night.sun.sunrise ?? night.to) + HOUR_MS, start + HOUR_MS);
  const x = (at) => LEFT + ((at - start) / (end - start)) * (W - LEFT);
  const y = (level) => BASE - level * (BASE - 20);
  const within = (text) => x(Math.min(end, Math.max(start, Date.parse(text))));
  const plan = night.planned.map((s, n) => `${n ? "L" : "M"}${within(s.from)} ${y(s.level)}H${within(s.to)}`).join("");
  const now = Math.min(end, Date.parse(night.now));
  const areas = night.happened.map((change, n) => {
    const from = Math.max(start, Date.parse(change.at));
    const to = n + 1 < night.happened.length ? Date.parse(night.happened[n + 1].at) : now;
    return change.level === null || change.ended || to <= from ? null
      : html`<rect class="happened" x=${x(from)} width=${x(to) - x(from)} y=${y(change.level)} height=${BASE - y(change.level)} />`;
  });
  const hours = [];
  for (let at = Math.ceil(start / HOUR_MS) * HOUR_MS; at < end; at += 2 * HOUR_MS) hours.push(at);
  return html`<svg class="chart" viewBox="0 0 ${W} ${H}" role="img" aria-label=${t("ui-night-chart", { evening: night.evening })}>
    ${[0, 0.25, 0.5, 0.75, 1].map((level) => html`<line class="axis" x1=${LEFT} x2=${W} y1=${y(level)} y2=${y(level)} />
      <text x=${LEFT - 6} y=${y(level) + 5} text-anchor="end">${level * 100}</text>`)}
    ${areas}
    <path class="planned" d=${plan} />
    <line class="now" x1=${x(now)} x2=${x(now)} y1="10" y2=${BASE} />
    ${hours.map((at) => html`<text x=${x(at)} y=${BASE + 22} text-anchor="middle">${clock(at)}</text>`)}
  </svg>
  <p class="soft">${t("ui-night-legend")}</p>
  <details><summary>${t("ui-as-table")}</summary><${Scroll} label=${t("ui-as-table")}><table>
    <caption class="hidden">${t("ui-night-chart", { evening: night.evening })}</caption>
    <thead><tr><th scope="col">${t("ui-from")}</th><th scope="col">${t("ui-to")}</th><th scope="col">${t("ui-planned")}</th></tr></thead>
    <tbody>${night.planned.map((s) => html`<tr><td>${clock(s.from)}</td><td>${clock(s.to)}</td><td>${percent(s.level)}</td></tr>`)}</tbody>
  </table><//></details>`;
}

// `bars`: [{label, value}], oldest first.
export function Bars({ bars, title }) {
  const most = Math.max(1, ...bars.map((b) => b.value));
  const wide = (W - LEFT) / Math.max(1, bars.length);
  const every = Math.ceil(bars.length / 8);
  return html`<svg class="chart" viewBox="0 0 ${W} ${H}" role="img" aria-label=${title}>
    ${[0, 0.5, 1].map((part) => html`<line class="axis" x1=${LEFT} x2=${W} y1=${BASE - part * 180} y2=${BASE - part * 180} />
      <text x=${LEFT - 6} y=${BASE - part * 180 + 5} text-anchor="end">${Math.round(part * most)}</text>`)}
    ${bars.map((bar, n) => html`<rect class="bar" x=${LEFT + n * wide + 1} width=${Math.max(1, wide - 2)} y=${BASE - (bar.value / most) * 180} height=${(bar.value / most) * 180} />
      ${n % every === 0 && html`<text x=${LEFT + (n + 0.5) * wide} y=${BASE + 22} text-anchor="middle">${bar.label}</text>`}`)}
  </svg>
  <details><summary>${t("ui-as-table")}</summary><${Scroll} label=${title}><table>
    <caption class="hidden">${title}</caption>
    <tbody>${bars.map((bar) => html`<tr><th scope="row">${bar.label}</th><td>${bar.value}</td></tr>`)}</tbody>
  </table><//></details>`;
}

// Places are [latitude, longitude]; drawn in metres around the pole.
export function FlightMap({ pole, target, radius, geofence, exclusions }) {
  const metres = ([lat, lon]) => [
    (lon - pole[1]) * 111320 * Math.cos((pole[0] * Math.PI) / 180), -(lat - pole[0]) * 110540];
  const fence = (geofence || []).map(metres);
  const all = [[0, 0], ...(target ? [metres(target)] : []), ...fence];
  const reach = Math.max(60, radius || 0, ...all.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)))) * 1.15;
  const text = (ring) => ring.map((p) => p.join(",")).join(" ");
  const [tx, ty] = target ? metres(target) : [0, 0];
  const step = 10 ** Math.floor(Math.log10(reach));
  return html`<svg class="chart" viewBox="${-reach} ${-reach} ${2 * reach} ${2 * reach}" role="img" aria-label=${t("ui-map")}>
    ${fence.length > 0 && html`<polygon class="fence" points=${text(fence)} vector-effect="non-scaling-stroke" />`}
    ${(exclusions || []).map((ring) => html`<polygon class="excluded" points=${text(ring.map(metres))} />`)}
    ${target && html`<circle cx=${tx} cy=${ty} r=${radius || 10} fill="none" stroke="currentColor" stroke-dasharray="6 4" vector-effect="non-scaling-stroke" />
      <circle cx=${tx} cy=${ty} r=${reach / 60} fill="currentColor" />`}
    <path d="M0 ${-reach / 25}L${reach / 40} ${reach / 40}H${-reach / 40}Z" fill="currentColor" />
    <line x1=${-reach * 0.9} x2=${-reach * 0.9 + step} y1=${reach * 0.9} y2=${reach * 0.9} stroke="currentColor" vector-effect="non-scaling-stroke" />
    <text x=${-reach * 0.9} y=${reach * 0.87} style=${{ fontSize: `${reach / 14}px` }}>${step} m</text>
    <text x=${reach * 0.8} y=${-reach * 0.85} style=${{ fontSize: `${reach / 12}px` }}>${t("ui-north")} ↑</text>
  </svg>`;
}
