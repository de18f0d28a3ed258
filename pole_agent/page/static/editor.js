// Drawing over the picture: with the mouse, a finger, or the keyboard. Shapes are lists of points in fractions.
import { html, useEffect, useRef, useState } from "./vendor/preact.js";
import { t } from "./api.js";
import { Scroll } from "./bits.js";
import { points, Stage, WIDE } from "./stage.js";

const NEAR = 16; // units of the stage: a click so near to a point or an edge means it
const SNAP = 10;
const PRESS_MS = 600; // a press so long deletes a point
const STEP = 0.005;
const LEAST = { zone: 3, mask: 3, line: 2 };

const inside = (value) => Math.min(1, Math.max(0, Math.round(value * 1000) / 1000));

function distance([ax, ay], [bx, by], high) {
  return Math.hypot((ax - bx) * WIDE, (ay - by) * high);
}

// Which edge of a closed shape is so near to a point? -1: none.
export function edgeAt(shape, point, high) {
  let best = [-1, NEAR];
  shape.forEach((a, n) => {
    const b = shape[(n + 1) % shape.length];
    const [dx, dy] = [(b[0] - a[0]) * WIDE, (b[1] - a[1]) * high];
    const along = ((point[0] - a[0]) * WIDE * dx + (point[1] - a[1]) * high * dy) / (dx * dx + dy * dy || 1);
    const part = Math.min(1, Math.max(0, along));
    const far = distance(point, [a[0] + (part * dx) / WIDE, a[1] + (part * dy) / high], high);
    if (far < best[1]) best = [n, far];
  });
  return best[0];
}

// To the border of the picture, and to the points of other shapes.
export function snapped(point, others, high) {
  for (const other of others) if (distance(point, other, high) < SNAP) return other;
  const to = (value, long) => (value * long < SNAP ? 0 : (1 - value) * long < SNAP ? 1 : value);
  return [to(point[0], WIDE), to(point[1], high)];
}

// `shapes`: [{kind, index, points}]; `onShape(kind, index, points)`; `onNew(kind, points)`.
export function Editor({ camera, scene, aspect, picture, tracks, shapes, chosen, onChoose, onShape, onNew, tool, onTool }) {
  const [making, setMaking] = useState([]);
  const drag = useRef(null);
  const high = WIDE / (aspect || 16 / 9);
  const mine = chosen && shapes.find((s) => s.kind === chosen.kind && s.index === chosen.index);
  useEffect(() => setMaking([]), [tool, camera]);
  const others = shapes.filter((s) => s !== mine).flatMap((s) => s.points);

  const place = (event) => {
    const area = event.currentTarget.closest("svg").getBoundingClientRect();
    return [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height].map(inside);
  };
  const finish = (shape) => {
    if (shape.length >= LEAST[tool]) { onNew(tool, shape); onTool(null); }
    setMaking([]);
  };
  const add = (point) => {
    if (making.length >= 3 && tool !== "line" && distance(point, making[0], high) < NEAR) return finish(making);
    const grown = [...making, snapped(point, others, high)];
    if (tool === "line" && grown.length === 2) return finish(grown);
    return setMaking(grown);
  };
  const remove = (n) => mine.points.length > LEAST[mine.kind] && onShape(mine.kind, mine.index, mine.points.filter((_, k) => k !== n));
  const move = (n, to) => onShape(mine.kind, mine.index, mine.points.map((p, k) => (k === n ? to.map(inside) : p)), drag.current !== null);

  const attributes = {
    tabindex: tool ? 0 : undefined,
    onClick: (event) => {
      if (tool) return add(place(event));
      const point = place(event);
      if (mine && mine.kind !== "line") {
        const edge = edgeAt(mine.points, point, high);
        if (edge >= 0) return onShape(mine.kind, mine.index, [...mine.points.slice(0, edge + 1), point, ...mine.points.slice(edge + 1)]);
      }
      const hit = shapes.find((s) => (s.kind === "line" ? edgeAt(s.points, point, high) >= 0 : contains(s.points, point)));
      return onChoose(hit ? { kind: hit.kind, index: hit.index } : null);
    },
    onKeyDown: (event) => {
      if (!tool) return;
      if (event.key === "Enter") finish(making);
      if (event.key === "Escape") { setMaking([]); onTool(null); }
    },
  };
  const grab = (n) => ({
    onPointerDown: (event) => {
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      const press = setTimeout(() => { drag.current = null; remove(n); }, PRESS_MS);
      drag.current = { n, press, moved: false };
    },
    onPointerMove: (event) => {
      if (!drag.current || drag.current.n !== n) return;
      clearTimeout(drag.current.press);
      const first = !drag.current.moved;
      drag.current.moved = true;
      const to = snapped(place(event), others, high);
      onShape(mine.kind, mine.index, mine.points.map((p, k) => (k === n ? to.map(inside) : p)), !first);
    },
    onPointerUp: () => { if (drag.current) clearTimeout(drag.current.press); drag.current = null; },
    onClick: (event) => event.stopPropagation(),
    onKeyDown: (event) => {
      const step = event.shiftKey ? STEP * 10 : STEP;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (by) { event.preventDefault(); move(n, [mine.points[n][0] + by[0], mine.points[n][1] + by[1]]); }
      if (event.key === "Delete" || event.key === "Backspace") { event.preventDefault(); remove(n); }
    },
  });
  return html`<${Stage} camera=${camera} scene=${scene} aspect=${aspect} picture=${picture} tracks=${tracks} chosen=${chosen} attributes=${attributes}>
    ${making.length > 0 && html`<polyline class="path" points=${points(making, high)} />
      ${making.map(([x, y], n) => html`<circle class="handle" cx=${x * WIDE} cy=${y * high} r=${n === 0 ? 10 : 6} />`)}`}
    ${!tool && mine && mine.points.map(([x, y], n) => html`<circle key=${n} class="handle" cx=${x * WIDE} cy=${y * high} r="11" tabindex="0" role="button"
      aria-label=${t("ui-point", { number: n + 1, x: x.toFixed(3), y: y.toFixed(3) })} ...${grab(n)} />`)}
  <//>`;
}

export function contains(shape, [x, y]) {
  let found = false;
  shape.forEach(([ax, ay], n) => {
    const [bx, by] = shape[(n + 1) % shape.length];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) found = !found;
  });
  return found;
}

// The same without a mouse: each point a row, with numbers.
export function Coordinates({ shape, onShape, name }) {
  const least = LEAST[shape.kind];
  const set = (n, k, value) => onShape(shape.points.map((p, m) => (m === n ? p.map((old, j) => (j === k ? inside(value) : old)) : p)));
  const insert = (n) => {
    const [a, b] = [shape.points[n], shape.points[(n + 1) % shape.points.length]];
    onShape([...shape.points.slice(0, n + 1), [inside((a[0] + b[0]) / 2), inside((a[1] + b[1]) / 2)], ...shape.points.slice(n + 1)]);
  };
  return html`<${Scroll} label=${t("ui-points-of", { name })}><table><caption class="hidden">${t("ui-points-of", { name })}</caption>
    <thead><tr><th scope="col">${t("ui-point-short")}</th><th scope="col">x</th><th scope="col">y</th><th scope="col"><span class="hidden">${t("ui-actions")}</span></th></tr></thead>
    <tbody>${shape.points.map((p, n) => html`<tr key=${n}><th scope="row">${n + 1}</th>
      ${[0, 1].map((k) => html`<td><input type="number" step="0.01" min="0" max="1" value=${p[k]} aria-label=${t("ui-coordinate", { number: n + 1, axis: "xy"[k] })}
        onInput=${(e) => e.target.value !== "" && set(n, k, Number(e.target.value))} /></td>`)}
      <td>${shape.kind !== "line" && html`<button type="button" onClick=${() => insert(n)} aria-label=${t("ui-insert-after", { number: n + 1 })}>+</button>
        <button type="button" disabled=${shape.points.length <= least} onClick=${() => onShape(shape.points.filter((_, m) => m !== n))} aria-label=${t("ui-delete-point", { number: n + 1 })}>−</button>`}</td></tr>`)}</tbody></table><//>`;
}
