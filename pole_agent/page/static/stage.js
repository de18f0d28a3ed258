// The stage: the picture where there is one, and over it zones, lines, masks, boxes and trails.
import { html, useEffect, useRef } from "./vendor/preact.js";
import { t, word } from "./api.js";

export const WIDE = 1000; // units across
const PAUSE_MS = 250;

export const points = (polygon, high) => polygon.map(([x, y]) => `${x * WIDE},${y * high}`).join(" ");
const middle = (polygon) => [0, 1].map((k) => polygon.reduce((sum, p) => sum + p[k], 0) / polygon.length);

function Picture({ camera, onLost }) {
  const canvas = useRef(null);
  useEffect(() => {
    let going = true;
    let number = 0;
    const leaving = new AbortController();
    const follow = async () => {
      while (going) {
        try {
          const response = await fetch(`/api/picture/${camera}?after=${number}`, { signal: leaving.signal, cache: "no-store" });
          if (response.status === 200) {
            number = Number(response.headers.get("X-Number"));
            const image = await createImageBitmap(await response.blob());
            const shown = canvas.current;
            if (!shown) return;
            shown.width = image.width;
            shown.height = image.height;
            shown.getContext("2d").drawImage(image, 0, 0);
            image.close();
            onLost(false);
          } else if (response.status !== 204) {
            number = 0;
            onLost(true);
            await new Promise((done) => setTimeout(done, 1000));
          }
        } catch {
          if (!going) return;
          number = 0;
          onLost(true);
          await new Promise((done) => setTimeout(done, 1000));
        }
        await new Promise((done) => setTimeout(done, document.hidden ? 2000 : PAUSE_MS));
      }
    };
    follow();
    return () => { going = false; leaving.abort(); };
  }, [camera]);
  return html`<canvas ref=${canvas} role="img" aria-label=${t("ui-picture-of", { camera })}></canvas>`;
}

export function Drawn({ scene, high, chosen }) {
  const mark = (kind, index) => (chosen && chosen.kind === kind && chosen.index === index ? " chosen" : "");
  return html`
    ${scene.masks.map((polygon, n) => html`<polygon class=${"mask" + mark("mask", n)} points=${points(polygon, high)} />`)}
    ${scene.zones.map((zone, n) => html`<g>
      <polygon class=${"zone" + mark("zone", n)} points=${points(zone.polygon, high)} />
      <text x=${middle(zone.polygon)[0] * WIDE} y=${middle(zone.polygon)[1] * high} text-anchor="middle">${zone.name}</text></g>`)}
    ${scene.lines.map((line, n) => html`<g>
      <line class=${"crossline" + mark("line", n)} x1=${line.from[0] * WIDE} y1=${line.from[1] * high} x2=${line.to[0] * WIDE} y2=${line.to[1] * high} />
      ${arrow(line, high)}
      <text x=${line.from[0] * WIDE} y=${line.from[1] * high - 8}>${line.name}</text></g>`)}`;
}

// "forward" crosses towards the right hand of one who looks from `from` to `to`.
function arrow(line, high) {
  const [ax, ay, bx, by] = [line.from[0] * WIDE, line.from[1] * high, line.to[0] * WIDE, line.to[1] * high];
  const long = Math.hypot(bx - ax, by - ay) || 1;
  const [x, y] = [(ax + bx) / 2, (ay + by) / 2];
  const [rx, ry] = [(-(by - ay) / long) * 40, ((bx - ax) / long) * 40];
  return html`<line class="crossline" x1=${x} y1=${y} x2=${x + rx} y2=${y + ry} /><circle class="crossline" cx=${x + rx} cy=${y + ry} r="5" />`;
}

function Boxes({ tracks, trails, high }) {
  return tracks.map(([id, label, left, top, right, bottom, score, seen]) => html`<g key=${id}>
    <polyline class="trail" points=${points(trails[id] || [], high)} />
    <rect class=${seen ? "box" : "box guessed"} x=${left * WIDE} y=${top * high} width=${(right - left) * WIDE} height=${(bottom - top) * high} />
    <text x=${left * WIDE} y=${Math.max(18, top * high - 6)}>${word("class", label)} ${id}</text></g>`);
}

// `children` are drawn last, in the units of the stage.
export function Stage({ camera, scene, aspect, picture, tracks = [], trails = {}, path, chosen, onLost = () => {}, attributes = {}, children }) {
  const high = WIDE / (aspect || 16 / 9);
  return html`<div class="stage" style=${{ aspectRatio: String(aspect || 16 / 9) }}>
    ${picture && html`<${Picture} camera=${camera} onLost=${onLost} key=${camera} />`}
    <svg viewBox="0 0 ${WIDE} ${high}" preserveAspectRatio="none" ...${attributes}>
      <title>${t("ui-stage-of", { camera })}</title>
      <${Drawn} scene=${scene} high=${high} chosen=${chosen} />
      <${Boxes} tracks=${tracks} trails=${trails} high=${high} />
      ${path && html`<polyline class="path" points=${points(path, high)} />`}
      ${children}
    </svg>
  </div>`;
}
