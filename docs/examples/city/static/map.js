// Poles where they stand, drawn here: no tiles, nobody is asked.
import { html, useState } from "./vendor/preact.js";
import { t } from "./api.js";

const WIDTH = 1000, HEIGHT = 600, EDGE = 60;
const LEAST = 0.0005; // degrees: one pole alone is not the whole map

function placed(poles) {
  const found = poles.filter((p) => Number.isFinite(p.latitude) && Number.isFinite(p.longitude));
  if (!found.length) return [];
  const middle = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  const [latitudes, longitudes] = [found.map((p) => p.latitude), found.map((p) => p.longitude)];
  const [north, east] = [middle(latitudes), middle(longitudes)];
  const shrink = Math.cos((north * Math.PI) / 180); // a degree of longitude is shorter away from the equator
  const tall = Math.max(LEAST, Math.max(...latitudes) - Math.min(...latitudes));
  const wide = Math.max(LEAST, (Math.max(...longitudes) - Math.min(...longitudes)) * shrink);
  const scale = Math.min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / tall);
  return found.map((p) => ({ ...p, x: WIDTH / 2 + (p.longitude - east) * shrink * scale, y: HEIGHT / 2 - (p.latitude - north) * scale }));
}

export function CityMap({ live }) {
  const [chosen, setChosen] = useState(null);
  const poles = placed(live.poles);
  const alarms = new Set(live.cases.filter((c) => c.kind === "incident").map((c) => c.facts.source));
  const online = live.poles.filter((p) => p.presence === "online").length;
  const label = t("map-label", { online, all: live.poles.length });
  const one = live.poles.find((p) => p.source === chosen);
  return html`<section class="card" aria-labelledby="map"><h2 id="map">${label}</h2>
    ${!poles.length ? html`<p>${t("map-empty")}</p>` : html`
    <svg class="city" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label=${label}>
      ${poles.map((p) => html`<g class=${`pole ${p.presence} ${alarms.has(p.source) ? "alarm" : ""}`} key=${p.source} role="button" tabindex="0"
        aria-label=${`${p.name}: ${t(`presence-${p.presence}`)}`} onClick=${() => setChosen(p.source)} onKeyDown=${(e) => e.key === "Enter" && setChosen(p.source)}>
        ${p.level > 0 && html`<circle class="light" cx=${p.x} cy=${p.y} r=${10 + 20 * p.level} />`}
        <circle class="dot" cx=${p.x} cy=${p.y} r="9" /><text x=${p.x} y=${p.y + 45} text-anchor="middle">${poles.length <= 40 ? p.name : ""}</text></g>`)}
    </svg>`}
    ${one && html`<p role="status"><b>${one.name}</b> · ${one.source} · ${t(`presence-${one.presence}`)}</p>`}</section>`;
}
